"""The destination itself: one event in, one reply out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import requests
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from contracts.destination import logs, replies
from contracts.destination.archive import Archive
from contracts.destination.config import Settings
from contracts.destination.connections import Connection, Connections
from contracts.destination.database import Database
from contracts.destination.erasing import Eraser
from contracts.destination.invitations import notes
from contracts.destination.ledger import LEASE, Claim, Entry, Ledger, Rules, State
from contracts.destination.messages import Refusal, Reply, say
from contracts.destination.metrics import Metrics
from contracts.destination.migrations import migrate
from contracts.destination.onboarding.logins import Logins
from contracts.destination.onboarding.partner import Partner
from contracts.destination.onboarding.steps import Onboarding
from contracts.destination.orders import Order, OrderReader
from contracts.destination.replies import is_success
from contracts.destination.token_desk import NoTokenError, TokenDesk
from contracts.destination.tokens import TokenStore
from contracts.destination.trustpilot import (
    BlockedError,
    TrustpilotClient,
    UnconfirmedError,
    UnreachableError,
    new_session,
)
from contracts.destination.vault import Vault, derived_key

# The longest a request can take: a wait for the connection and one for the answer. Two tokens, each by refresh and
# then by keys, and two invitation requests make an event.
_WAITS_PER_REQUEST = 2
_REQUESTS_PER_TOKEN = 2
_REQUESTS_PER_EVENT = 6
_SETTLING = 3


class Destination:
    """Decides what becomes of an event. The parts do the work; this class holds the order in which they are asked."""

    def __init__(
        self,
        connections: Connections,
        reader: OrderReader,
        ledger: Ledger,
        trustpilot: TrustpilotClient,
        store: Store,
        onboarding: Onboarding,
    ) -> None:
        self.connections = connections
        self.reader = reader
        self.ledger = ledger
        self.trustpilot = trustpilot
        self.store = store
        self.onboarding = onboarding
        self.metrics = store.metrics
        self._eraser = Eraser(store.archive, store.vault, trustpilot)

    def admit(self, key: str | None) -> Connection:
        """The connection of an integration key.

        :raises Refusal: 401.
        """
        return self.connections.find(key)

    def tailored(self, connection: Connection, header: str | None) -> Connection:
        """A connection with the settings that came with an event.

        :param header: the value of ``X-Segment-Settings``.
        :raises Refusal: 400 when they cannot be used.
        """
        return replace(connection, preferences=connection.preferences.tailored(header)) if header else connection

    def handle(self, event: object, connection: Connection) -> Reply:
        """Process one event.

        :param event: as parsed from JSON, of whatever type.
        :returns: what Segment is told; a refusal too is a reply.
        """
        began = self.metrics.begin()
        order: Order | None = None
        try:
            deletion = self.reader.deletion(event)
            if deletion is not None:
                reply = self._eraser.erase(connection, deletion)
            else:
                order = self.reader.read(event)
                reply = self.invite(connection, order)
        except Refusal as refusal:
            reply = refusal.reply
        except SQLAlchemyError as problem:
            logs.unforeseen(problem)
            reply = say("no-database")
        took = self.metrics.answered(reply.name, reply.status, began)
        logs.say(
            "event",
            connection=connection.id,
            message_id=self.reader.message_label(event),
            order=order.key if order else None,
            address_from=order.place if order else None,
            status=int(reply.status),
            message=reply.name or None,
            calls=self.metrics.calls,
            ms=round(took * 1000, 1),
            text=reply.message,
        )
        return reply

    def invite(self, connection: Connection, order: Order) -> Reply:
        """Invite the buyer of an order, unless that was done before."""
        identity = self.identity(order)
        reservation = self.ledger.reserve(connection.id, self._entry(identity, order))
        if reservation.claim is not Claim.WON:
            return self._found(reservation.claim, order)
        # Stays so when something unforeseen happens on the way.
        reply, state = say("unforeseen"), State.UNCONFIRMED
        try:
            reply, state = self.request(connection, order)
        finally:
            self.metrics.claimed()
            settled = partial(self.ledger.settle, connection.id, identity, reservation.attempt, state, reply.name)
            _insisting(settled)
        return reply

    def identity(self, order: Order) -> str:
        """What two events share when they are about the same order."""
        return order.key

    def request(self, connection: Connection, order: Order) -> tuple[Reply, State]:
        """Ask Trustpilot, and say what Segment is told and what is now known about the order."""
        try:
            status = self.trustpilot.invite(connection, order)
        except NoTokenError as problem:
            return replies.to_missing_token(problem.status, order.label), State.REFUSED
        except BlockedError:
            return say("trustpilot-blocked", order=order.label), State.REFUSED
        except UnreachableError:
            return say("trustpilot-unreachable", order=order.label), State.REFUSED
        except UnconfirmedError:
            return self._unconfirmed(order), State.UNCONFIRMED
        reply = self.judge(status, order)
        if not is_success(status):
            return reply, State.REFUSED
        left_out = notes(order, connection.preferences)
        return (replace(reply, message=" ".join((reply.message, *left_out))) if left_out else reply), State.SENT

    def judge(self, status: int, order: Order) -> Reply:
        """What Segment is told about Trustpilot's answer."""
        return replies.to_trustpilot_status(status, order.label, order.place)

    def close(self) -> None:
        """Close every connection to Trustpilot and to the database."""
        self.store.close()

    def _entry(self, identity: str, order: Order) -> Entry:
        vault = self.store.vault
        known = order.user_id is not None
        return Entry(
            order_id=identity,
            message_id=order.message_key,
            consumer=vault.consumer(order.email),
            person=vault.person(order.user_id) if order.user_id is not None else None,
            # Only by a user id can somebody ask to be forgotten, and only for that is the address needed again.
            address=vault.seal(order.email) if known else None,
        )

    def _found(self, claim: Claim, order: Order) -> Reply:
        if claim is Claim.UNCONFIRMED:
            return self._unconfirmed(order)
        name = {Claim.SENT: "already-invited", Claim.IN_FLIGHT: "in-flight", Claim.CAPPED: "capped"}[claim]
        return say(name, order=order.label)

    def _unconfirmed(self, order: Order) -> Reply:
        return say("unconfirmed-repeated" if self.store.repeats_unknown else "unconfirmed", order=order.label)


def _insisting(settle: Callable[[], None]) -> None:
    """What became of an order must be written down, even over a database that has just come back."""
    for _ in range(_SETTLING - 1):
        try:
            return settle()
        except DBAPIError as problem:
            logs.unforeseen(problem)
    return settle()


@dataclass(frozen=True, slots=True)
class Store:
    """What a destination keeps and shares: its database with the vault over it, its session, its counters."""

    database: Database
    vault: Vault
    archive: Archive
    session: requests.Session
    metrics: Metrics
    repeats_unknown: bool
    order_retention: float
    address_retention: float

    def tidy(self, ledger: Ledger) -> None:
        """What has to be done every minute: reservations that a crash left behind, and the count of what is open."""
        swept = ledger.sweep()
        if swept:
            logs.say("swept", orders=swept)
        self.metrics.count_orders(self.archive.open_orders())

    def drop_old(self) -> None:
        """What has to be done now and then: data that was kept long enough."""
        self.archive.tidy(self.order_retention, self.address_retention)

    def close(self) -> None:
        """Close every connection to Trustpilot and to the database."""
        self.session.close()
        self.database.close()


@dataclass(frozen=True, slots=True)
class Parts:
    """The classes a destination is made of; whoever wants one that behaves differently gives a subclass."""

    connections: type[Connections] = Connections
    reader: type[OrderReader] = OrderReader
    ledger: type[Ledger] = Ledger
    tokens: type[TokenStore] = TokenStore
    trustpilot: type[TrustpilotClient] = TrustpilotClient
    destination: type[Destination] = Destination


def open_database(settings: Settings, now: Callable[[], float] = time.time) -> tuple[Database, Vault]:
    """The database, brought up to date, and the vault over it.

    :raises sqlalchemy.exc.SQLAlchemyError: when it cannot be opened.
    :raises NewerDatabaseError: when a later version has changed it.
    :raises WrongKeyError: when it was used with other keys.
    """
    database = Database(settings.database_url)
    try:
        migrate(database, now)
        return database, Vault(database, settings.encryption_keys, derived_key(settings.api_secret))
    except BaseException:
        database.close()
        raise


def build(settings: Settings, parts: Parts | None = None, now: Callable[[], float] = time.time) -> Destination:
    """Put a destination together.

    :param parts: other classes than the usual ones.
    :param now: seconds since 1970.
    :raises Exception: as :func:`open_database` does.
    """
    parts = parts or Parts()
    database, vault = open_database(settings, now)
    request = _WAITS_PER_REQUEST * settings.timeout
    rules = Rules(
        lease=max(LEASE, 2 * _REQUESTS_PER_EVENT * request),
        repeat=settings.repeat_unknown,
        cap=settings.consumer_cap,
        span=settings.consumer_cap_span,
    )
    session, metrics = new_session((settings.api_url, settings.invitations_api_url)), Metrics()
    store = Store(
        database=database,
        vault=vault,
        archive=Archive(database, now),
        session=session,
        metrics=metrics,
        repeats_unknown=settings.repeat_unknown,
        order_retention=settings.order_retention,
        address_retention=settings.address_retention,
    )
    desk = TokenDesk(settings, session, metrics)
    tokens = parts.tokens(database, vault, desk, now, 1 + _REQUESTS_PER_TOKEN * request)
    connections = parts.connections(settings, database, vault, now)
    return parts.destination(
        connections=connections,
        reader=parts.reader(vault.pseudonym),
        ledger=parts.ledger(database, now, rules),
        trustpilot=parts.trustpilot(settings, session, tokens, metrics, now),
        store=store,
        onboarding=Onboarding(
            settings,
            connections,
            tokens,
            desk,
            Partner(settings, session, desk, metrics, now),
            Logins(database, vault, now),
        ),
    )
