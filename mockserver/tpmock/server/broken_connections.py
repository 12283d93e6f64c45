"""Applies faults of the connection over WSGI."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tpmock.core.problems import reason
from tpmock.faults.wire import WireFault

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

#: An invalid head: granian's HTTP library refuses a length that is not a number and closes the connection
#: before the first byte. An application has no other way to reach the socket.
_NO_HEAD: Final = [("Content-Length", "none")]
_BODILESS: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


def break_off(
    wire: WireFault,
    status: int,
    headers: list[tuple[str, str]],
    body: bytes | None,
    start_response: StartResponse,
    sleep: Callable[[float], None],
) -> Iterable[bytes]:
    """Send an answer as ``wire`` describes.

    :param headers: those of the complete answer
    :param sleep: waits real seconds
    :param body: None for an answer without a body; faults of the body then apply before the head
    :returns: the body; iterating it raises ``ConnectionCutError`` where the connection is to be cut
    """
    bodiless = body is None or status in _BODILESS
    if wire.kind == "timeout" or (bodiless and wire.kind == "stall"):
        sleep(wire.seconds)
    if wire.unanswered or (bodiless and wire.kind == "cut-body"):
        start_response("500 Cut", _NO_HEAD)
        return (wire if wire.unanswered else replace(wire, kind="cut")).body(b"", sleep)
    line = f"{status} {reason(status)}"
    if bodiless or body is None:
        start_response(line, headers)
        return []
    others = [(name, value) for name, value in headers if name != "Content-Length"]
    if body:
        others.append(("Content-Length", str(len(body))))
    elif wire.kind == "cut-body":
        others.append(("Content-Length", "1"))
    start_response(line, others)
    return wire.body(body, sleep)
