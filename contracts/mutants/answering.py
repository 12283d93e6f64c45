"""Mutants that decide wrongly, or tell Segment something else than what happened."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from contracts.destination.connections import Connection
from contracts.destination.orders import Order
from contracts.destination.replies import Refusal, Reply
from contracts.destination.service import Destination

_WELL = Reply(HTTPStatus.OK, "The event was processed.")


class ByMessage(Destination):
    """Knows events and not orders, so the same order in another event is new."""

    def identity(self, order: Order) -> str:
        """The event's id in the order's place."""
        return order.message_key or order.key


class DropsOn429(Destination):
    """Calls the event processed when Trustpilot limits calls, so Segment never retries."""

    def judge(self, status: int, order: Order) -> Reply:
        """200 for 429."""
        return _WELL if status == HTTPStatus.TOO_MANY_REQUESTS else super().judge(status, order)


class DropsOn500(Destination):
    """Calls the event processed when Trustpilot fails, so Segment never retries."""

    def judge(self, status: int, order: Order) -> Reply:
        """200 for 5xx."""
        return _WELL if status >= HTTPStatus.INTERNAL_SERVER_ERROR else super().judge(status, order)


class Hides403(Destination):
    """Calls the event processed when Trustpilot says that a permission is missing, so nobody mends it."""

    def judge(self, status: int, order: Order) -> Reply:
        """200 for 403."""
        return _WELL if status == HTTPStatus.FORBIDDEN else super().judge(status, order)


class LeaksEmail(Destination):
    """Writes the buyer's address into the message."""

    def invite(self, connection: Connection, order: Order) -> Reply:
        """The usual reply with a person in it."""
        reply = super().invite(connection, order)
        return replace(reply, message=f"{reply.message} ({order.email})")


class Silent(Destination):
    """Refuses without a word."""

    def admit(self, key: str | None) -> Connection:
        """The usual check, with an empty refusal."""
        try:
            return super().admit(key)
        except Refusal as refusal:
            raise Refusal(refusal.reply.status, "") from None

    def handle(self, event: object, connection: Connection) -> Reply:
        """The usual reply, empty when it is a refusal."""
        reply = super().handle(event, connection)
        return replace(reply, message="") if reply.status >= HTTPStatus.BAD_REQUEST else reply
