"""Traces of messages, also of a message that is lost before it becomes an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tpmock.core.responses import Join, Joined
from tpmock.journal.traces import KEYS
from tpmock.segment.model import Json
from tpmock.segment.workspace import Workspace


def of(workspace: Workspace, message: Json) -> tuple[str, Join]:
    """Return the trace of an event: that of the same message, else that of the same order, else a new one."""
    traces = workspace.traces
    own = f"messageId:{message['messageId']}"
    order = _order_key(message)
    join: Join = "messageId"
    known = traces.find(own)
    if known is None and order is not None:
        known, join = traces.find(order), "orderId"
    if known is None:
        known, join = traces.begin(*filter(None, (order, own))), "cause"
    else:
        traces.also(known, own)
        if order is not None:
            traces.also(known, order)
    return known, join


def lost(workspace: Workspace, messages: Mapping[str, Sequence[Any]]) -> tuple[Joined, ...]:
    """Begin a trace for each reason for which a call lost messages, so that a search by their ids finds the reason.

    One trace holds all messages of a reason: they must not evict the traces of accepted events.

    :param messages: by reason, unchanged, of any type
    """
    joined = []
    for reason, items in messages.items():
        found = [key for item in items if isinstance(item, dict) for key in _keys(item)]
        trace = workspace.traces.begin(*found[:KEYS])
        workspace.traces.note(trace, "event-dropped", "cause", *described(items[0]), reason)
        joined.append(Joined(trace, "cause"))
    return tuple(joined)


def described(message: Any) -> tuple[str | None, str | None]:
    """Return type and name of a message, each if it is a text."""
    if not isinstance(message, dict):
        return None, None
    kind, name = message.get("type"), message.get("event")
    return kind if isinstance(kind, str) else None, name if isinstance(name, str) else None


def _keys(message: Json) -> list[str]:
    own = message.get("messageId")
    found = [_order_key(message), f"messageId:{own}" if isinstance(own, str) and own else None]
    return [key for key in found if key is not None]


def _order_key(message: Json) -> str | None:
    properties = message.get("properties")
    number = properties.get("order_id", properties.get("orderId")) if isinstance(properties, dict) else None
    return f"orderId:{number}" if isinstance(number, str | int) and number != "" else None
