"""The workspace that holds the Segment things of a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mockserver.chance import Chance
from mockserver.clock import Clock
from mockserver.forgetting import Person
from mockserver.outbound import Outbound
from mockserver.ring import Ring
from mockserver.segment.model import (
    Delivery,
    Destination,
    Event,
    OauthApp,
    OauthToken,
    Regulation,
    Source,
    WorkspaceState,
    id_of,
)
from mockserver.segment.tally import Tally
from mockserver.timeline import Schedule
from mockserver.traces import Traces

#: How many message ids are remembered to recognise duplicates.
DEDUPE_RING: Final = 20_000
#: How many regulations and OAuth tokens are remembered.
RECORDS: Final = 1_000


class Workspace:
    """All Segment things of one sandbox. Rules read and change it under the sandbox's lock.

    :param state: its records; they are its own from now on
    """

    def __init__(
        self,
        state: WorkspaceState,
        *,
        clock: Clock,
        chance: Chance,
        secrets: Chance,
        schedule: Schedule,
        variants: Mapping[str, str],
        traces: Traces,
        outbound: Outbound,
        on_credential: Callable[[str], None],
        off_credential: Callable[[str], None],
        forget: Callable[[Person], object],
    ) -> None:
        self.id = state.id
        self.clock = clock
        self.chance = chance
        self.secrets = secrets
        self.schedule = schedule
        self.variants = variants
        self.traces = traces
        self.outbound = outbound
        #: Lets nobody find a person any more in what the sandbox has recorded.
        self.forget = forget
        self._on_credential = on_credential
        self._off_credential = off_credential
        self.api_tokens = state.api_tokens
        self.endpoints = state.endpoints
        self.sources: dict[str, Source] = {}
        self.by_write_key: dict[str, Source] = {}
        self.destinations = {destination.id: destination for destination in state.destinations}
        self.oauth_apps = {app.id: app for app in state.oauth_apps}
        self.oauth_tokens: Ring[str, OauthToken] = Ring(RECORDS, lambda token: off_credential(token.value))
        self.events: Ring[int, Event] = Ring()
        self.deliveries: Ring[int, Delivery] = Ring()
        self.seen: Ring[tuple[str, str], float] = Ring(DEDUPE_RING)
        self.regulations: Ring[str, Regulation] = Ring(RECORDS)
        self.suppressed = state.suppressed
        self.suppressed_at = state.suppressed_at
        self.gathering = state.gathering
        self.tally = Tally(state.tally)
        self.rate = state.rate
        self._last_id = state.last_id
        for event in state.events:
            self.events[event.id] = event
        deliveries = {delivery.id: delivery for delivery in state.deliveries}
        for delivery in state.deliveries:
            # What stands in two places is one again.
            delivery.event = self.events.get(delivery.event.id, delivery.event)
            delivery.destination = self.destinations.get(delivery.destination.id, delivery.destination)
            self.deliveries[delivery.id] = delivery
        #: Those that are due or on their way, however many: the ring may forget one, but it is not lost.
        self.under_way = {number: deliveries[number] for number in state.under_way}
        for scope, message_id, moment in state.seen:
            self.seen[scope, message_id] = moment
        for regulation in state.regulations:
            self.regulations[regulation.id] = regulation
        for source in state.sources:
            self.add_source(source)
        for app_id in self.oauth_apps:
            on_credential(app_id)
        for token in state.oauth_tokens:
            self.add_oauth_token(token)
        for value in self.api_tokens:
            on_credential(value)

    def state(self) -> WorkspaceState:
        """Everything, as records; they are the living ones, so they have to be written down under the lock."""
        deliveries = {**self.under_way, **self.deliveries}
        return WorkspaceState(
            id=self.id,
            api_tokens=self.api_tokens,
            endpoints=self.endpoints,
            sources=list(self.sources.values()),
            destinations=list(self.destinations.values()),
            oauth_apps=list(self.oauth_apps.values()),
            oauth_tokens=list(self.oauth_tokens.values()),
            events=list(self.events.values()),
            deliveries=[deliveries[number] for number in sorted(deliveries)],
            under_way=list(self.under_way),
            seen=[(*key, moment) for key, moment in self.seen.items()],
            regulations=list(self.regulations.values()),
            suppressed=self.suppressed,
            suppressed_at=self.suppressed_at,
            gathering=self.gathering,
            tally=self.tally.state(),
            rate=self.rate,
            last_id=self._last_id,
        )

    def now(self) -> float:
        """The moment it is in the sandbox."""
        return self.clock.now()

    def next_id(self) -> int:
        """A number for an event or a delivery."""
        self._last_id += 1
        return self._last_id

    # --- sources --------------------------------------------------------------------------------------------------

    def add_source(self, source: Source) -> None:
        """Let events in by its write keys from now on."""
        self.sources[source.id] = source
        for key in source.write_keys:
            self._let_in(source, key)

    def remove_source(self, source: Source) -> None:
        """Let nothing in by its write keys any more; what is connected to it alone goes with it."""
        del self.sources[source.id]
        for key in source.write_keys:
            self._keep_out(key)
        for each in [each for each in self.destinations.values() if each.source == source.id]:
            del self.destinations[each.id]

    def add_write_key(self, source: Source, key: str) -> None:
        """One more."""
        source.write_keys.append(key)
        self._let_in(source, key)

    def remove_write_key(self, source: Source, key: str) -> None:
        """One less."""
        source.write_keys.remove(key)
        self._keep_out(key)

    def _let_in(self, source: Source, key: str) -> None:
        self.by_write_key[key] = source
        self._on_credential(key)

    def _keep_out(self, key: str) -> None:
        del self.by_write_key[key]
        self._off_credential(key)

    def source_named(self, name: str) -> Source | None:
        """The source of that name."""
        return next((source for source in self.sources.values() if source.name == name), None)

    def destination_named(self, name: str) -> Destination | None:
        """The first destination of that name."""
        return next((each for each in self.destinations.values() if each.name == name), None)

    def new_write_key(self) -> str:
        """A write key, 32 letters and digits."""
        return id_of(self.secrets.uuid(), 32)

    def new_id(self) -> str:
        """An id for a thing that Segment names at random."""
        return id_of(self.chance.uuid())

    def add_oauth_app(self, app: OauthApp) -> None:
        """Let an application ask for tokens from now on."""
        self.oauth_apps[app.id] = app
        self._on_credential(app.id)

    def add_oauth_token(self, token: OauthToken) -> None:
        """A token that is good from now on."""
        self.oauth_tokens[token.value] = token
        self._on_credential(token.value)
