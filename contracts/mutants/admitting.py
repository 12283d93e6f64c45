"""Mutants that let in, or read, what they should not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

from contracts.destination.connections import Connection, Connections
from contracts.destination.events import Object, get, identifier, text
from contracts.destination.messages import Refusal
from contracts.destination.orders import Order, OrderReader


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

    def email(self, places: Mapping[str, Object]) -> tuple[str, str]:
        """An address in any case."""
        found = any(text(place, "email") for place in places.values())
        return super().email(places) if found else ("somebody@example.com", "nowhere")


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


class ByName(OrderReader):
    """Looks at the name of a call and not at its type."""

    def check_call(self, event: Object) -> None:
        """Whatever is named so is a track call."""
        super().check_call({**event, "type": "track"} if get(event, "event") == "Order Completed" else event)


class Group(OrderReader):
    """Takes a group call for a completed order, with the group's id as order id."""

    def read(self, event: object) -> Order:
        """Dress a group call up as the track call it is not."""
        if isinstance(event, Mapping) and get(event, "type") == "group":
            order = {"order_id": get(event, "groupId")}
            event = {**event, "type": "track", "event": "Order Completed", "properties": order}
        return super().read(event)


class Brittle(OrderReader):
    """Fails on an order that it cannot read, instead of refusing it."""

    def read(self, event: object) -> Order:
        """500 where 400 belongs."""
        try:
            return super().read(event)
        except Refusal as refusal:
            if refusal.reply.status == HTTPStatus.BAD_REQUEST:
                raise TypeError("no order") from None
            raise


class Unprintable(OrderReader):
    """Fails on characters that it did not expect."""

    def order_id(self, properties: Object) -> str:
        """500 where 400 belongs, for such order ids only."""
        found = properties.get("order_id")
        if isinstance(found, str) and not found.isprintable():
            raise UnicodeError("an odd order id")
        return super().order_id(properties)


class LocalTime(OrderReader):
    """Takes the buyer's time of day for UTC."""

    def placed_at(self, event: Object) -> float | None:
        """The timestamp without its offset."""
        written = get(event, "timestamp")
        return super().placed_at({"timestamp": re.sub(r"(Z|[+-]\d\d:\d\d)$", "Z", str(written))})


class BrokenLines(OrderReader):
    """Passes names on as they come."""

    def name(self, properties: Object, traits: Object) -> str:
        """Line breaks and all."""
        plain = super().name(properties, traits)
        parts = [str(properties.get(part, "")) for part in ("name", "surname")]
        return " ".join(parts).strip() if any("\n" in part for part in parts) else plain
