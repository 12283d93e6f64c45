"""What is written down of a call that came in: its entry in the journal, and its step in the traces it belongs to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from contracts.spec import FORM, Evidence, Schema
from mockserver.answers import Joined
from mockserver.faults import Strike
from mockserver.faults.wire import WireFault
from mockserver.forgetting import Eraser
from mockserver.journal import Entry
from mockserver.masking import Masks
from mockserver.operations.call import Call
from mockserver.sandbox import Sandbox
from mockserver.traces import Join
from mockserver.wire import to_json, wsgi_text

TRUSTPILOT: Final = "trustpilot"
_SAFE_IN_PATH: Final = "/:@!$&'()*+,;=~{}"

#: By the names that Trustpilot's API gives to what a call may be about.
_REFERENCES: Final[Mapping[str, Join]] = {
    "reviewId": "reviewId",
    "conversationId": "conversationId",
    "linkId": "linkId",
    "referenceId": "orderId",
    "referenceNumber": "orderId",
}
_IN_BODY: Final = ("referenceNumber", "referenceId")
#: Where programs pass on what a message was known by. What counts is that the value is the id of a message.
_CORRELATION: Final = (
    *("HTTP_X_CORRELATION_ID", "HTTP_CORRELATION_ID", "HTTP_X_REQUEST_ID", "HTTP_REQUEST_ID", "HTTP_X_MESSAGE_ID"),
    *("HTTP_X_TRACE_ID", "HTTP_IDEMPOTENCY_KEY", "HTTP_X_IDEMPOTENCY_KEY"),
)


@dataclass(slots=True)
class Result:
    """An answer on its way out, with what the journal wants to know of it.

    :param joined: the traces it belongs to, as far as the rule knows that better than the call's own words
    :param secrets: names of members of the body that hold secrets
    :param strike: the fault that made it, or made it late
    :param wire: what is to happen to the connection; where that is a cut with nothing answered, the rest means nothing
    """

    status: int
    content_type: str | None
    body: bytes
    headers: dict[str, str]
    evidence: Evidence | None = None
    hint: str | None = None
    joined: tuple[Joined, ...] = ()
    secrets: frozenset[str] = field(default_factory=frozenset)
    strike: Strike | None = None
    wire: WireFault | None = None


def record(
    call: Call,
    result: Result,
    *,
    operation: str | None,
    path_arguments: Mapping[str, str],
    milliseconds: float,
) -> None:
    """Write down one call, its secrets masked."""
    sandbox = call.home
    masks = sandbox.journal.masks
    query = masks.query(wsgi_text(call.environ.get("QUERY_STRING") or ""))
    path = _path(call.environ.get("PATH_INFO") or "/")
    request_headers = masks.headers(call.all_headers())
    request_body = _request_body(call, masks)
    response_headers = masks.headers(result.headers.items())
    response_body = _response_body(result, masks)
    with sandbox.lock:
        joined = result.joined or _joined(call, sandbox, path_arguments)
        entry = Entry(
            id=sandbox.journal.next_id(),
            at=sandbox.clock.now(),
            direction="in",
            api=call.operation.api,
            operation=operation,
            method=call.method,
            url=f"{call.base_url}{path}{'?' + query if query else ''}",
            status=None if result.wire is not None and result.wire.unanswered else result.status,
            evidence=None if result.evidence is None else result.evidence.text,
            hint=result.hint,
            trace=joined[0].trace if len(joined) == 1 else None,
            fault=None if result.strike is None else result.strike.fault,
            error=None if result.wire is None else result.wire.error,
            milliseconds=milliseconds,
            request_headers=request_headers,
            request_body=request_body,
            response_headers=response_headers,
            response_body=response_body,
            join=joined[0].join if len(joined) == 1 else None,
            effect=None if result.strike is None else result.strike.effect.text,
        )
        if call.forgotten is not None:
            entry = entry.without(Eraser(call.forgotten))
        sandbox.journal.write(entry)
        number, at = call.opened or (sandbox.traces.next_number(), entry.at)
        for one in joined:
            entry.note_in(sandbox.traces, one.trace, one.join, path, number, at)


@lru_cache(maxsize=1024)
def _path(decoded: str) -> str:
    """A path as an address has it: the server has decoded it, and a question mark in it must not end it."""
    return quote(wsgi_text(decoded), safe=_SAFE_IN_PATH)


def _joined(call: Call, sandbox: Sandbox, path_arguments: Mapping[str, str]) -> tuple[Joined, ...]:
    """The trace a call belongs to: by what it names, else by what it passes on, else by its time, else none."""
    if call.told is not None:
        return (call.told,)
    traces = sandbox.traces
    named = False
    for join, value in _references(call, path_arguments):
        named = True
        trace = traces.find(f"{join}:{value}")
        if trace is not None:
            return (Joined(trace, join),)
    environ = call.environ
    for header in _CORRELATION:
        if header in environ and (trace := traces.find(f"messageId:{environ[header]}")) is not None:
            return (Joined(trace, "correlation-header"),)
    number = _order_in_body(call)
    if number is not None:
        # Refused before a rule saw it: the order has its story all the same.
        return (Joined(traces.begin(f"orderId:{number}"), "cause"),)
    if named or call.flight is None or call.operation.api != TRUSTPILOT:
        return ()
    # One and the same delivery was the only one when the call came and is the only one now.
    trace = traces.trace_in_flight(call.flight)
    return () if trace is None else (Joined(trace, "time"),)


def _references(call: Call, path_arguments: Mapping[str, str]) -> Iterator[tuple[Join, str]]:
    for name, value in path_arguments.items():
        if name in _REFERENCES:
            yield _REFERENCES[name], value.lower()
    number = _order_in_body(call)
    if number is not None:
        yield "orderId", number
    if "referenceId" in call.query:
        yield "orderId", call.query["referenceId"][0]


def _order_in_body(call: Call) -> str | None:
    if call.operation.api != TRUSTPILOT or not isinstance(call.body, dict):
        return None
    value = next((call.body[name] for name in _IN_BODY if name in call.body), None)
    return value if isinstance(value, str) and value else None


def _request_body(call: Call, masks: Masks) -> bytes:
    schema: Schema | None = call.schema() if call.raw else None
    if schema is None:
        return call.raw
    secrets = schema.secrets.union(schema.credentials)
    if not secrets:
        return call.raw
    if call.content_type == FORM:
        return masks.form(call.raw, secrets)
    # A body that could not be parsed may still hold a secret in some corner: better nothing than that.
    if call.unreadable:
        return b""
    # A backslash may spell a name in another way.
    if b"\\" in call.raw or any(name.encode() in call.raw for name in secrets):
        return to_json(masks.json(call.body, secrets))
    return call.raw


def _response_body(result: Result, masks: Masks) -> bytes:
    if not result.body:
        return result.body
    if not result.secrets:
        return result.body
    try:
        body = json.loads(result.body)
    except ValueError:
        # Broken by a fault, in the middle of a secret maybe: better nothing than that.
        return b""
    return masks.content(to_json(masks.json(body, result.secrets)))
