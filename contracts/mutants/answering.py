"""Mutants that decide wrongly, or tell Segment something else than what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus

from flask import Flask, Response, jsonify

from contracts.destination.connections import Connection, Connections
from contracts.destination.erasing import Eraser
from contracts.destination.ledger import Entry, Ledger
from contracts.destination.messages import Refusal, Reply
from contracts.destination.onboarding.steps import Onboarding
from contracts.destination.orders import Deletion, Order, OrderReader
from contracts.destination.service import Destination, Store
from contracts.destination.trustpilot import TrustpilotClient

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
            raise Refusal(Reply(refusal.reply.status, "")) from None

    def handle(self, event: object, connection: Connection) -> Reply:
        """The usual reply, empty when it is a refusal."""
        reply = super().handle(event, connection)
        return replace(reply, message="") if reply.status >= HTTPStatus.BAD_REQUEST else reply


class IgnoresDeletion(Destination):
    """Answers that a person is forgotten, and forgets nobody."""

    def handle(self, event: object, connection: Connection) -> Reply:
        """200 for every delete call."""
        return (
            _WELL if isinstance(event, Mapping) and event.get("type") == "delete" else super().handle(event, connection)
        )


class KeepsEmail(Destination):
    """Writes the buyer's address into its database in clear."""

    def _entry(self, identity: str, order: Order) -> Entry:
        """The usual entry, with the address where its hash belongs."""
        return replace(super()._entry(identity, order), consumer=order.email)


class OnlyLatestAddress(Eraser):
    """Forgets one address of a person."""

    def erase(self, connection: Connection, deletion: Deletion) -> Reply:
        """The usual way, with one address at Trustpilot."""
        trustpilot = self._trustpilot
        self._trustpilot = _FirstOnly(trustpilot)  # type: ignore[assignment]
        try:
            return super().erase(connection, deletion)
        finally:
            self._trustpilot = trustpilot


class _FirstOnly:
    def __init__(self, trustpilot: TrustpilotClient) -> None:
        self._trustpilot = trustpilot

    def erase(self, connection: Connection, addresses: Sequence[str]) -> int:
        return self._trustpilot.erase(connection, list(addresses)[:1])


class ForgetsOneAddress(Destination):
    """Has one address of a person deleted, however many there are."""

    def __init__(
        self,
        connections: Connections,
        reader: OrderReader,
        ledger: Ledger,
        trustpilot: TrustpilotClient,
        store: Store,
        onboarding: Onboarding,
    ) -> None:
        super().__init__(connections, reader, ledger, trustpilot, store, onboarding)
        self._eraser = OnlyLatestAddress(store.archive, store.vault, trustpilot)


class BelievesDeletion(Destination):
    """Answers that a person is forgotten, whatever Trustpilot said."""

    def handle(self, event: object, connection: Connection) -> Reply:
        """200 for every delete call that names somebody, after the usual work."""
        reply = super().handle(event, connection)
        deletes = isinstance(event, Mapping) and event.get("type") == "delete"
        return _WELL if deletes and reply.status >= HTTPStatus.TOO_MANY_REQUESTS else reply


class DeletesNobody(Destination):
    """Asks Trustpilot to delete somebody when it knows nobody."""

    def handle(self, event: object, connection: Connection) -> Reply:
        """The usual reply, after a call too many."""
        reply = super().handle(event, connection)
        if reply.name == "nobody-known":
            self.trustpilot.erase(connection, ["nobody@example.com"])
        return reply


def fail_on_broken_json(app: Flask) -> None:
    """Make a destination answer 500 to a body that is no JSON."""

    def failed(refusal: Refusal) -> tuple[Response, int]:
        if refusal.reply.name == "bad-json":
            return Response("Internal Server Error", content_type="text/plain"), HTTPStatus.INTERNAL_SERVER_ERROR
        return jsonify(message=refusal.reply.message), refusal.reply.status

    app.register_error_handler(Refusal, failed)
