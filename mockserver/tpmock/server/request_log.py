"""A line for each request and response, as it happens, for users of ``tpmock up`` in a terminal."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from queue import Full, Queue
from typing import Any, Final, Literal, TextIO

from tpmock.common import terminal
from tpmock.common.moments import iso_milliseconds
from tpmock.journal.journal import Entry
from tpmock.sandbox.sandbox import DEFAULT, Sandbox

Format = Literal["text", "json"]

#: Maximum number of lines that wait for a stopped reader, such as a suspended terminal.
WAITING: Final = 1_000
#: Maximum length of an address or a hint in a line.
LONGEST: Final = 500
_ARROWS: Final = {"in": "<-", "out": "->", "note": "--"}
#: Fields that a line does not show.
_NOTHING: Final[dict[str, Any]] = {
    **dict.fromkeys(("request_headers", "response_headers"), ""),
    **dict.fromkeys(("request_body", "response_body"), b""),
}


class RequestLog:
    """Writes lines in a separate thread, so that a stopped reader stops no request.

    :param out: the output stream
    :param style: text for people, or JSON for programs
    :param colored: whether text has colors
    """

    def __init__(self, out: TextIO, style: Format, *, colored: bool) -> None:
        self._out = out
        self._line: Callable[[Sandbox, Entry, str | None], str] = _json if style == "json" else _Text(colored=colored)
        self._queue: Queue[str | None] = Queue(WAITING)
        self._lost = 0
        self._thread = threading.Thread(target=self._write, name="request-log", daemon=True)
        self._thread.start()

    def note(self, sandbox: Sandbox, entry: Entry) -> None:
        """Queue an entry of a journal for writing. Called under the sandbox's lock."""
        # Lines are queued, not entries: bodies would use memory outside the budget, and stay after an erasure.
        text = sandbox.journal.masks.text
        url, hint = text(entry.url)[:LONGEST], entry.hint and text(entry.hint)[:LONGEST]
        shown = replace(entry, url=url, hint=hint, **_NOTHING)
        trace = sandbox.traces.get(entry.trace) if entry.trace else None
        keys = [] if trace is None else trace.keys
        order = next((key.partition(":")[2] for key in keys if key.startswith("orderId:")), None)
        try:
            self._queue.put_nowait(self._line(sandbox, shown, order))
        except Full:
            self._lost += 1

    def close(self) -> None:
        """Write the queued lines, for a second at most."""
        try:
            self._queue.put(None, timeout=1)
        except Full:
            return
        self._thread.join(1)

    def _write(self) -> None:
        while (line := self._queue.get()) is not None:
            lost, self._lost = self._lost, 0
            line += f"\n{lost} lines were not written, because the output was not read." if lost else ""
            try:
                self._out.write(f"{line}\n")
                self._out.flush()
            except (OSError, ValueError):
                # The terminal is closed. The mock continues; its journal has everything.
                return


class _Text:
    def __init__(self, *, colored: bool) -> None:
        self._colored = colored

    def __call__(self, sandbox: Sandbox, shown: Entry, order: str | None) -> str:
        status = str(shown.status) if shown.status is not None else shown.error or "no answer"
        parts = [
            (terminal.FAINT, iso_milliseconds(shown.at)[11:19]),
            (None, _ARROWS[shown.direction]),
            (None, f"{shown.method:<6} {_path(shown)}" if shown.method else None),
            (terminal.of_status(shown.status), status if shown.method else None),
            (None, order and f"order {order}"),
            (None, None if sandbox.id == DEFAULT else f"[{sandbox.id}]"),
            (terminal.MAGENTA, shown.effect and f"fault {shown.fault}: {shown.effect}"),
            (terminal.YELLOW, shown.hint),
        ]
        return " ".join(
            terminal.painted(terminal.printable(text), color if self._colored else None)
            for color, text in parts
            if text
        )


def _json(sandbox: Sandbox, shown: Entry, order: str | None) -> str:
    document: dict[str, Any] = shown.document()
    del document["request"], document["response"]
    return json.dumps({"sandbox": sandbox.id, "order": order, **document})


def _path(entry: Entry) -> str:
    """Return the name of a request: the path of an inbound one, the address of an outbound one."""
    return entry.url if entry.direction == "out" else "/" + entry.url.partition("://")[2].partition("/")[2]
