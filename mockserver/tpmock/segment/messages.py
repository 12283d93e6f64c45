"""Fields that Segment adds to a message or corrects before it stores and forwards it (Spec: Common, clock skew)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tpmock.common.moments import iso_milliseconds, parse_iso
from tpmock.segment.model import Json, Source
from tpmock.segment.workspace import Workspace

TYPES: Final = ("track", "identify", "page", "screen", "group", "alias")

#: By the variant ``message_version``: the sources show all three.
_VERSIONS: Final[Mapping[str, str | int]] = {"1.1": "1.1", "1": 1, "2": 2}


@dataclass(frozen=True, slots=True)
class Arrival:
    """Data that all messages of one call share.

    :param received_at: the sandbox's time; all items of a batch have the same
    :param envelope: the object around the items of a batch; the message itself if it is a single one
    :param client_side: whether it comes from a browser or a device
    :param address: the caller's IP address
    :param engage: whether Engage itself sends the calls
    """

    received_at: float
    envelope: Mapping[str, Any]
    client_side: bool = False
    address: str = ""
    engage: bool = False
    #: ``received_at`` as text, formatted once for all items of a batch.
    received: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "received", iso_milliseconds(self.received_at))


def merged(batch: Mapping[str, Any], message: Json) -> Json:
    """Return an item of a batch with the batch's context and integrations; the item's own members take precedence."""
    whole = dict(message)
    for name in ("context", "integrations"):
        outer, inner = batch.get(name), message.get(name)
        if isinstance(outer, dict) and (inner is None or isinstance(inner, dict)):
            whole[name] = {**outer, **(inner or {})}
    return whole


def stored(workspace: Workspace, source: Source, message: Json, arrival: Arrival) -> Json:
    """Return the message as it is stored and delivered."""
    received = arrival.received
    with_project = workspace.variants["project_fields"] == "present"
    kept = dict(message)
    kept.pop("writeKey", None)
    if not with_project:
        kept.pop("_metadata", None)
    for name in ("userId", "anonymousId"):
        # SDKs send null beside the other id; it counts as absent.
        if kept.get(name, "") is None:
            del kept[name]
    if not isinstance(kept.get("messageId"), str) or not kept["messageId"]:
        kept["messageId"] = f"api-{workspace.random.uuid()}"
    if with_project:
        kept |= {"projectId": source.id, "writeKey": source.write_keys[0] if source.write_keys else ""}
    return kept | {
        "context": _context(kept, arrival),
        "integrations": kept["integrations"] if isinstance(kept.get("integrations"), dict) else {},
        "receivedAt": received,
        **_times(kept, arrival),
        "version": _VERSIONS[workspace.variants["message_version"]],
        "channel": "client" if arrival.client_side else "server",
    }


def _context(message: Json, arrival: Arrival) -> Json:
    """Return the context, with the caller's address where Segment adds it: for client-side messages, or on request.

    An IPv6 address is not added automatically.
    """
    context = message.get("context")
    if not isinstance(context, dict):
        context = {}
    wanted = arrival.client_side or context.get("direct") is True
    if wanted and "ip" not in context and "." in arrival.address:
        return {**context, "ip": arrival.address}
    return context


def _times(message: Json, arrival: Arrival) -> Json:
    """Return the corrected time: ``sentAt`` shows the error of the sender's clock; without it use ``timestamp``."""
    received = arrival.received
    if arrival.engage:
        # As in a captured call without ``sentAt``: nine digits of a second.
        return {"sentAt": None, "originalTimestamp": f"{received[:-1]}000000Z", "timestamp": received}
    original = message.get("timestamp")
    original_at = parse_iso(original) if isinstance(original, str) else None
    sent_at = message.get("sentAt", arrival.envelope.get("sentAt"))
    sent = parse_iso(sent_at) if isinstance(sent_at, str) else None
    times = {"sentAt": received if sent is None else _moment(sent, received)}
    if original_at is None:
        kept = received if original is None else original
        return times | {"originalTimestamp": kept, "timestamp": received}
    corrected = original_at if sent is None else arrival.received_at - (sent - original_at)
    return times | {"originalTimestamp": original, "timestamp": _moment(corrected, received)}


def unreadable_timestamp(message: Mapping[str, Any]) -> Any:
    """Return the ``timestamp`` of a message as sent when it is not a valid time; else None."""
    original = message.get("timestamp")
    return None if isinstance(original, str) and parse_iso(original) is not None else original


def _moment(moment: float, otherwise: str) -> str:
    try:
        return iso_milliseconds(moment)
    except (ValueError, OverflowError, OSError):
        return otherwise
