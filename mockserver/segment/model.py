"""The Segment things of a sandbox, as plain records, and the workspace that holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mockserver.chance import Chance
from mockserver.clock import Clock
from mockserver.outbound import Outbound
from mockserver.ring import Ring
from mockserver.timeline import Schedule
from mockserver.traces import Traces

Json = dict[str, Any]
State = Literal["pending", "delivered", "discarded", "awaiting-retry", "filtered"]

#: How many message ids are remembered to recognise duplicates.
DEDUPE_RING: Final = 20_000


@dataclass(slots=True)
class Source:
    """Where events come from."""

    name: str
    write_key: str
    enabled: bool


@dataclass(slots=True)
class Destination:
    """Where events go. ``api_key`` is the one setting of the catalogue's Trustpilot destination."""

    name: str
    url: str
    api_key: str
    enabled: bool


@dataclass(slots=True)
class Event:
    """A message as Segment stores it, or one it dropped, with the reason."""

    id: int
    message: Json
    source: str
    received_at: float
    trace: str
    reason: str | None = None


@dataclass(slots=True)
class Attempt:
    """One try to deliver. ``message`` is what the destination said to the customer."""

    at: float
    status: int | None
    error: str | None
    message: str | None
    milliseconds: float


@dataclass(slots=True)
class Delivery:
    """One event on its way to one destination."""

    id: int
    event: Event
    destination: Destination
    started_at: float
    state: State = "pending"
    reason: str | None = None
    attempts: list[Attempt] = field(default_factory=list)
    next_attempt_at: float | None = None


class Workspace:
    """All Segment things of one sandbox. Rules read and change it under the sandbox's lock."""

    def __init__(
        self,
        seed: Mapping[str, Any],
        *,
        clock: Clock,
        chance: Chance,
        schedule: Schedule,
        variants: Mapping[str, str],
        traces: Traces,
        outbound: Outbound,
        on_credential: Callable[[str], None],
    ) -> None:
        self.clock = clock
        self.chance = chance
        self.schedule = schedule
        self.variants = variants
        self.traces = traces
        self.outbound = outbound
        self.sources = {entry["write_key"]: Source(**entry) for entry in seed["sources"]}
        self.destinations = {entry["name"]: Destination(**entry) for entry in seed.get("destinations", ())}
        self.events: Ring[int, Event] = Ring()
        self.deliveries: Ring[int, Delivery] = Ring()
        self.seen: Ring[tuple[str, str], float] = Ring(DEDUPE_RING)
        self._last_id = 0
        for write_key in self.sources:
            on_credential(write_key)

    def now(self) -> float:
        """The moment it is in the sandbox."""
        return self.clock.now()

    def next_id(self) -> int:
        """A number for an event or a delivery."""
        self._last_id += 1
        return self._last_id
