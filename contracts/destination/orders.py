"""Reads an order out of a Segment event. Pure: no clock, no network, no database."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from contracts.destination.replies import Refusal

LONGEST_TEXT = 255
_LONGEST_ADDRESS = 254
_NOBODY = "Customer"

# Segment's own code takes either order of the words, any case, and one optional space or underscore (facts:
# events-code). Its expression is open at one end; ours is closed, because "Completed Order Refund" must not invite
# anybody.
_ORDER_COMPLETED = re.compile(r"order[ _]?completed|completed[ _]?order", re.IGNORECASE)
_ADDRESS = re.compile(r"[^@\s\"(),:;<>\[\]\\]+@([^@\s.\"(),:;<>\[\]\\_]+\.)+[^@\s.\"(),:;<>\[\]\\_]{2,}")
# Invisible, yet Persian and Indic names are misspelt without them.
_JOINERS = "\u200c\u200d"
_CALL_TYPES = frozenset({"identify", "page", "screen", "group", "alias", "delete"})

Object = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Order:
    """What an invitation needs to know.

    :param order_id: the shop's own order id, at most 255 characters; becomes Trustpilot's reference number.
    :param email: where Trustpilot writes to.
    :param name: how Trustpilot addresses the buyer; never empty.
    :param message_id: Segment's id of the event, None when the event had none.
    """

    order_id: str
    email: str
    name: str
    message_id: str | None

    @property
    def key(self) -> str:
        """The order id as it may be stored, logged and shown."""
        return without_address(self.order_id)

    @property
    def message_key(self) -> str | None:
        """The event's id as it may be stored and logged."""
        return None if self.message_id is None else without_address(self.message_id)

    @property
    def label(self) -> str:
        """How a message may call the order."""
        return "this order" if self.key != self.order_id else f"order {self.order_id}"


def without_address(text: str) -> str:
    """``text`` itself, or a hash of it when it could hold an e-mail address: some shops use one as an order id."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if "@" in text else text


class OrderReader:
    """Turns events into orders, or refuses them with a reason.

    Fields are found in any casing, with or without spaces and underscores: Segment warns that customers differ.
    """

    def read(self, event: object) -> Order:
        """The order in an event.

        :param event: one event, as parsed from JSON.
        :raises Refusal: 501 for a call type that never invites, 200 for another track event, 400 for an order that
            cannot be used. No other exception, whatever the event holds.
        """
        if not isinstance(event, Mapping):
            raise bad("The body must be a JSON object that holds one event.")
        self.check_call(event)
        properties = objects(event, "properties")
        context = objects(event, "context")
        traits = objects(context, "traits", "context.traits")
        top_traits = objects(event, "traits")
        return Order(
            order_id=self.order_id(properties),
            email=self.email({"properties": properties, "context.traits": traits, "traits": top_traits}),
            name=self.name(properties, traits),
            message_id=self.message_id(event),
        )

    def check_call(self, event: Object) -> None:
        """Refuse everything but a track call that completes an order.

        Call types answer 501 (Segment, direct destinations: the call type is not supported); another track event is
        processed, by doing nothing, so it answers 200.

        :raises Refusal: 501, 200 or 400.
        """
        call = text(event, "type")
        if call is None:
            raise bad("The event has no type. Send track calls named Order Completed.")
        if call != "track":
            named = f"{call} calls" if call in _CALL_TYPES else "calls of this type"
            raise Refusal(
                HTTPStatus.NOT_IMPLEMENTED,
                f"This destination does not support {named}; only track calls named Order Completed.",
            )
        name = text(event, "event")
        if name is None:
            raise bad("The track call has no event name. Only Order Completed makes an invitation.")
        if not _ORDER_COMPLETED.fullmatch(name):
            raise Refusal(HTTPStatus.OK, "Nothing was sent: only the event Order Completed makes an invitation.")

    def order_id(self, properties: Object) -> str:
        """The order id: ``order_id`` in any casing, else ``id``.

        Segment's facade asks ``id`` first. Trustpilot's own page requires ``order_id``, so here that one wins: a
        shop's ``id`` may be anything.

        :raises Refusal: 400 when there is none, or when it is no text or whole number.
        """
        for field in ("order_id", "id"):
            found = identifier(properties, field, f"properties.{field}")
            if found is not None:
                return found
        raise bad("The order has no id: looked in properties.order_id and properties.id.")

    def email(self, places: Mapping[str, Object]) -> str:
        """The buyer's address, from the first place that holds one.

        :param places: objects that may have an ``email``, by their paths, in the order to look.
        :raises Refusal: 400 when no place has one, or when the first one found is no address.
        """
        for path, place in places.items():
            found = text(place, "email", f"{path}.email")
            if found is not None:
                if len(found) > _LONGEST_ADDRESS or not found.isprintable() or not _ADDRESS.fullmatch(found):
                    raise bad(f"{path}.email does not look like an e-mail address.")
                return found
        raise bad("Missing e-mail address: looked in " + ", ".join(f"{path}.email" for path in places) + ".")

    def name(self, properties: Object, traits: Object) -> str:
        """``name`` and ``surname`` of the order, else the names in the user's traits, else "Customer"."""
        for path, place, fields in (
            ("properties", properties, ("name", "surname")),
            ("context.traits", traits, ("first_name", "last_name")),
            ("context.traits", traits, ("name",)),
        ):
            parts = [_clean(text(place, field, f"{path}.{field}") or "") for field in fields]
            full = " ".join(part for part in parts if part)
            if full:
                return full[:LONGEST_TEXT].rstrip()
        return _NOBODY

    def message_id(self, event: Object) -> str | None:
        """Segment's id of the event; None when there is none.

        :raises Refusal: 400 when it is no text.
        """
        return identifier(event, "messageId", "messageId")

    def message_label(self, event: object) -> str:
        """How a log line may call an event: its message id, or a hyphen when it has none that can be used."""
        try:
            found = self.message_id(event) if isinstance(event, Mapping) else None
        except Refusal:
            found = None
        return "-" if found is None else without_address(found)


def bad(message: str) -> Refusal:
    """A refusal of an event that its sender must mend."""
    return Refusal(HTTPStatus.BAD_REQUEST, message)


def get(place: Object, name: str) -> object:
    """The value of a field in any casing, ignoring spaces and underscores; None when it is missing or empty.

    The exact name wins over its variants, unless it is empty.
    """
    wanted = _plain(name)
    values = (place.get(name), *(value for key, value in place.items() if _plain(key) == wanted))
    return next((value for value in values if value is not None and value != ""), None)


def objects(place: Object, name: str, path: str | None = None) -> Object:
    """The object at a field, empty when the field is missing or null.

    :raises Refusal: 400 with the field's path when it is something else.
    """
    value = get(place, name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise bad(f"{path or name} must be an object.")
    return value


def text(place: Object, name: str, path: str | None = None) -> str | None:
    """The text at a field without outer spaces; None when it is missing, null or empty.

    :raises Refusal: 400 with the field's path when it is something else.
    """
    value = get(place, name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise bad(f"{path or name} must be a string.")
    return value.strip() or None


def identifier(place: Object, name: str, path: str) -> str | None:
    """A text or whole number as text; None when it is missing, null or empty.

    :raises Refusal: 400 with the field's path for another type, for control characters, and for more than 255
        characters.
    """
    value = get(place, name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _digits(value, path)
    if value is not None and not isinstance(value, str):
        raise bad(f"{path} must be a string or a whole number.")
    found = text(place, name, path)
    if found is None:
        return None
    # Line breaks would forge log lines, NUL and lone surrogates are refused by databases.
    if len(found) > LONGEST_TEXT or not found.isprintable():
        raise bad(f"{path} must be at most {LONGEST_TEXT} printable characters.")
    return found


def _digits(number: float, path: str) -> str:
    if isinstance(number, float) and (not math.isfinite(number) or not number.is_integer()):
        raise bad(f"{path} must be a string or a whole number.")
    whole = int(number)
    # Python refuses to print integers of several thousand digits, so the size is compared before.
    if abs(whole) >= 10 ** (LONGEST_TEXT - 1):
        raise bad(f"{path} must be at most {LONGEST_TEXT} printable characters.")
    return str(whole)


def _plain(name: str) -> str:
    return name.replace("_", "").replace(" ", "").casefold()


def _clean(name: str) -> str:
    """A name as it may stand in a mail: every script, no control characters, no line breaks, no lone surrogates."""
    return " ".join("".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in name).split())
