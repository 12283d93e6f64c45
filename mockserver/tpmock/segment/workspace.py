"""The workspace that holds the Segment things of a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from sys import getsizeof
from typing import Any, Final

from tpmock.core import bounded
from tpmock.core.bounded import BoundedDict, weight_of
from tpmock.core.memory import MEGABYTE
from tpmock.journal.erasure import Person
from tpmock.outbound.services import SandboxServices
from tpmock.segment.audiences import Audiences
from tpmock.segment.counters import Counters
from tpmock.segment.model import Delivery, Destination, Event, OauthApp, OauthToken, Source, WorkspaceState, id_of

#: How many message ids are remembered to recognize duplicates.
DEDUPE_RING: Final = 20_000
#: Maximum bytes of message ids.
DEDUPE_BYTES: Final = 8 * MEGABYTE
#: Maximum number of remembered deliveries, and of pending ones: above it, calls are refused with a request to
#: retry later, so that no event is lost. Assumed; Segment's own limit is not public.
ROOM: Final = bounded.SIZE
#: Bytes of an event, a delivery and an attempt without their texts.
OWN_BYTES: Final = 400
#: Maximum bytes of regulations, with their users.
REGULATIONS_BYTES: Final = 16 * MEGABYTE
#: Maximum number of remembered regulations and OAuth tokens.
RECORDS: Final = 1_000
#: Fields that a workspace and its state share by name: identical, or a mapping by id here and a list there.
_AS_THEY_ARE: Final = ("id", "api_tokens", "endpoints", "suppressed", "suppressed_at", "gathering", "rate")
_BY_ID: Final = ("sources", "destinations", "oauth_apps", "oauth_tokens", "events", "regulations")


class Workspace(SandboxServices):
    """All Segment things of one sandbox. Handlers read and change it under the sandbox's lock.

    :param state: its records, which it takes over
    :param forget: erases people from the records of the sandbox
    """

    def __init__(self, state: WorkspaceState, services: SandboxServices, forget: Callable[[Person], object]) -> None:
        super().__init__(**vars(services))
        self.id = state.id
        self.forget = forget
        self.api_tokens = state.api_tokens
        self.endpoints = state.endpoints
        self.sources: dict[str, Source] = {}
        self.by_write_key: dict[str, Source] = {}
        self.destinations = {destination.id: destination for destination in state.destinations}
        self.oauth_apps = {app.id: app for app in state.oauth_apps}
        self.oauth_tokens: BoundedDict[str, OauthToken] = BoundedDict(
            size=RECORDS, on_evict=lambda token: self.off_credential(token.value)
        )
        self.events = BoundedDict(
            {event.id: event for event in state.events},
            weigh=lambda _, event: _weight(event),
            memory=self.memory,
            name="events",
        )
        for delivery in state.deliveries:
            # Merge objects that the state holds twice.
            delivery.event = self.events.get(delivery.event.id, delivery.event)
            delivery.destination = self.destinations.get(delivery.destination.id, delivery.destination)
        deliveries = {delivery.id: delivery for delivery in state.deliveries}
        #: Pending ones and those in flight. ``deliveries`` has them too and does not evict them.
        self.under_way = {number: deliveries[number] for number in state.under_way}
        self.deliveries = BoundedDict(
            deliveries,
            size=ROOM,
            weigh=lambda _, delivery: _delivery_weight(delivery),
            waits=lambda delivery: delivery.id in self.under_way,
            memory=self.memory,
            name="deliveries",
        )
        self.seen = BoundedDict(
            {(scope, message_id): moment for scope, message_id, moment in state.seen},
            size=DEDUPE_RING,
            weigh=lambda key, _: OWN_BYTES + getsizeof(key[1]),
            most=DEDUPE_BYTES,
            memory=self.memory,
            name="messageIds",
        )
        #: Unfinished ones wait and are not evicted.
        self.regulations = BoundedDict(
            {one.id: one for one in state.regulations},
            size=RECORDS,
            weigh=lambda _, regulation: OWN_BYTES + weight_of(regulation.subjects),
            most=REGULATIONS_BYTES,
            waits=lambda regulation: regulation.finished_at is None,
            memory=self.memory,
            name="regulations",
        )
        self.suppressed = state.suppressed
        self.suppressed_at = state.suppressed_at
        self.audiences = Audiences(state.audiences, self.memory)
        self.gathering = state.gathering
        self.counters = Counters(state.tally)
        self.rate = state.rate
        #: The minute of the Public API's last call, and the calls in it; not saved with the state.
        self.api_rate = (0, 0)
        self._last_id = state.last_id
        for source in state.sources:
            self.add_source(source)
        for token in state.oauth_tokens:
            self.add_oauth_token(token)
        for credential in (*self.oauth_apps, *self.api_tokens):
            self.on_credential(credential)

    def state(self) -> WorkspaceState:
        """Return all records. They are the live ones, so serialize them under the lock."""
        kept: dict[str, Any] = {name: getattr(self, name) for name in _AS_THEY_ARE}
        kept |= {name: list(getattr(self, name).values()) for name in _BY_ID}
        return WorkspaceState(
            **kept,
            deliveries=[self.deliveries[number] for number in sorted(self.deliveries)],
            under_way=list(self.under_way),
            seen=[(*key, moment) for key, moment in self.seen.items()],
            tally=self.counters.state(),
            audiences=dict(self.audiences),
            last_id=self._last_id,
        )

    def next_id(self) -> int:
        """Return a new number for an event or a delivery."""
        self._last_id += 1
        return self._last_id

    # --- sources --------------------------------------------------------------------------------------------------

    def add_source(self, source: Source) -> None:
        """Add a source and its write keys."""
        self.sources[source.id] = source
        for key in source.write_keys:
            self._let_in(source, key)

    def remove_source(self, source: Source) -> None:
        """Remove a source, its write keys, and the destinations that only it feeds."""
        del self.sources[source.id]
        for key in source.write_keys:
            self._keep_out(key)
        for each in [each for each in self.destinations.values() if each.source == source.id]:
            del self.destinations[each.id]

    def add_write_key(self, source: Source, key: str) -> None:
        """Add a destination."""
        source.write_keys.append(key)
        self._let_in(source, key)

    def remove_write_key(self, source: Source, key: str) -> None:
        """Remove a destination."""
        source.write_keys.remove(key)
        self._keep_out(key)

    def _let_in(self, source: Source, key: str) -> None:
        self.by_write_key[key] = source
        self.on_credential(key)

    def _keep_out(self, key: str) -> None:
        del self.by_write_key[key]
        self.off_credential(key)

    def source_named(self, name: str) -> Source | None:
        """Return the source of that name."""
        return next((source for source in self.sources.values() if source.name == name), None)

    def destination_named(self, name: str) -> Destination | None:
        """Return the first destination of that name."""
        return next((each for each in self.destinations.values() if each.name == name), None)

    def new_write_key(self) -> str:
        """Return a write key, 32 letters and digits."""
        return id_of(self.secrets.uuid(), 32)

    def new_id(self) -> str:
        """Return a random id in Segment's form."""
        return id_of(self.random.uuid())

    def add_oauth_app(self, app: OauthApp) -> None:
        """Add an OAuth application."""
        self.oauth_apps[app.id] = app
        self.on_credential(app.id)

    def add_oauth_token(self, token: OauthToken) -> None:
        """Add a token."""
        self.oauth_tokens[token.value] = token
        self.on_credential(token.value)


def _weight(event: Event) -> int:
    return OWN_BYTES + weight_of(event.message)


def _delivery_weight(delivery: Delivery) -> int:
    """Return the bytes of a delivery with its event, which may be stored only here."""
    of_event = _weight(delivery.event) + (0 if delivery.message is None else weight_of(delivery.message))
    texts = (text for one in delivery.attempts for text in (one.error, one.message, one.answer, one.url) if text)
    return OWN_BYTES * (1 + len(delivery.attempts)) + of_event + sum(map(getsizeof, texts))
