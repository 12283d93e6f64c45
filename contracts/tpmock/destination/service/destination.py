"""The destination itself: one event in, one reply out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

import requests
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from tpmock.destination import logs
from tpmock.destination.config import DestinationSettings
from tpmock.destination.metrics import Metrics
from tpmock.destination.rules import replies
from tpmock.destination.rules.invitations import notes
from tpmock.destination.rules.messages import DestinationReply, Refusal, say
from tpmock.destination.rules.orders import Order, OrderReader
from tpmock.destination.rules.replies import is_success
from tpmock.destination.service.erasure import Eraser
from tpmock.destination.service.onboarding import Onboarding
from tpmock.destination.service.settling import Settler
from tpmock.destination.storage.connections import Connection, Connections
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.deadlines import LONG, PATIENCE
from tpmock.destination.storage.ledger import Claim, Ledger, OrderEntry, OrderState, Outcome
from tpmock.destination.storage.order_admin import OrderAdmin
from tpmock.destination.storage.vault import Vault, WrongKeyError
from tpmock.destination.trustpilot.invitation_api import (
    BlockedError,
    TrustpilotClient,
    UnconfirmedError,
    UnreachableError,
)
from tpmock.destination.trustpilot.token_endpoint import NoTokenError


@dataclass(frozen=True, slots=True)
class Store:
    """Resources of a destination: its database with the vault, its session, its counters."""

    settings: DestinationSettings
    database: Database
    vault: Vault
    order_admin: OrderAdmin
    session: requests.Session
    metrics: Metrics

    def tidy(self, ledger: Ledger) -> None:
        """Run every minute: sweep the reservations that a crash left behind, and count the open orders."""
        swept = ledger.sweep()
        if swept:
            logs.say("swept", orders=swept)
        self.metrics.count_orders(self.order_admin.open_orders())

    def drop_old(self) -> None:
        """Delete expired data; runs at intervals."""
        with self.database.within(LONG):
            self.order_admin.tidy(self.settings.order_retention, self.settings.address_retention)


@dataclass(eq=False)
class Destination:
    """Decides how an event is processed. The parts do the work; this class calls them in order."""

    connections: Connections
    reader: OrderReader
    ledger: Ledger
    trustpilot: TrustpilotClient
    eraser: Eraser
    onboarding: Onboarding
    settler: Settler
    store: Store

    def admit(self, key: str | None) -> Connection:
        """Return the connection of an integration key."""
        with self.store.database.within(PATIENCE):
            return self.connections.find(key)

    def handle(self, event: object, connection: Connection) -> DestinationReply:
        """Process one event."""
        metrics = self.store.metrics
        began = metrics.begin()
        order: Order | None = None
        try:
            user_id = self.reader.deletion(event)
            if user_id is not None:
                reply = self.eraser.erase(connection, user_id)
            else:
                order = self.reader.read(event)
                reply = self.invite(connection, order)
        except Refusal as refusal:
            reply = refusal.reply
        except (SQLAlchemyError, WrongKeyError) as problem:
            reply = failed(problem)
        took = metrics.answered(reply.name, reply.status, began)
        logs.say(
            "event",
            connection=connection.id,
            message_id=self.reader.message_label(event),
            order=order.key if order else None,
            address_from=order.place if order else None,
            status=int(reply.status),
            message=reply.name or None,
            calls=metrics.calls,
            ms=round(took * 1000, 1),
            text=reply.message,
        )
        return reply

    def invite(self, connection: Connection, order: Order) -> DestinationReply:
        """Invite the buyer of an order, unless that was done before."""
        identity = self.identity(order)
        entry = self._entry(identity, order)
        try:
            with self.store.database.within(PATIENCE):
                reservation = self.ledger.reserve(connection.id, entry)
        except DBAPIError as problem:
            # The connection broke under a statement: a database that was frozen may execute it when it goes on.
            if problem.connection_invalidated:
                self.settler.give_up(connection.id, identity, entry.claim)
            raise
        if reservation.claim is not Claim.WON:
            return self._found(reservation.claim, order)
        # Stays so when an unexpected error occurs on the way.
        reply, state = say("unforeseen"), OrderState.UNCONFIRMED
        try:
            reply, state = self.request(connection, order)
        finally:
            self.store.metrics.claimed()
            self.settler.settle(Outcome(connection.id, identity, reservation.attempt, state, reply.name))
        return reply

    def identity(self, order: Order) -> str:
        """Return what two events share when they are about the same order."""
        return order.key

    def request(self, connection: Connection, order: Order) -> tuple[DestinationReply, OrderState]:
        """Ask Trustpilot, and return the reply to Segment with the new state of the order."""
        try:
            status = self.trustpilot.invite(connection, order)
        except NoTokenError as problem:
            return replies.to_missing_token(problem.status, order.label), OrderState.REFUSED
        except UnreachableError as problem:
            name = "trustpilot-blocked" if isinstance(problem, BlockedError) else "trustpilot-unreachable"
            return say(name, order=order.label), OrderState.REFUSED
        except UnconfirmedError:
            return self._unconfirmed(order), OrderState.UNCONFIRMED
        except (SQLAlchemyError, WrongKeyError) as problem:
            # Only tokens are looked up on the way, before a request or after one that was refused with 401.
            return failed(problem), OrderState.REFUSED
        reply = self.judge(status, order)
        if not is_success(status):
            return reply, OrderState.REFUSED
        left_out = notes(order, connection.preferences)
        return (replace(reply, message=" ".join((reply.message, *left_out))) if left_out else reply), OrderState.SENT

    def judge(self, status: int, order: Order) -> DestinationReply:
        """Return the reply to Segment for Trustpilot's answer."""
        return replies.to_trustpilot_status(status, order.label, order.place)

    def close(self) -> None:
        """Close every connection to Trustpilot and to the database."""
        self.settler.close()
        self.store.session.close()
        self.store.database.close()

    def _entry(self, identity: str, order: Order) -> OrderEntry:
        vault = self.store.vault
        person = None if order.user_id is None else vault.person(order.user_id)
        return OrderEntry(
            order_id=identity,
            message_id=order.message_key,
            consumer=vault.consumer(order.email),
            person=person,
            # A deletion request names a user id, and only for that is the address needed again.
            address=None if person is None else vault.seal(order.email),
            claim=secrets.token_hex(16),
        )

    def _found(self, claim: Claim, order: Order) -> DestinationReply:
        if claim is Claim.UNCONFIRMED:
            return self._unconfirmed(order)
        name = {Claim.SENT: "already-invited", Claim.IN_FLIGHT: "in-flight", Claim.CAPPED: "capped"}[claim]
        return say(name, order=order.label)

    def _unconfirmed(self, order: Order) -> DestinationReply:
        name = "unconfirmed-repeated" if self.store.settings.repeat_unknown else "unconfirmed"
        return say(name, order=order.label)


def failed(problem: SQLAlchemyError | WrongKeyError) -> DestinationReply:
    """Return the reply to Segment when the database cannot be used, and write it to the log."""
    logs.unforeseen(problem)
    return say("no-database" if isinstance(problem, SQLAlchemyError) else "wrong-encryption-keys")
