"""Every exchange in and out of a sandbox, secrets masked when written, in a ring of stated size."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlencode

from mockserver.clock import iso_milliseconds

RING: Final = 10_000
#: However large single bodies are, a sandbox's journal holds no more than this.
RING_BYTES: Final = 32 * 1024 * 1024

_SECRET_HEADERS: Final = frozenset({"authorization", "apikey", "cookie", "set-cookie", "proxy-authorization"})
_SECRET_PARAMETERS: Final = frozenset({"apikey", "token", "code", "client_secret", "password"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange. ``status`` is None when no answer came; ``error`` then says why.

    Headers are kept as one text, a line each: as many small strings they would weigh several times more.
    """

    id: int
    at: float
    direction: Literal["in", "out"]
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

    @property
    def weight(self) -> int:
        """Bytes of the two bodies."""
        return len(self.request_body) + len(self.response_body)

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
            "fault": self.fault,
            "error": self.error,
            "milliseconds": round(self.milliseconds, 3),
            "request": {"headers": _header_map(self.request_headers), "body": _readable(self.request_body)},
            "response": {"headers": _header_map(self.response_headers), "body": _readable(self.response_body)},
        }


class Journal:
    """The ring of a sandbox. Used under the sandbox's lock."""

    __slots__ = ("_entries", "_last_id", "_ring", "_weight")

    def __init__(self, ring: int = RING) -> None:
        self._entries: deque[Entry] = deque()
        self._ring = ring
        self._last_id = 0
        self._weight = 0

    def next_id(self) -> int:
        """The id of the entry that is about to be written; ids only ever rise."""
        self._last_id += 1
        return self._last_id

    def write(self, entry: Entry) -> None:
        """Keep ``entry``; the oldest go when there are too many or they weigh too much."""
        self._entries.append(entry)
        self._weight += entry.weight
        while len(self._entries) > self._ring or (self._weight > RING_BYTES and len(self._entries) > 1):
            self._weight -= self._entries.popleft().weight

    def clear(self) -> None:
        """Forget all entries; ids go on rising."""
        self._entries.clear()
        self._weight = 0

    def find(self, *, since: int = 0, **fields: object) -> list[Entry]:
        """Entries with a greater id than ``since`` whose attributes equal all given ``fields``."""
        return [
            entry
            for entry in self._entries
            if entry.id > since and all(getattr(entry, name) == value for name, value in fields.items())
        ]


def mask(secret: str) -> str:
    """The first characters, enough to tell two secrets apart by their kind, and no more."""
    return f"{secret[:4]}…" if secret else ""


def masked_headers(headers: Iterable[tuple[str, str]]) -> str:
    """``headers`` as text, a line each, the values of those that carry secrets masked."""
    return "\n".join(f"{name}: {_masked_header(name, value)}" for name, value in headers)


def _header_map(text: str) -> dict[str, str]:
    return dict(line.partition(": ")[::2] for line in text.split("\n")) if text else {}


def _masked_header(name: str, value: str) -> str:
    if name.lower() not in _SECRET_HEADERS:
        return value
    scheme, space, secret = value.partition(" ")
    return f"{scheme} {mask(secret)}" if space else mask(value)


def masked_query(query: str) -> str:
    """A query string with secret parameters masked."""
    if not any(name in query for name in _SECRET_PARAMETERS):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, mask(value) if name.lower() in _SECRET_PARAMETERS else value) for name, value in pairs])


def masked_form(body: bytes, secrets: frozenset[str]) -> bytes:
    """A form with the fields named in ``secrets`` masked."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return urlencode([(name, mask(value) if name in secrets else value) for name, value in pairs]).encode()


def masked_json(value: Any, secrets: frozenset[str]) -> Any:
    """A JSON value with the members named in ``secrets`` masked, at any depth."""
    if isinstance(value, Mapping):
        return {
            name: mask(part) if name in secrets and isinstance(part, str) else masked_json(part, secrets)
            for name, part in value.items()
        }
    return [masked_json(part, secrets) for part in value] if isinstance(value, list) else value


def _readable(body: bytes) -> Any:
    if not body:
        return None
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
