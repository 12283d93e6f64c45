"""Carries out, over WSGI, what a fault does to the connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from mockserver.faults.wire import WireFault
from mockserver.problems import reason

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

#: A head that cannot be sent: granian's HTTP library refuses a length that is no number and closes the connection
#: before the first byte. An application could not reach the socket in any other way.
_NO_HEAD: Final = [("Content-Length", "none")]
_BODILESS: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


def break_off(
    wire: WireFault,
    status: int,
    headers: list[tuple[str, str]],
    body: bytes | None,
    start_response: StartResponse,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterable[bytes]:
    """Answer as ``wire`` says.

    :param headers: those of the whole answer
    :param body: None where there cannot be one; what would have happened in it then happens before the head
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
