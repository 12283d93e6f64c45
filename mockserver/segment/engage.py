"""What Engage sends: calls that say who entered or left an audience, or has a new trait (Using Engage data)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from mockserver.segment import tracking
from mockserver.segment.messages import Arrival
from mockserver.segment.model import Event, Json, Source, id_of
from mockserver.segment.workspace import Workspace

Change = Literal["audience-entered", "audience-exited", "trait-computed", "journey-entered"]
Form = Literal["identify", "track"]

CHANGES: Final = ("audience-entered", "audience-exited", "trait-computed", "journey-entered")
FORMS: Final = ("identify", "track")

_EVENTS: Final[Mapping[str, str]] = {
    "audience-entered": "Audience Entered",
    "audience-exited": "Audience Exited",
    "trait-computed": "Trait Computed",
    "journey-entered": "Audience Entered",
}
_CLASSES: Final[Mapping[str, str]] = {
    "audience-entered": "audience",
    "audience-exited": "audience",
    "trait-computed": "trait",
    "journey-entered": "journey_step",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """A user as Engage knows them. Every e-mail address gets a call of its own."""

    user_id: str
    emails: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Computation:
    """What was computed.

    :param name: as a person wrote it; its key is made from it
    :param value: of a computed trait
    :param destinations: to which the calls go; to all when there are none
    """

    change: Change
    name: str
    value: Any = None
    destinations: Sequence[str] = ()

    @property
    def key(self) -> str:
        """The name in snake case; a journey's begins with j_o_."""
        key = re.sub(r"[^a-z0-9]+", "_", self.name.lower()).strip("_")
        return f"j_o_{key}" if self.change == "journey-entered" and not key.startswith("j_o_") else key


def send(
    workspace: Workspace, source: Source, what: Computation, form: Form, profiles: Sequence[Profile]
) -> list[Event]:
    """The calls for all profiles, taken in as if Engage had made them."""
    arrival = Arrival(workspace.now(), {})
    calls = _calls(workspace, what, form, profiles)
    return [tracking.take_in(workspace, source, call, arrival) for call in calls]


def _calls(workspace: Workspace, what: Computation, form: Form, profiles: Sequence[Profile]) -> Iterator[Json]:
    for profile in profiles:
        for email in profile.emails or (None,):
            yield _call(workspace, what, form, profile.user_id, email)


def _call(workspace: Workspace, what: Computation, form: Form, user_id: str, email: str | None) -> Json:
    traits: Json = {} if email is None else {"email": email}
    told = {what.key: _value(workspace, what)}
    call: Json = {
        "type": form,
        "messageId": f"personas_{id_of(workspace.chance.uuid(), 27)}",
        "userId": user_id,
        "context": {"personas": _personas(workspace, what)},
        "integrations": {"All": False, **dict.fromkeys(what.destinations, True)} if what.destinations else {},
    }
    if form == "identify":
        return call | {"traits": traits | told}
    key = "trait_key" if what.change == "trait-computed" else "audience_key"
    if traits:
        call["context"]["traits"] = traits
    return call | {"event": _EVENTS[what.change], "properties": {key: what.key} | told}


def _value(workspace: Workspace, what: Computation) -> Any:
    if what.change == "trait-computed":
        return what.value
    if what.change == "journey-entered" and workspace.variants["journey_value"] == "string":
        return "true"
    return what.change != "audience-exited"


def _personas(workspace: Workspace, what: Computation) -> Json:
    space = f"spa_{id_of(f'space {workspace.id}', 27)}"
    prefix = "tra" if what.change == "trait-computed" else "aud"
    computation = f"{prefix}_{id_of(f'computation {workspace.id} {what.key}', 27)}"
    by_id = workspace.variants["personas_key"] == "audience-id"
    return {
        "computation_class": _CLASSES[what.change],
        "computation_id": computation,
        "computation_key": computation if by_id else what.key,
        "namespace": space,
        "space_id": space,
    }
