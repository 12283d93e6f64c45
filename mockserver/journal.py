"""Every exchange in and out of a sandbox, in a ring of stated size.

What is written here has its secrets masked where they belong; what is shown, wherever else they may stand too.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from mockserver.clock import iso_milliseconds
from mockserver.forgetting import Eraser
from mockserver.masking import Masks
from mockserver.traces import LONGEST_TEXT, Join, Traces

#: How many entries a sandbox's journal has room for, unless it was made with another number.
RING: Final = 10_000
#: However large single bodies are, a sandbox's journal holds no more than this.
RING_BYTES: Final = 32 * 1024 * 1024


# Not frozen, as each call makes one, and a frozen one takes three times as long to make.
@dataclass(slots=True)
class Entry:
    """One exchange. ``status`` is None when no answer came; ``error`` then says why.

    It never changes; where a person has to be forgotten, another stands in its place. Headers are kept as one text, a
    line each: as many small strings they would weigh several times more.

    :param trace: the one trace it belongs to; None when that is none, or several, as with a batch of events
    :param join: why it belongs to that trace
    :param effect: what a fault did to it
    """

    id: int
    at: float
    direction: Literal["in", "out", "note"]
    api: str
    operation: str | None
    method: str
    url: str
    status: int | None
    evidence: str | None
    hint: str | None
    trace: str | None
    fault: int | None
    error: str | None
    milliseconds: float
    request_headers: str
    request_body: bytes
    response_headers: str
    response_body: bytes
    join: Join | None = None
    effect: str | None = None

    @property
    def weight(self) -> int:
        """Bytes of the two bodies."""
        return len(self.request_body) + len(self.response_body)

    def note_in(self, traces: Traces, trace: str | None, join: Join, path: str, number: int, at: float) -> None:
        """Make it a step of a trace.

        :param path: of the URL, without the query; of what went out the whole address
        :param number: the step's, taken when the exchange began, as was ``at``
        """
        hint = self.hint and self.hint[:LONGEST_TEXT]
        facts = (self.operation, self.method, path[:LONGEST_TEXT], self.status, self.error, hint)
        traces.note_exchange(trace, "call" if self.direction == "in" else "post", join, self.id, number, at, facts)

    def texts(self) -> tuple[str, ...]:
        """All that callers have said in it, and what was said to them."""
        bodies = (self.request_body.decode("utf-8", "replace"), self.response_body.decode("utf-8", "replace"))
        return (self.url, self.hint or "", self.error or "", self.request_headers, self.response_headers, *bodies)

    @property
    def said(self) -> Any:
        """The body of the request, as JSON where it is that."""
        return _readable(self.request_body)

    def without(self, eraser: Eraser) -> Entry:
        """The same exchange, a person taken out of it."""
        return replace(
            self,
            url=eraser.url(self.url),
            hint=self.hint and eraser.text(self.hint),
            error=self.error and eraser.text(self.error),
            request_headers=eraser.text(self.request_headers),
            request_body=eraser.content(self.request_body),
            response_headers=eraser.text(self.response_headers),
            response_body=eraser.content(self.response_body),
        )

    def document(self) -> dict[str, Any]:
        """The entry as the control API shows it; bodies as JSON where they are JSON, else as text."""
        return {
            "id": self.id,
            "at": iso_milliseconds(self.at),
            "direction": self.direction,
            "api": self.api,
            "operation": self.operation,
            "method": self.method,
            "url": self.url,
            "status": self.status,
            "evidence": self.evidence,
            "hint": self.hint,
            "trace": self.trace,
            "join": self.join,
            "fault": self.fault,
            "effect": self.effect,
            "error": self.error,
            "milliseconds": round(self.milliseconds, 3),
            "request": {"headers": dict(header_lines(self.request_headers)), "body": _readable(self.request_body)},
            "response": {"headers": dict(header_lines(self.response_headers)), "body": _readable(self.response_body)},
        }


@dataclass(slots=True, kw_only=True)
class JournalState:
    """A journal as it is kept.

    :param last: the last id given
    """

    ring: int = RING
    last: int = 0
    entries: list[Entry] = field(default_factory=list)


class Journal:
    """The ring of a sandbox. Used under the sandbox's lock.

    :param masks: what hides the sandbox's secrets; whoever writes here uses it, and so does :meth:`shown`
    :param ring: how many entries are kept
    :param state: those that were kept; ``ring`` is then what it was
    """

    __slots__ = ("_entries", "_last_id", "_weight", "masks", "ring")

    def __init__(self, masks: Masks, ring: int = RING, state: JournalState | None = None) -> None:
        kept = JournalState(ring=ring) if state is None else state
        self.masks = masks
        self.ring = kept.ring
        self._entries: deque[Entry] = deque(kept.entries)
        self._last_id = kept.last
        self._weight = sum(entry.weight for entry in kept.entries)

    def state(self, *, entries: bool = True) -> JournalState:
        """Everything, as plain records; or its size and last id alone, so that ids go on rising."""
        return JournalState(
            ring=self.ring, last=self._last_id, entries=[self.shown(one) for one in self._entries] if entries else []
        )

    def next_id(self) -> int:
        """The id of the entry that is about to be written; ids only ever rise."""
        self._last_id += 1
        return self._last_id

    def write(self, entry: Entry) -> None:
        """Keep ``entry``; the oldest go when there are too many or they weigh too much."""
        self._entries.append(entry)
        self._weight += entry.weight
        while len(self._entries) > self.ring or (self._weight > RING_BYTES and len(self._entries) > 1):
            self._weight -= self._entries.popleft().weight

    def remark(self, at: float, sentence: str) -> None:
        """Note something that is no exchange but that whoever reads them should know."""
        self.write(
            Entry(
                id=self.next_id(),
                at=at,
                direction="note",
                api="control",
                operation=None,
                method="",
                url="",
                status=None,
                evidence=None,
                hint=sentence,
                trace=None,
                fault=None,
                error=None,
                milliseconds=0.0,
                request_headers="",
                request_body=b"",
                response_headers="",
                response_body=b"",
            )
        )

    def clear(self) -> None:
        """Forget all entries; ids go on rising."""
        self._entries.clear()
        self._weight = 0

    def about(self, eraser: Eraser) -> list[Entry]:
        """Those that name a person."""
        return [entry for entry in self._entries if eraser.about(*entry.texts())]

    def erase(self, eraser: Eraser, traces: Collection[str]) -> None:
        """Let nobody find a person any more, in entries that name them or belong to certain traces."""
        self._entries = deque(
            entry.without(eraser) if entry.trace in traces or eraser.about(*entry.texts()) else entry
            for entry in self._entries
        )
        self._weight = sum(entry.weight for entry in self._entries)

    def entries(self, since: int = 0) -> list[Entry]:
        """Those with a greater id than ``since``, oldest first, to look through; show none but by :meth:`shown`."""
        return [entry for entry in self._entries if entry.id > since]

    def shown(self, entry: Entry) -> Entry:
        """``entry`` as it may leave the program: without the sandbox's secrets, wherever they stand."""
        text, content = self.masks.text, self.masks.content
        return replace(
            entry,
            url=text(entry.url),
            hint=entry.hint and text(entry.hint),
            request_headers=text(entry.request_headers),
            request_body=content(entry.request_body),
            response_headers=text(entry.response_headers),
            response_body=content(entry.response_body),
        )

    @property
    def last(self) -> int:
        """The last id given."""
        return self._last_id

    @property
    def oldest(self) -> int:
        """The id of the oldest entry that is kept; all newer ones are kept too."""
        return self._entries[0].id if self._entries else self._last_id + 1

    def get(self, entry_id: int) -> Entry | None:
        """The entry of that id, if it is still kept."""
        return next((entry for entry in self._entries if entry.id == entry_id), None)


def header_lines(headers: str) -> Iterable[tuple[str, str]]:
    """Names and values of headers that are kept as one text."""
    return [(name, value) for name, _, value in (line.partition(": ") for line in headers.split("\n") if line)]


def _readable(body: bytes) -> Any:
    if not body:
        return None
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
