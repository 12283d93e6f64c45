"""Mutants that decide wrongly, or answer Segment with something other than what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from flask import Flask, Response, jsonify
from tpmock.destination.rules.messages import DestinationReply, Refusal
from tpmock.destination.rules.orders import Order
from tpmock.destination.service.destination import Destination
from tpmock.destination.service.erasure import Eraser
from tpmock.destination.storage.connections import Connection
from tpmock.destination.storage.ledger import Claim, OrderEntry

_WELL = DestinationReply(HTTPStatus.OK, "The event was processed.")


class DedupesByMessageIdOnly(Destination):
    """Invites again when the same order comes in another event."""

    def identity(self, order: Order) -> str:
        return order.message_key or order.key


class DropsOn429(Destination):
    """Answers 200 when Trustpilot limits calls, so the order is lost."""

    def judge(self, status: int, order: Order) -> DestinationReply:
        return _WELL if status == HTTPStatus.TOO_MANY_REQUESTS else super().judge(status, order)


class DropsOn500(Destination):
    """Answers 200 when Trustpilot fails, so the order is lost."""

    def judge(self, status: int, order: Order) -> DestinationReply:
        return _WELL if status >= HTTPStatus.INTERNAL_SERVER_ERROR else super().judge(status, order)


class Hides403(Destination):
    """Answers 200 when Trustpilot says that a permission is missing."""

    def judge(self, status: int, order: Order) -> DestinationReply:
        return _WELL if status == HTTPStatus.FORBIDDEN else super().judge(status, order)


class LeaksEmail(Destination):
    """Writes the buyer's address into the message."""

    def invite(self, connection: Connection, order: Order) -> DestinationReply:
        reply = super().invite(connection, order)
        return replace(reply, message=f"{reply.message} ({order.email})")


class Silent(Destination):
    """Refuses without a message."""

    def admit(self, key: str | None) -> Connection:
        try:
            return super().admit(key)
        except Refusal as refusal:
            raise Refusal(DestinationReply(refusal.reply.status, "")) from None

    def handle(self, event: object, connection: Connection) -> DestinationReply:
        reply = super().handle(event, connection)
        return replace(reply, message="") if reply.status >= HTTPStatus.BAD_REQUEST else reply


class IgnoresDeletion(Destination):
    """Answers that a person is erased, and erases nothing."""

    def handle(self, event: object, connection: Connection) -> DestinationReply:
        return (
            _WELL if isinstance(event, Mapping) and event.get("type") == "delete" else super().handle(event, connection)
        )


class KeepsEmail(Destination):
    """Writes the buyer's address into its database."""

    def _entry(self, identity: str, order: Order) -> OrderEntry:
        return replace(super()._entry(identity, order), consumer=order.email)


class ForgetsOneAddress(Eraser):
    """Deletes only one address of a person."""

    def _at_trustpilot(self, connection: Connection, addresses: list[str]) -> DestinationReply:
        return super()._at_trustpilot(connection, addresses[:1])


class FailsOnRepeats(Destination):
    """Answers 503 to an order that it has invited before."""

    def _found(self, claim: Claim, order: Order) -> DestinationReply:
        reply = super()._found(claim, order)
        return replace(reply, status=HTTPStatus.SERVICE_UNAVAILABLE) if claim is Claim.SENT else reply


class RefusesParallelOnes(Destination):
    """Answers 400, which is final, to an order that is being invited at that moment."""

    def _found(self, claim: Claim, order: Order) -> DestinationReply:
        reply = super()._found(claim, order)
        return replace(reply, status=HTTPStatus.BAD_REQUEST) if claim is Claim.IN_FLIGHT else reply


class BelievesDeletion(Destination):
    """Answers that a person is erased, whatever Trustpilot answered."""

    def handle(self, event: object, connection: Connection) -> DestinationReply:
        reply = super().handle(event, connection)
        deletes = isinstance(event, Mapping) and event.get("type") == "delete"
        return _WELL if deletes and reply.status >= HTTPStatus.TOO_MANY_REQUESTS else reply


class DeletesNobody(Destination):
    """Asks Trustpilot to delete a person when it has no data of that user."""

    def handle(self, event: object, connection: Connection) -> DestinationReply:
        reply = super().handle(event, connection)
        if reply.name in {"nobody-known", "no-user-id"}:
            self.trustpilot.erase(connection, ["nobody@example.com"])
        return reply


def fails_on_broken_json(app: Flask) -> None:
    """Answers 500 to a body that is not valid JSON."""

    def failed(refusal: Refusal) -> tuple[Response, int]:
        if refusal.reply.name == "bad-json":
            return Response("Internal Server Error", content_type="text/plain"), HTTPStatus.INTERNAL_SERVER_ERROR
        return jsonify(message=refusal.reply.message), refusal.reply.status

    app.register_error_handler(Refusal, failed)
