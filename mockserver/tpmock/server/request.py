"""One call of a documented operation: Werkzeug's request, and the facts that the pipeline adds."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, parse_qsl

from flask import Request
from tpmock.core.bounded import remembered
from tpmock.core.json_text import DEEPEST, from_json, nests_deeper, wsgi_text
from tpmock.journal.erasure import Person, Redactor
from tpmock.sandbox.sandbox import Sandbox
from tpmock.server.form_bodies import body_of
from tpmock.server.trace_membership import TraceMembership
from tpmock.spec.model import ANY, FORM, Operation
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from tpmock.server.binding import BoundOperation

MAX_FIELDS: Final = 1_000
_ABSOLUTE: Final = ("http:", "https:")
_CHUNK: Final = 64 * 1024
#: A Content-Length with more digits is larger than any limit.
_DIGITS: Final = 12
#: Bytes of a body that is too large that are read to keep the connection; a larger one loses it.
_MOST_DISCARDED: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The reason why a body is not readable: the problem's name, the message, and the status of the answer."""

    problems: tuple[str, ...]
    sentence: str


@dataclass(slots=True)
class OperationCall:
    """One call of an operation.

    :param environ: WSGI's, which answers most questions about a call
    :param make_request: creates Werkzeug's request from it, on demand (decision 0002)
    :param path_arguments: as sent
    :ivar arguments: all parameters by their Python names, once they are validated
    :ivar operation: the called operation
    :ivar host: the host name by which we were called, without its port, in lower case
    :ivar base_url: scheme, host and port by which we were called
    :ivar content_type: the media type without its parameters, in lower case
    :ivar query: all values of each query parameter
    :ivar membership: decides which traces the call belongs to; set once the sandbox is found
    :ivar forgotten: removes erased people from the call's own record too
    :ivar hint: a handler's default hint
    :ivar advice: further hints, for any answer
    """

    environ: WSGIEnvironment
    make_request: Callable[[], Request]
    bound: BoundOperation
    path_arguments: Mapping[str, str]
    method: str = field(init=False)
    operation: Operation = field(init=False)
    host: str = field(init=False)
    base_url: str = field(init=False)
    query: Mapping[str, list[str]] = field(init=False)
    content_type: str = field(init=False)
    arguments: Mapping[str, Any] = field(init=False)
    raw: bytes = b""
    body: Any = None
    unreadable: Unreadable | None = None
    gave_up: bool = False
    home: Sandbox = field(init=False)
    membership: TraceMembership = field(init=False)
    caller: Any = None
    hint: str | None = None
    forgotten: Redactor | None = None
    _request: Request | None = None
    advice: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        environ = self.environ
        self.operation = self.bound.operation
        self.method = environ["REQUEST_METHOD"].upper()
        self.host = host_name(environ)
        self.base_url = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST') or self.host}"
        # As request.args reads it, in a plain dictionary (decision 0002).
        query = environ.get("QUERY_STRING") or ""
        self.query = _parameters(query) if query else {}
        self.content_type = _media_type(self.header("content-type")) if self.operation.body else ""
        self.arguments = self.path_arguments

    @property
    def request(self) -> Request:
        """Return Werkzeug's request."""
        if self._request is None:
            self._request = self.make_request()
        return self._request

    def enter(self, sandbox: Sandbox) -> None:
        """Set the sandbox of this call."""
        self.home = sandbox
        self.membership = TraceMembership(sandbox)

    @property
    def realm(self) -> Any:
        """Return the part of the sandbox that checks the call's credentials."""
        return self.home.world if self.bound.rules.realm == "world" else self.home.workspace

    def forget(self, person: Person) -> None:
        """Erase a person from the records, including that of this call."""
        self.forgotten = self.home.forget(person if self.forgotten is None else self.forgotten.person | person)

    def query_value(self, name: str) -> str:
        """Return a query parameter's first value, or an empty string."""
        return self.query[name][0] if name in self.query else ""

    def header(self, name: str) -> str:
        """Return a request header's value, or an empty string."""
        # Like request.headers, without building the key for each access (decision 0002).
        value: str = self.environ.get(_environ_key(name), "")
        return value

    def read_body(self) -> None:
        """Read and parse the body. An error is stored, and reported after authentication."""
        if not self.operation.body:
            return
        limit = self.operation.body_limit
        try:
            raw = self._read(limit)
        except ClientDisconnected:
            self._reject("the body ends before its Content-Length")
            return
        except TimeoutError:
            # The deadline's watcher has already answered 408.
            self.gave_up = True
            return
        if raw is not None and self.header("content-encoding").lower() == "gzip":
            raw = _gunzip(raw, limit)
            if raw == b"":
                self._reject("the body is not valid gzip")
                return
        if raw is None:
            self.unreadable = Unreadable(("too-large",), f"the body has more than {limit:,} bytes")
            return
        self.raw = raw
        if not raw and not self.operation.body_required:
            self.body = {}
        else:
            self._parse()

    def _read(self, limit: int) -> bytes | None:
        """Return the body, or None when it is longer than ``limit``; never more than that is in memory."""
        environ = self.environ
        stated = environ.get("CONTENT_LENGTH", "")
        # Werkzeug handles longer numbers and other values.
        plain = stated.isdecimal() and stated.isascii() and len(stated) < _DIGITS
        if plain and environ.get("wsgi.input_terminated") and "HTTP_TRANSFER_ENCODING" not in environ:
            # The server ends the stream: Werkzeug's wrappers around it cost 6 microseconds (decision 0002).
            length = int(stated)
            if length <= limit:
                raw: bytes = environ["wsgi.input"].read(length)
                if len(raw) < length:
                    raise ClientDisconnected
                return raw
        request = self.request
        # Werkzeug ends a body without a length silently at its limit: one byte more shows that there was more.
        request.max_content_length = limit + 1
        try:
            raw = request.get_data()
            if len(raw) <= limit:
                return raw
        except RequestEntityTooLarge:
            """By its Content-Length: nothing of it was read."""
        # An answer before the end of a body would cost the caller the connection.
        left = min(request.content_length or _MOST_DISCARDED, _MOST_DISCARDED)
        while left > 0 and (chunk := request.input_stream.read(min(left, _CHUNK))):
            left -= len(chunk)
        return None

    def _reject(self, sentence: str) -> None:
        self.unreadable = Unreadable(("not-json", "invalid-request"), sentence)

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
        # Not Werkzeug's form: it keeps bytes that are not UTF-8 and has no limit on fields (decision 0002).
        try:
            text = self.raw.decode("utf-8")
            fields = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
            self.body = body_of(fields, self.operation.body[FORM].document)
        except ValueError:
            self.unreadable = Unreadable(("invalid-request",), "the form cannot be read as UTF-8 fields")

    def _parse_json(self) -> None:
        if not self.raw:
            self._reject("the body is not valid JSON: it is empty")
            return
        try:
            # Events are stored as sent; bodies of the control API are typed.
            self.body = from_json(self.raw, typed=self.operation.api == "control")
        except (ValueError, RecursionError) as error:
            where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            self._reject(f"the body is not valid JSON{where}")
            return
        if self.raw.count(b"[") + self.raw.count(b"{") > DEEPEST and nests_deeper(self.body, DEEPEST):
            self.body = None
            self._reject(f"the body is not valid JSON for this server: it nests deeper than {DEEPEST}")

    def schema(self) -> Any:
        """Return the documented schema of the body's content type."""
        documented = self.operation.body
        # An empty body, which may have no content type, is validated as the first documented form.
        return documented.get(self.content_type) or next(iter(documented.values()), None)


@lru_cache(maxsize=256)
def _environ_key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _parameters(query: str) -> dict[str, list[str]]:
    text = query.encode("latin-1").decode(errors="replace")
    return parse_qs(text, keep_blank_values=True, errors="werkzeug.url_quote")


def takes_mock_for_proxy(environ: WSGIEnvironment) -> bool:
    """Return whether a caller uses the mock as a proxy, as far as that is visible.

    granian passes on the path of an absolute URI (RFC 9112, 3.2.2) and drops its host, so the only traces left are the
    headers that clients send to proxies; other servers keep the target unchanged.
    """
    if "HTTP_PROXY_CONNECTION" in environ or "HTTP_PROXY_AUTHORIZATION" in environ:
        return True
    targets: tuple[str, str] = environ.get("RAW_URI", ""), environ.get("REQUEST_URI", "")
    return targets[0].startswith(_ABSOLUTE) or targets[1].startswith(_ABSOLUTE)


@remembered(256)
def _media_type(content_type: str) -> str:
    """Parse a content type like request.mimetype, once for each header value (decision 0002)."""
    return parse_options_header(content_type)[0].lower()


def host_name(environ: WSGIEnvironment) -> str:
    """Return the host name by which a caller reached us, without its port, in lower case."""
    return _host_name(environ.get("HTTP_HOST") or environ.get("SERVER_NAME") or "")


@remembered(256)
def _host_name(host: str) -> str:
    text = wsgi_text(host).lower()
    name, colon, port = text.rpartition(":")
    return name if colon and (not port or port.isdigit()) else text


def _gunzip(raw: bytes, limit: int) -> bytes | None:
    """Return the decompressed body: empty when it is not gzip, None when it exceeds ``limit``."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(raw, limit + 1)
    except zlib.error:
        return b""
    if len(unpacked) > limit:
        return None
    return unpacked if unpacker.eof else b""
