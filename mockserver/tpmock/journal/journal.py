"""Every inbound and outbound exchange of a sandbox, in a ring of limited size.

Secrets are masked in their usual places when an exchange is written, and everywhere when it is shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from sys import getsizeof
from typing import Any, Final, Literal

from tpmock.common.moments import iso_milliseconds
from tpmock.core.json_text import members, readable
from tpmock.core.memory import Holder, Memory
from tpmock.core.responses import Join
from tpmock.journal.erasure import Redactor
from tpmock.journal.masking import Masks
from tpmock.journal.traces import LONGEST_TEXT, Step, Traces

#: Default size of a sandbox's journal, in entries.
RING: Final = 10_000
#: Maximum bytes of a sandbox's journal, whatever the size of single exchanges.
RING_BYTES: Final = 32 * 1024 * 1024
#: Bytes of an entry without its texts and bodies.
OWN_BYTES: Final = 500
#: Fields of an entry that the control API shows unchanged.
_SHOWN: Final = (
    *("id", "at", "direction", "api", "operation", "method", "url", "status", "evidence", "hint", "trace", "join"),
    *("fault", "effect", "error"),
)


# Not frozen: each call creates one, and a frozen one takes three times as long.
@dataclass(slots=True)
class Entry:
    """One exchange. ``status`` is None without an answer; ``error`` is then the reason.

    It is immutable; an erasure replaces it. Headers are one text with a
    line each: as many small strings they would need several times more memory.

    :param trace: its trace; None when it has none, or several, such as a batch of events
    :param join: why it belongs to that trace
    :param effect: the effect of a fault on it
    """

    id: int
    at: float
    direction: Literal["in", "out", "note"]
    api: str
    operation: str | None = None
    method: str = ""
    url: str = ""
    status: int | None = None
    evidence: str | None = None
    hint: str | None = None
    trace: str | None = None
    fault: int | None = None
    error: str | None = None
    milliseconds: float = 0.0
    request_headers: str = ""
    request_body: bytes = b""
    response_headers: str = ""
    response_body: bytes = b""
    join: Join | None = None
    effect: str | None = None

    @property
    def weight(self) -> int:
        """Return its approximate bytes in memory."""
        texts = (self.url, self.request_headers, self.response_headers, self.hint, self.error)
        return OWN_BYTES + sum(map(getsizeof, texts)) + len(self.request_body) + len(self.response_body)

    def note_in(self, traces: Traces, trace: str | None, join: Join, path: str, number: int, at: float) -> None:
        """Return it as a step of a trace.

        :param path: of the URL, without the query; the whole URL of an outbound one
        :param number: the step's, assigned when the exchange began, like ``at``
        """
        hint = self.hint and self.hint[:LONGEST_TEXT]
        facts = (self.operation, self.method, path[:LONGEST_TEXT], self.status, self.error, hint)
        what = "call" if self.direction == "in" else "post"
        traces.note_exchange(trace, Step(number, at, what, join, self.id, facts))

    def texts(self) -> tuple[str, ...]:
        """Return all texts of the request and the answer."""
        bodies = (self.request_body.decode("utf-8", "replace"), self.response_body.decode("utf-8", "replace"))
        return (self.url, self.hint or "", self.error or "", self.request_headers, self.response_headers, *bodies)

    @property
    def said(self) -> Any:
        """Return the request's body, parsed if it is JSON."""
        return _content(self.request_body)

    def without(self, redactor: Redactor) -> Entry:
        """Return the exchange without a person."""
        return self.changed(redactor.text, redactor.content, redactor.url)

    def changed(
        self, text: Callable[[str], str], content: Callable[[bytes], bytes], url: Callable[[str], str]
    ) -> Entry:
        """Return the exchange with its texts, its bodies and its address changed by a function each."""
        return replace(
            self,
            url=url(self.url),
            hint=self.hint and text(self.hint),
            error=self.error and text(self.error),
            request_headers=text(self.request_headers),
            request_body=content(self.request_body),
            response_headers=text(self.response_headers),
            response_body=content(self.response_body),
        )

    def document(self) -> dict[str, Any]:
        """Return the entry for the control API; bodies as JSON if they are valid JSON, else as text."""
        return members(self, *_SHOWN, moment=iso_milliseconds) | {
            "milliseconds": round(self.milliseconds, 3),
            "request": _message(self.request_headers, self.request_body),
            "response": _message(self.response_headers, self.response_body),
        }


@dataclass(slots=True, kw_only=True)
class JournalState:
    """A saved journal.

    :param last: the last id given
    """

    ring: int = RING
    last: int = 0
    entries: list[Entry] = field(default_factory=list)


class Journal(Holder):
    """The ring of a sandbox. Used under the sandbox's lock.

    :param masks: masks the sandbox's secrets; used by writers, and by :meth:`shown`
    :param ring: maximum number of entries
    :param state: a saved state to restore, with its own ``ring``
    :param memory: the sandbox's budget
    :param on_write: called with each entry
    """

    def __init__(
        self,
        masks: Masks,
        ring: int = RING,
        state: JournalState | None = None,
        memory: Memory | None = None,
        on_write: Callable[[Entry], object] | None = None,
    ) -> None:
        super().__init__("journal", memory)
        self._on_write = on_write
        kept = JournalState(ring=ring) if state is None else state
        self.masks = masks
        self.ring = kept.ring
        self._entries: deque[Entry] = deque(kept.entries)
        self._last_id = kept.last
        self.grew(sum(entry.weight for entry in kept.entries))

    def state(self, *, entries: bool = True) -> JournalState:
        """Return everything as records; or its size and last id only, so that ids continue."""
        return JournalState(
            ring=self.ring, last=self._last_id, entries=[self.shown(one) for one in self._entries] if entries else []
        )

    def next_id(self) -> int:
        """Return the id of the next entry; ids only increase."""
        self._last_id += 1
        return self._last_id

    def write(self, entry: Entry) -> None:
        """Add ``entry``; drop the oldest when there are too many entries or bytes."""
        self._entries.append(entry)
        self.grew(entry.weight)
        if self._on_write is not None:
            self._on_write(entry)
        while (len(self._entries) > self.ring or self.weight > RING_BYTES) and self.drop_oldest():
            pass

    def is_full(self) -> bool:
        """Return False: no entry waits."""
        return False

    def drop_oldest(self) -> bool:
        """Drop the oldest entry, unless it is the newest."""
        if len(self._entries) < 2:  # noqa: PLR2004 - one beside the newest
            return False
        self.grew(-self._entries.popleft().weight)
        self.dropped += 1
        return True

    def remark(self, at: float, sentence: str) -> None:
        """Add a note, which is not an exchange, for readers of the journal."""
        self.write(Entry(self.next_id(), at, "note", "control", hint=sentence))

    def clear(self) -> None:
        """Delete all entries; ids continue."""
        self._entries.clear()
        self.grew(-self.weight)

    def about(self, redactor: Redactor) -> list[Entry]:
        """Return the entries that name a person."""
        return redactor.among(self._entries, Entry.texts)

    def erase(self, redactor: Redactor, ids: Collection[int], traces: Collection[str]) -> None:
        """Erase a person, in entries with certain ids and in those of certain traces."""
        meant = [entry for entry in self._entries if entry.id in ids or entry.trace in traces]
        changed = {entry.id: entry.without(redactor) for entry in meant}
        self._entries = deque(changed.get(entry.id, entry) for entry in self._entries)
        self.grew(sum(entry.weight for entry in changed.values()) - sum(entry.weight for entry in meant))

    def entries(self, since: int = 0) -> list[Entry]:
        """Return the entries with a greater id than ``since``, oldest first, to search; display uses :meth:`shown`."""
        return [entry for entry in self._entries if entry.id > since]

    def shown(self, entry: Entry) -> Entry:
        """Return ``entry`` for display: with all of the sandbox's secrets masked."""
        return entry.changed(self.masks.text, self.masks.content, self.masks.text)

    @property
    def last(self) -> int:
        """Return the last id given."""
        return self._last_id

    @property
    def oldest(self) -> int:
        """Return the id of the oldest entry; all newer ones exist too."""
        return self._entries[0].id if self._entries else self._last_id + 1

    def get(self, entry_id: int) -> Entry | None:
        """Return the entry of that id, if it still exists."""
        return next((entry for entry in self._entries if entry.id == entry_id), None)


def header_lines(headers: str) -> Iterable[tuple[str, str]]:
    """Return names and values of headers that are stored as one text."""
    return [(name, value) for name, _, value in (line.partition(": ") for line in headers.split("\n") if line)]


def _message(headers: str, body: bytes) -> dict[str, Any]:
    return {"headers": dict(header_lines(headers)), "body": _content(body)}


def _content(body: bytes) -> Any:
    return readable(body.decode("utf-8", "replace")) if body else None
