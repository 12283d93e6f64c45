"""Mutants that let in, or read, what they should not."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from contracts.destination.connections import Connection, Connections
from contracts.destination.orders import Object, Order, OrderReader, get, identifier, text


class AnyKey(Connections):
    """Takes every integration key, and none."""

    def find(self, key: str | None) -> Connection:
        """The one connection there is, whoever asks."""
        del key
        return self._connection


class AnyEvent(OrderReader):
    """Reads an order out of every track call, whatever its name."""

    def check_call(self, event: Object) -> None:
        """Look at the call type only."""
        named = {"event": "Order Completed"} if get(event, "type") == "track" else {}
        super().check_call({**event, **named})


class Identify(OrderReader):
    """Takes an identify call for a completed order, with the message id as order id."""

    def read(self, event: object) -> Order:
        """Dress an identify call up as the track call it is not."""
        if isinstance(event, Mapping) and get(event, "type") == "identify":
            order = {"order_id": get(event, "messageId")}
            event = {**event, "type": "track", "event": "Order Completed", "properties": order}
        return super().read(event)


class MissingEmail(OrderReader):
    """Makes up an e-mail address when the order has none."""

    def email(self, places: Mapping[str, Object]) -> str:
        """An address in any case."""
        found = any(text(place, "email") for place in places.values())
        return super().email(places) if found else "somebody@example.com"


class MissingOrderId(OrderReader):
    """Makes up an order id when the order has none."""

    def order_id(self, properties: Object) -> str:
        """An id in any case."""
        found = any(identifier(properties, field, field) for field in ("order_id", "id"))
        return super().order_id(properties) if found else uuid4().hex


class FirstNameOnly(OrderReader):
    """Drops the surname."""

    def name(self, properties: Object, traits: Object) -> str:
        """Everything up to the first space."""
        return super().name(properties, traits).partition(" ")[0]
