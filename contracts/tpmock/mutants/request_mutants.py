"""Mutants that accept or read what they should not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from uuid import uuid4

from flask import Flask
from tpmock.destination.rules.events import Object, get, identifier, text
from tpmock.destination.rules.messages import Refusal, refuse
from tpmock.destination.rules.orders import Order, OrderReader
from tpmock.destination.storage.connections import Connection, Connections


class AcceptsAnyKey(Connections):
    """Processes events with any integration key."""

    def find(self, key: str | None) -> Connection:
        del key
        return self._connection


class InvitesOnAnyEvent(OrderReader):
    """Invites on every track call, not only on Order Completed."""

    def check_call(self, event: Object) -> None:
        named = {"event": "Order Completed"} if get(event, "type") == "track" else {}
        super().check_call({**event, **named})


class InvitesOnIdentify(OrderReader):
    """Invites on identify calls too."""

    def read(self, event: object) -> Order:
        if isinstance(event, Mapping) and get(event, "type") == "identify":
            order = {"order_id": get(event, "messageId")}
            event = {**event, "type": "track", "event": "Order Completed", "properties": order}
        return super().read(event)


class IgnoresMissingEmail(OrderReader):
    """Invents an e-mail address when the order has none."""

    def email(self, places: Mapping[str, Object]) -> tuple[str, str]:
        found = any(text(place, "email") for place in places.values())
        return super().email(places) if found else ("somebody@example.com", "nowhere")


class IgnoresMissingOrderId(OrderReader):
    """Invents an order id when the order has none."""

    def order_id(self, properties: Object) -> str:
        found = any(identifier(properties, field, field) for field in ("order_id", "id"))
        return super().order_id(properties) if found else uuid4().hex


class StrictInNameOnly(OrderReader):
    """Claims to read the documented names only, and reads every spelling and place."""

    def __init__(self, pseudonym: Callable[[str], str], *, strict: bool = True) -> None:
        del strict
        super().__init__(pseudonym)


class StrictFailsOnOthers(OrderReader):
    """Reads the documented names only, and answers other events with 400."""

    def __init__(self, pseudonym: Callable[[str], str], *, strict: bool = True) -> None:
        del strict
        super().__init__(pseudonym, strict=True)

    def check_call(self, event: Object) -> None:
        try:
            super().check_call(event)
        except Refusal as refusal:
            raise Refusal(replace(refusal.reply, status=HTTPStatus.BAD_REQUEST)) from None


class FirstNameOnly(OrderReader):
    """Drops the buyer's surname."""

    def name(self, properties: Object, traits: Object) -> str:
        return super().name(properties, traits).partition(" ")[0]


class LooksAtNameOnly(OrderReader):
    """Invites on a page call that is named Order Completed."""

    def check_call(self, event: Object) -> None:
        super().check_call({**event, "type": "track"} if get(event, "event") == "Order Completed" else event)


class InvitesOnGroup(OrderReader):
    """Invites on group calls too."""

    def read(self, event: object) -> Order:
        if isinstance(event, Mapping) and get(event, "type") == "group":
            order = {"order_id": get(event, "groupId")}
            event = {**event, "type": "track", "event": "Order Completed", "properties": order}
        return super().read(event)


class FailsOnBadInput(OrderReader):
    """Answers 500 to an invalid order."""

    def read(self, event: object) -> Order:
        try:
            return super().read(event)
        except Refusal as refusal:
            if refusal.reply.status == HTTPStatus.BAD_REQUEST:
                raise TypeError("no order") from None
            raise


class FailsOnOddCharacters(OrderReader):
    """Answers 500 to an order id with a null character."""

    def order_id(self, properties: Object) -> str:
        found = properties.get("order_id")
        if isinstance(found, str) and not found.isprintable():
            raise UnicodeError("an odd order id")
        return super().order_id(properties)


class LocalTime(OrderReader):
    """Treats the buyer's local time as UTC."""

    def placed_at(self, event: Object) -> float | None:
        written = get(event, "timestamp")
        return super().placed_at({"timestamp": re.sub(r"(Z|[+-]\d\d:\d\d)$", "Z", str(written))})


class BrokenLines(OrderReader):
    """Passes on a line break in a name."""

    def name(self, properties: Object, traits: Object) -> str:
        plain = super().name(properties, traits)
        parts = [str(properties.get(part, "")) for part in ("name", "surname")]
        return " ".join(parts).strip() if any("\n" in part for part in parts) else plain


class TraitsFirst(OrderReader):
    """Prefers the address of the user to that of the order."""

    def email(self, places: Mapping[str, Object]) -> tuple[str, str]:
        path = "context.traits.email"
        return super().email({path: places[path], **places} if path in places else places)


class HeedsAllOnly(OrderReader):
    """Drops an order whose integrations say All: false, also when they name this destination."""

    def check_call(self, event: Object) -> None:
        super().check_call(event)
        integrations = get(event, "integrations")
        if isinstance(integrations, Mapping) and integrations.get("All") is False:
            raise refuse("other-event")


class CutsZeros(OrderReader):
    """Takes the zeros off the start of an order id."""

    def order_id(self, properties: Object) -> str:
        return super().order_id(properties).lstrip("0") or "0"


class CutsLongIds(OrderReader):
    """Cuts order ids after 32 characters."""

    def order_id(self, properties: Object) -> str:
        return super().order_id(properties)[:32]


def refuses_big_events(app: Flask) -> None:
    """Refuses events of more than 32 KB, although Segment adds to what its tracking API takes."""
    app.config["MAX_CONTENT_LENGTH"] = 32 * 1024
