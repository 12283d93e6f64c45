"""What Segment adds to a message and corrects in it before it stores and forwards it (Spec: Common, clock skew)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mockserver.clock import iso_milliseconds, parse_iso
from mockserver.segment.model import Json, Source
from mockserver.segment.workspace import Workspace

TYPES: Final = ("track", "identify", "page", "screen", "group", "alias")

#: By the variant ``message_version``: the sources show all three.
_VERSIONS: Final[Mapping[str, str | int]] = {"1.1": "1.1", "1": 1, "2": 2}


@dataclass(frozen=True, slots=True)
class Arrival:
    """What all messages of one call share.

    :param received_at: the moment of the sandbox; also every item of a batch has this one
    :param envelope: what stands around the items of a batch; of a single message, the message
    :param client_side: whether it comes from a browser or a device
    :param address: the caller's
    """

    received_at: float
    envelope: Mapping[str, Any]
    client_side: bool = False
    address: str = ""
    #: ``received_at`` as it is written, once for all of a batch.
    received: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "received", iso_milliseconds(self.received_at))


def merged(batch: Mapping[str, Any], message: Json) -> Json:
    """An item of a batch with the context and the integrations around it; its own members win."""
    whole = dict(message)
    for name in ("context", "integrations"):
        outer, inner = batch.get(name), message.get(name)
        if isinstance(outer, dict) and (inner is None or isinstance(inner, dict)):
            whole[name] = {**outer, **(inner or {})}
    return whole


def stored(workspace: Workspace, source: Source, message: Json, arrival: Arrival) -> Json:
    """The message as it is kept and delivered."""
    received = arrival.received
    with_project = workspace.variants["project_fields"] == "present"
    kept = dict(message)
    kept.pop("writeKey", None)
    if not with_project:
        kept.pop("_metadata", None)
    for name in ("userId", "anonymousId"):
        # SDKs send null beside the other id; it has to count as absent.
        if kept.get(name, "") is None:
            del kept[name]
    if not isinstance(kept.get("messageId"), str) or not kept["messageId"]:
        kept["messageId"] = f"api-{workspace.chance.uuid()}"
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
    """The context, with the caller's address where Segment fills it in: for what comes from a browser, or on request.

    An IPv6 address is not collected by itself.
    """
    context = message.get("context")
    if not isinstance(context, dict):
        context = {}
    wanted = arrival.client_side or context.get("direct") is True
    if wanted and "ip" not in context and "." in arrival.address:
        return {**context, "ip": arrival.address}
    return context


def _times(message: Json, arrival: Arrival) -> Json:
    """The sender's clock is wrong by as much as ``sentAt`` is; without one, its ``timestamp`` has to be believed."""
    received = arrival.received
    original = message.get("timestamp")
    original_at = parse_iso(original) if isinstance(original, str) else None
    sent_at = message.get("sentAt", arrival.envelope.get("sentAt"))
    sent = parse_iso(sent_at) if isinstance(sent_at, str) else None
    times = {"sentAt": received if sent is None else _moment(sent, received)}
    if original_at is None:
        return times | {"originalTimestamp": received, "timestamp": received}
    corrected = original_at if sent is None else arrival.received_at - (sent - original_at)
    return times | {"originalTimestamp": original, "timestamp": _moment(corrected, received)}


def _moment(moment: float, otherwise: str) -> str:
    try:
        return iso_milliseconds(moment)
    except (ValueError, OverflowError, OSError):
        return otherwise
