"""One call as it came in: read once, lazily, from the WSGI environment."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from contracts.spec import ANY, FORM, Operation
from mockserver.answers import Joined
from mockserver.forgetting import Person
from mockserver.sandbox import Sandbox
from mockserver.wire import DEEPEST, nests_deeper, wsgi_text

Environ = Mapping[str, Any]

MAX_FIELDS: Final = 1_000
_CHUNK: Final = 64 * 1024
#: Of a body that is too large, so much is read for the sake of the connection; a larger one loses it.
_MOST_DISCARDED: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a body could not be read: the problem's name, the sentence, and the status it would have."""

    problems: tuple[str, ...]
    sentence: str


@dataclass(slots=True)
class Call:
    """One call of an operation, and what the pipeline learns about it on the way."""

    environ: Environ
    operation: Operation
    method: str
    host: str
    query: dict[str, list[str]]
    arguments: dict[str, Any]
    raw: bytes = b""
    body: Any = None
    unreadable: Unreadable | None = None
    sandbox: Sandbox | None = None
    caller: Any = None
    hint: str | None = None
    #: The number and the moment of its step in a trace, taken before a rule made any.
    opened: tuple[int, float] | None = None
    #: The delivery that was under way when it came.
    flight: int | None = None
    #: The trace of the order that a rule found in it.
    told: Joined | None = None
    #: Whom the call has had forgotten: they must not be found in its own record either.
    forgotten: Person | None = None

    @property
    def home(self) -> Sandbox:
        """The sandbox this call belongs to, once it is found."""
        if self.sandbox is None:
            raise LookupError("the sandbox of this call is not known yet")
        return self.sandbox

    def trace_of_order(self, number: str) -> str:
        """The first cause of an order: the event that told of it, else this call."""
        traces = self.home.traces
        key = f"orderId:{number}"
        known = traces.find(key)
        self.told = Joined(traces.begin(key), "cause") if known is None else Joined(known, "orderId")
        return self.told.trace

    def forget(self, person: Person) -> None:
        """Let nobody find a person any more in what was recorded, this call included."""
        self.forgotten = self.home.forget(person if self.forgotten is None else self.forgotten | person)

    @property
    def path(self) -> str:
        """The path as it came, without the query."""
        return wsgi_text(self.environ.get("PATH_INFO") or "/")

    def header(self, name: str) -> str:
        """A request header's value, or an empty string."""
        return str(self.environ.get("HTTP_" + name.upper().replace("-", "_"), ""))

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return str(self.environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()

    def all_headers(self) -> Iterator[tuple[str, str]]:
        """Every request header, names as they are usually written."""
        for key, value in self.environ.items():
            if key.startswith("HTTP_"):
                yield key[5:].replace("_", "-").title(), value
        for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if self.environ.get(key):
                yield key.replace("_", "-").title(), self.environ[key]

    @property
    def base_url(self) -> str:
        """Scheme, host and port by which the caller reached us."""
        return f"{self.environ.get('wsgi.url_scheme', 'http')}://{self.environ.get('HTTP_HOST') or self.host}"

    def read_body(self) -> None:
        """Read and parse the body. What is wrong with it is kept, to be said after authentication."""
        if not self.operation.body:
            return
        limit = self.operation.body_limit
        raw = _read(self.environ, limit)
        if raw is not None and self.header("content-encoding").lower() == "gzip":
            raw = _gunzip(raw, limit)
            if raw == b"":
                self.unreadable = Unreadable(("not-json", "invalid-request"), "the body is not valid gzip")
                return
        if raw is None:
            self.unreadable = Unreadable(("too-large",), f"the body has more than {limit:,} bytes")
            return
        self.raw = raw
        if not raw and not self.operation.body_required:
            self.body = {}
        else:
            self._parse()

    def _parse(self) -> None:
        given = self.content_type
        documented = self.operation.body
        if given not in documented and ANY not in documented:
            sentence = f"Content-Type must be {' or '.join(documented)}, not {given or 'missing'}"
            self.unreadable = Unreadable(("unsupported-media-type",), sentence)
        elif given == FORM and FORM in documented:
            self._parse_form()
        else:
            self._parse_json()

    def _parse_form(self) -> None:
        try:
            text = self.raw.decode("utf-8")
            self.body = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"))
        except ValueError:
            self.unreadable = Unreadable(("invalid-request",), "the form cannot be read as UTF-8 fields")

    def _parse_json(self) -> None:
        try:
            # What an event says is kept as it came; what the control API is told is typed, and 4.0 is an integer.
            whole = _number if self.operation.api == "control" else None
            self.body = json.loads(self.raw, parse_constant=_no_constant, parse_float=whole)
        except (ValueError, RecursionError) as error:
            where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            self.unreadable = Unreadable(("not-json", "invalid-request"), f"the body is not valid JSON{where}")
            return
        if self.raw.count(b"[") + self.raw.count(b"{") > DEEPEST and nests_deeper(self.body, DEEPEST):
            self.body = None
            sentence = f"the body is not valid JSON for this server: it nests deeper than {DEEPEST}"
            self.unreadable = Unreadable(("not-json", "invalid-request"), sentence)

    def schema(self) -> Any:
        """The documented schema of the body that came."""
        documented = self.operation.body
        # An empty body, which may come without any type, is judged as the first form that is documented.
        return documented.get(self.content_type) or next(iter(documented.values()), None)


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _read(environ: Environ, limit: int) -> bytes | None:
    """The body, or None when it is longer than ``limit``; never more than that is held."""
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    if length:
        try:
            announced = int(length)
        except ValueError:
            announced = 0
        if announced > limit:
            _discard(stream, announced)
            return None
        return bytes(stream.read(announced))
    if not environ.get("wsgi.input_terminated"):
        return b""
    parts: list[bytes] = []
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            _discard(stream, _MOST_DISCARDED)
            return None
        parts.append(chunk)
    return b"".join(parts)


def _discard(stream: Any, length: int) -> None:
    """Read what nobody wants: an answer before the end of a body would cost the caller the connection."""
    left = min(length, _MOST_DISCARDED)
    while left > 0 and (chunk := stream.read(min(left, _CHUNK))):
        left -= len(chunk)


def _gunzip(raw: bytes, limit: int) -> bytes | None:
    """The unpacked body: empty when it is not gzip, None when it unpacks to more than ``limit``."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(raw, limit + 1)
    except zlib.error:
        return b""
    if len(unpacked) > limit:
        return None
    return unpacked if unpacker.eof else b""
