"""Calls that Engage sends: users who enter or leave an audience or have a new trait (Using Engage data)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from tpmock.core.problems import invalid
from tpmock.core.responses import Bindings
from tpmock.segment import audiences, tracking
from tpmock.segment.messages import Arrival
from tpmock.segment.model import Audience, Event, Json, Source, id_of
from tpmock.segment.workspace import Workspace

Change = Literal["audience-entered", "audience-exited", "trait-computed", "journey-entered"]
Form = Literal["identify", "track"]

#: By the change, the name of the track call and the class of the computed audience or trait.
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "audience-entered": ("Audience Entered", "audience"),
    "audience-exited": ("Audience Exited", "audience"),
    "trait-computed": ("Trait Computed", "trait"),
    "journey-entered": ("Audience Entered", "journey_step"),
}


actions = Bindings()

_HOUR: Final = 3_600.0
#: By the variant ``audience_sync``, the bounds in hours of the first sync and of later ones.
_SYNCS: Final[Mapping[str, tuple[tuple[float, float], tuple[float, float]]]] = {
    "six-hours": ((6, 6), (2, 3)),
    "twelve-hours": ((12, 15), (12, 15)),
}


def key_of(name: str) -> str:
    """Return the name in snake case."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


@dataclass(frozen=True, slots=True)
class Computation:
    """A computed audience or trait.

    :param name: its display name; the key is derived from it
    :param value: of a computed trait
    :param destinations: receivers of the calls; all when empty
    """

    change: Change
    name: str
    value: Any = None
    destinations: Sequence[str] = ()

    @property
    def key(self) -> str:
        """Return the name in snake case; a journey's begins with j_o_."""
        key = key_of(self.name)
        return f"j_o_{key}" if self.change == "journey-entered" and not key.startswith("j_o_") else key


def send(workspace: Workspace, source: Source, what: Computation, form: Form, profiles: Sequence[Json]) -> list[Event]:
    """Process the calls for all profiles as if Engage had sent them.

    :param profiles: each with ``userId`` and optionally ``emails``; each email gets a separate call
    """
    arrival = Arrival(workspace.now(), {}, engage=True)
    calls = (
        _call(workspace, what, form, profile["userId"], email)
        for profile in profiles
        for email in profile.get("emails") or (None,)
    )
    return [tracking.take_in(workspace, source, call, arrival) for call in calls]


def _call(workspace: Workspace, what: Computation, form: Form, user_id: str, email: str | None) -> Json:
    traits: Json = {} if email is None else {"email": email}
    computed = {what.key: _value(workspace, what)}
    call: Json = {
        "type": form,
        "messageId": f"personas_{id_of(workspace.random.uuid(), 27)}",
        "userId": user_id,
        "context": {
            "integrations": {"personas": False},
            "library": {"name": "unknown", "version": "unknown"},
            "personas": _personas(workspace, what),
        },
        "integrations": {
            "All": False,
            **dict.fromkeys(what.destinations or _integrations(workspace), True),
            "Warehouses": {"all": False},
        },
    }
    if form == "identify":
        return call | {"traits": traits | computed}
    key = "trait_key" if what.change == "trait-computed" else "audience_key"
    if traits:
        call["context"]["traits"] = traits
    return call | {"event": _KINDS[what.change][0], "properties": {key: what.key} | computed}


def _integrations(workspace: Workspace) -> list[str]:
    return [destination.integration for destination in workspace.destinations.values()]


def _value(workspace: Workspace, what: Computation) -> Any:
    if what.change == "trait-computed":
        return what.value
    if what.change == "journey-entered" and workspace.variants["journey_value"] == "string":
        return "true"
    return what.change != "audience-exited"


def _personas(workspace: Workspace, what: Computation) -> Json:
    space = f"spa_{id_of(f'space {workspace.id}', 27)}"
    prefix = "tra" if what.change == "trait-computed" else "aud"
    computation = f"{prefix}_{_computation(workspace, what.key)}"
    by_id = workspace.variants["personas_key"] == "audience-id"
    return {
        "computation_class": _KINDS[what.change][1],
        "computation_id": computation,
        "computation_key": computation if by_id else what.key,
        "namespace": space,
        "space_id": space,
    }


def _computation(workspace: Workspace, key: str) -> str:
    return id_of(f"computation {workspace.id} {key}", 27)


# --- audiences and computed traits ------------------------------------------------------------------------------------


def put(workspace: Workspace, name: str, source: Source, definition: Mapping[str, Any]) -> Audience:
    """Create an audience or a computed trait, or change its definition; values that were sent stay sent.

    A new one counts the remembered events. Its first sync is hours away, as at Segment.

    :param definition: fields of :class:`Audience`, and ``emails`` by user id for a list
    :raises Problem: ``invalid-request`` when lists and names would take more bytes than all audiences have for them
    """
    known = workspace.audiences.get(name)
    key, prefix = key_of(name), "tra" if definition.get("computes") == "trait" else "aud"
    audience = Audience(
        id=f"{prefix}_{_computation(workspace, key)}",
        name=name,
        key=key,
        source=source.name,
        created_at=known.created_at if known else workspace.now(),
        synced_at=known.synced_at if known else None,
        next_sync_at=known.next_sync_at if known else 0.0,
        told=known.told if known else {},
        **definition,
    )
    if not workspace.audiences.has_room_for(audience):
        raise invalid("members: the definitions and lists of this workspace's audiences would be too large together")
    if known:
        audience.emails = known.emails | audience.emails
    else:
        audience.next_sync_at = _next_sync(workspace, name, first=True)
    for event in workspace.events.values():
        if event.reason is None and "personas" not in event.message["context"]:
            audiences.count(audience, event)
    audiences.prune(audience, workspace.now())
    workspace.audiences[name] = audience
    return audience


def sync(workspace: Workspace, audience: Audience) -> list[Event]:
    """Send a call for each profile whose value changed since the last sync; at the first one, for every member."""
    source = workspace.source_named(audience.source)
    changed = audiences.changes(audience, workspace.now())
    audience.synced_at = workspace.now()
    if source is None:
        return []
    events = []
    for user, value in changed.items():
        change: Change = "audience-entered" if value else "audience-exited"
        if audience.computes == "trait":
            change = "trait-computed"
        what = Computation(change, audience.name, value, audience.destinations)
        profile = {"userId": user, "emails": audience.emails.get(user, [])}
        events += send(workspace, source, what, audience.form, [profile])
        audience.told[user] = value
    audiences.prune(audience, workspace.now())
    workspace.audiences.reweigh(audience.name)
    return events


def _next_sync(workspace: Workspace, name: str, *, first: bool) -> float:
    """Schedule the next sync and return its time."""
    earliest, latest = _SYNCS[workspace.variants["audience_sync"]][0 if first else 1]
    hours = workspace.random.branch(f"sync/{name}/{workspace.now()}").between(earliest, latest)
    moment = workspace.now() + hours * _HOUR
    workspace.schedule.at(moment, "sync-audience", name)
    return moment


@actions.handles("sync-audience")
def _sync_due(workspace: Workspace, name: str) -> None:
    audience = workspace.audiences.get(name)
    # An audience that was removed and created again has a new schedule.
    if audience is not None and audience.next_sync_at <= workspace.now():
        sync(workspace, audience)
        audience.next_sync_at = _next_sync(workspace, name, first=False)
