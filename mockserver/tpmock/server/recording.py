"""Records a call: its entry in the journal, and its step in the traces it belongs to."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import quote

from tpmock.core.bounded import LONGEST_REMEMBERED, remembered
from tpmock.core.json_text import to_json, wsgi_text
from tpmock.journal.journal import Entry
from tpmock.journal.masking import Masks
from tpmock.server.answers import RenderedAnswer
from tpmock.server.request import OperationCall
from tpmock.spec.model import FORM
from tpmock.spec.schema import Schema

_CONTENT: Final = ("CONTENT_TYPE", "CONTENT_LENGTH")
#: WSGI servers may set them in addition to those without a prefix, which take precedence.
_NO_HEADERS: Final = ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")
#: Maximum number of cached names: each call has about twenty keys, and most calls have the same.
_MOST_NAMES: Final = 1_024
_SAFE_IN_PATH: Final = "/:@!$&'()*+,;=~{}"


def record(call: OperationCall, answer: RenderedAnswer, operation: str | None, milliseconds: float) -> None:
    """Record one call, its secrets masked.

    :param operation: None for an undocumented call
    """
    sandbox, environ = call.home, call.environ
    masks = sandbox.journal.masks
    query = masks.query(wsgi_text(environ["QUERY_STRING"])) if environ.get("QUERY_STRING") else ""
    path = _path(environ.get("PATH_INFO") or "/")
    request_headers = masks.headers(_sent_headers(environ))
    request_body = _request_body(call, masks)
    response_headers = masks.headers(answer.headers.items())
    response_body = _response_body(answer, masks)
    with sandbox.lock:
        joined = call.membership.decided(call)
        entry = Entry(
            id=sandbox.journal.next_id(),
            at=sandbox.clock.now(),
            direction="in",
            api=call.operation.api,
            operation=operation,
            method=call.method,
            url=f"{call.base_url}{path}{'?' + query if query else ''}",
            status=None if answer.wire is not None and answer.wire.unanswered else answer.status,
            evidence=None if answer.evidence is None else answer.evidence.text,
            hint=answer.hint,
            trace=joined[0].trace if len(joined) == 1 else None,
            fault=None if answer.hit is None else answer.hit.fault,
            error=None if answer.wire is None else answer.wire.error,
            milliseconds=milliseconds,
            request_headers=request_headers,
            request_body=request_body,
            response_headers=response_headers,
            response_body=response_body,
            join=joined[0].join if len(joined) == 1 else None,
            effect=None if answer.hit is None else answer.hit.effect.text,
        )
        if call.forgotten is not None:
            entry = entry.without(call.forgotten)
        sandbox.journal.write(entry)
        number, at = call.membership.step(entry.at)
        for one in joined:
            entry.note_in(sandbox.traces, one.trace, one.join, path, number, at)


def _sent_headers(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the headers of a request like ``request.headers``, in one pass (decision 0002)."""
    return [(name, value) for key, value in environ.items() if (name := _NAMES[key]) and (value or key not in _CONTENT)]


class _HeaderNames(dict[str, str]):
    """Return the header names of an environment's keys; empty for other keys."""

    def __missing__(self, key: str) -> str:
        header = (key.startswith("HTTP_") and key not in _NO_HEADERS) or key in _CONTENT
        name = key.removeprefix("HTTP_").replace("_", "-").title() if header else ""
        if len(self) < _MOST_NAMES and len(key) <= LONGEST_REMEMBERED:
            self[key] = name
        return name


_NAMES: Final = _HeaderNames()


@remembered(1_024)
def _path(decoded: str) -> str:
    """Return a path in its encoded form: the server has decoded it, and a question mark in it must not end it."""
    return quote(wsgi_text(decoded), safe=_SAFE_IN_PATH)


def _request_body(call: OperationCall, masks: Masks) -> bytes:
    schema: Schema | None = call.schema() if call.raw else None
    if schema is None:
        return call.raw
    secrets = schema.secrets.union(schema.credentials)
    if not secrets:
        return call.raw
    if call.content_type == FORM:
        return masks.form(call.raw, secrets)
    # A body that is not valid may still hold a secret anywhere: record none of it.
    if call.unreadable:
        return b""
    # A backslash may escape a name. Without a secret the bytes stay as they are, so that a replay sends the same.
    if any(name.encode() in call.raw for name in secrets) or (b"\\" in call.raw and _names_any(call.raw, secrets)):
        return to_json(masks.json(call.body, secrets))
    return call.raw


def _names_any(raw: bytes, names: Collection[str]) -> bool:
    """Return whether a member of a JSON body has one of the names; a repeated one counts too."""
    found: list[str] = []

    def look(members: list[tuple[str, Any]]) -> None:
        found.extend(name for name, _ in members if name in names)

    json.loads(raw, object_pairs_hook=look)
    return bool(found)


def _response_body(answer: RenderedAnswer, masks: Masks) -> bytes:
    if not answer.body or not answer.secrets:
        return answer.body
    try:
        body = json.loads(answer.body)
    except ValueError:
        # Cut by a fault, maybe in the middle of a secret: record none of it.
        return b""
    return masks.content(to_json(masks.json(body, answer.secrets)))
