"""The destination itself: one event in, one reply out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import requests

from contracts.destination import replies
from contracts.destination.config import Settings
from contracts.destination.connections import Connection, Connections
from contracts.destination.ledger import LEASE, Claim, Ledger, State
from contracts.destination.orders import Order, OrderReader
from contracts.destination.replies import Refusal, Reply
from contracts.destination.tokens import NoTokenError, TokenDesk, TokenStore
from contracts.destination.trustpilot import TrustpilotClient, UnconfirmedError, UnreachableError, new_session

log = logging.getLogger("contracts.destination")

# Two tokens and two invitation requests, each with a wait for the connection and one for the answer.
_WAITS_PER_EVENT = 8


class Destination:
    """Decides what becomes of an event. The parts do the work; this class holds the order in which they are asked."""

    def __init__(
        self,
        connections: Connections,
        reader: OrderReader,
        ledger: Ledger,
        trustpilot: TrustpilotClient,
        session: requests.Session,
    ) -> None:
        self.connections = connections
        self.reader = reader
        self.ledger = ledger
        self.trustpilot = trustpilot
        self._session = session

    def admit(self, key: str | None) -> Connection:
        """The connection of an integration key.

        :raises Refusal: 401.
        """
        return self.connections.find(key)

    def handle(self, event: object, connection: Connection) -> Reply:
        """Process one event.

        :param event: as parsed from JSON, of whatever type.
        :returns: what Segment is told; a refusal too is a reply.
        """
        started = time.perf_counter()
        order: Order | None = None
        try:
            order = self.reader.read(event)
            reply = self.invite(connection, order)
        except Refusal as refusal:
            reply = refusal.reply
        log.info(
            "message=%s order=%s status=%d ms=%d %s",
            self.reader.message_label(event),
            order.key if order else "-",
            reply.status,
            (time.perf_counter() - started) * 1000,
            reply.message,
        )
        return reply

    def invite(self, connection: Connection, order: Order) -> Reply:
        """Invite the buyer of an order, unless that was done before."""
        identity = self.identity(order)
        claim = self.ledger.reserve(connection.id, identity, order.message_key)
        if claim is not Claim.WON:
            return _FOUND[claim](order.label)
        state = State.UNCONFIRMED  # stays so when something unforeseen happens on the way
        try:
            reply, state = self.request(connection, order)
        finally:
            self.ledger.settle(connection.id, identity, state)
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
        except UnreachableError:
            return replies.to_no_connection(order.label), State.REFUSED
        except UnconfirmedError:
            return replies.to_unknown_outcome(order.label), State.UNCONFIRMED
        done = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        return self.judge(status, order), State.SENT if done else State.REFUSED

    def judge(self, status: int, order: Order) -> Reply:
        """What Segment is told about Trustpilot's answer."""
        return replies.to_trustpilot_status(status, order.label)

    def close(self) -> None:
        """Close every connection to Trustpilot and to the database."""
        self._session.close()
        self.ledger.close()


_FOUND: dict[Claim, Callable[[str], Reply]] = {
    Claim.SENT: replies.to_invited_order,
    Claim.IN_FLIGHT: replies.to_order_in_flight,
    Claim.UNCONFIRMED: replies.to_unknown_outcome,
}


@dataclass(frozen=True, slots=True)
class Parts:
    """The classes a destination is made of; whoever wants one that behaves differently gives a subclass."""

    connections: type[Connections] = Connections
    reader: type[OrderReader] = OrderReader
    ledger: type[Ledger] = Ledger
    tokens: type[TokenStore] = TokenStore
    trustpilot: type[TrustpilotClient] = TrustpilotClient
    destination: type[Destination] = Destination


def build(settings: Settings, parts: Parts | None = None) -> Destination:
    """Put a destination together.

    :param parts: other classes than the usual ones.
    :raises sqlalchemy.exc.SQLAlchemyError: when the ledger cannot be opened.
    """
    parts = parts or Parts()
    ledger = parts.ledger(settings.ledger_url, time.time, max(LEASE, _WAITS_PER_EVENT * settings.timeout))
    session = new_session()
    tokens = parts.tokens(TokenDesk(settings, session).fetch, time.monotonic)
    return parts.destination(
        connections=parts.connections(settings),
        reader=parts.reader(),
        ledger=ledger,
        trustpilot=parts.trustpilot(settings, session, tokens),
        session=session,
    )
