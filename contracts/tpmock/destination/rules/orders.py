"""Reads an order, or a deletion request, from a Segment event. Pure: no clock, no network, no database."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tpmock.common.mail_addresses import is_address
from tpmock.common.moments import parse_iso
from tpmock.destination.rules.events import Object, identifier, objects, text
from tpmock.destination.rules.messages import Refusal, refuse
from tpmock.destination.rules.values import LONGEST_TEXT

EMAIL_PLACES = ("properties.email", "context.traits.email", "traits.email", "userId")
"""Where the buyer's address is looked for, in this order; the last one only when it looks like an address."""

_ORDER_ID_PLACES = "properties.order_id and properties.id"

STRICT_NAMES = ("order_id", "email")
"""All that is read of ``properties`` to find order and buyer where only the documented names count."""

_EVENT = "Order Completed"
_NOBODY = "Customer"

# Segment's own code takes either order of the words, any case, and one optional space or underscore (facts:
# events-code). Its expression is open at one end; ours is closed, because "Completed Order Refund" must not lead to an
# invitation.
_ORDER_COMPLETED = re.compile(r"order[ _]?completed|completed[ _]?order", re.IGNORECASE)
# Invisible, yet Persian and Indic names are misspelt without them.
_JOINERS = "\u200c\u200d"
_CALL_TYPES = frozenset({"identify", "page", "screen", "group", "alias"})


@dataclass(frozen=True, slots=True)
class Order:
    """What an invitation needs to know.

    :param order_id: the shop's own order id, at most 255 characters; becomes Trustpilot's reference number
    :param name: how Trustpilot addresses the buyer; never empty
    :param key: the order id as it may be stored, logged and shown
    :param message_key: the event's id as it may be stored and logged
    :param placed_at: when the event happened, in seconds since 1970, as Segment has it; None when it does not say
    """

    order_id: str
    email: str
    name: str
    message_id: str | None
    key: str
    message_key: str | None
    place: str
    user_id: str | None = None
    placed_at: float | None = None
    properties: Object = field(default_factory=dict, repr=False, compare=False)

    @property
    def label(self) -> str:
        """The order's name in messages."""
        return "this order" if self.key != self.order_id else f"order {self.order_id}"


class OrderReader:
    """Turns events into orders, or refuses them with a reason.

    Fields are found in any casing, with or without spaces and underscores: Segment warns that customers differ.

    :param pseudonym: returns what may be stored and shown instead of a text that could hold an address
    :param strict: only ``Order Completed``, ``properties.order_id`` and ``properties.email`` count, letter by letter,
        as the page of the destination has them
    """

    def __init__(self, pseudonym: Callable[[str], str], *, strict: bool = False) -> None:
        self._pseudonym = pseudonym
        self._strict = strict
        self._email_places = EMAIL_PLACES[:1] if strict else EMAIL_PLACES

    def deletion(self, event: object) -> str | None:
        """Return the user id of a ``delete`` call, with which Segment asks to erase a user; None for another event.

        Its ``context`` and ``integrations`` are empty lists (Segment, building functions), and are not looked at.

        :raises Refusal: 400 when it does not say who
        """
        if not isinstance(event, Mapping) or event.get("type") != "delete":
            return None
        user_id = identifier(event, "userId", "userId")
        if user_id is None:
            raise refuse("no-user-id")
        return user_id

    def read(self, event: object) -> Order:
        """Return the order in an event.

        :raises Refusal: 501 for a call type that never invites, 200 for another track event, 400 for an order that
            cannot be used. No other exception, whatever the event holds
        """
        if not isinstance(event, Mapping):
            raise refuse("not-an-event")
        self.check_call(event)
        properties = objects(event, "properties")
        context = objects(event, "context")
        traits = objects(context, "traits", "context.traits")
        user_id = _usable(event, "userId")
        by_user_id = {"email": user_id} if user_id is not None and is_address(user_id) else {}
        named = {name: properties[name] for name in STRICT_NAMES if name in properties} if self._strict else properties
        places = (named, traits, objects(event, "traits"), by_user_id)
        order_id = self.order_id(named)
        message_id = identifier(event, "messageId", "messageId")
        email, place = self.email(dict(zip(self._email_places, places, strict=False)))
        return Order(
            order_id=order_id,
            email=email,
            name=self.name(properties, traits),
            message_id=message_id,
            key=self._pseudonym(order_id),
            message_key=None if message_id is None else self._pseudonym(message_id),
            place=place,
            user_id=user_id,
            placed_at=self.placed_at(event),
            properties=properties,
        )

    def check_call(self, event: Object) -> None:
        """Refuse everything but a track call that completes an order.

        Call types answer 501 (Segment, direct destinations: the call type is not supported); another track event is
        processed, by doing nothing, so it answers 200.
        """
        call = text(event, "type")
        if call is None:
            raise refuse("no-type")
        if call != "track":
            raise refuse("unsupported-call", calls=f"{call} calls" if call in _CALL_TYPES else "calls of this type")
        name = text(event, "event")
        if name is None:
            raise refuse("no-event-name")
        if not (event.get("event") == _EVENT if self._strict else _ORDER_COMPLETED.fullmatch(name)):
            raise refuse("other-event")

    def order_id(self, properties: Object) -> str:
        """Return the order id: ``order_id`` in any casing, else ``id``.

        Segment's facade asks ``id`` first. Trustpilot's own page requires ``order_id``, so here that one wins: a
        shop's ``id`` may be anything.

        :raises Refusal: 400 if it is missing, or is not a string or whole number
        """
        for name in ("order_id", "id"):
            found = identifier(properties, name, f"properties.{name}")
            if found is not None:
                return found
        raise refuse("no-order-id", places="properties.order_id" if self._strict else _ORDER_ID_PLACES)

    def email(self, places: Mapping[str, Object]) -> tuple[str, str]:
        """Return the buyer's address, and where it stands.

        Segment's facade looks in ``traits``, then ``properties``, then ``context.traits``, then takes a user id that is
        an address. The order's own address comes first here, because Trustpilot's page puts it there.

        :param places: objects that may have an ``email``, by the path of that field, in the order to look
        :raises Refusal: 400 when no place has one, or when the first one found is not an address
        """
        for path, place in places.items():
            found = text(place, "email", path)
            if found is not None:
                if not is_address(found):
                    raise refuse("bad-email", field=path)
                return found, path
        raise refuse("no-email", places=", ".join(self._email_places))

    def name(self, properties: Object, traits: Object) -> str:
        """``name`` and ``surname`` of the order, else the names in the user's traits, else "Customer"."""
        for path, place, names in (
            ("properties", properties, ("name", "surname")),
            ("context.traits", traits, ("first_name", "last_name")),
            ("context.traits", traits, ("name",)),
        ):
            parts = [_clean(text(place, name, f"{path}.{name}") or "") for name in names]
            full = " ".join(part for part in parts if part)
            if full:
                return full[:LONGEST_TEXT].rstrip()
        return _NOBODY

    def placed_at(self, event: Object) -> float | None:
        """When the order was placed: ``timestamp``, which Segment corrects for the sender's clock."""
        try:
            return parse_iso(text(event, "timestamp") or "")
        except Refusal:
            return None

    def message_label(self, event: object) -> str | None:
        """Return how a log line may call an event: its message id, or None when it has none that can be used."""
        found = _usable(event, "messageId") if isinstance(event, Mapping) else None
        return None if found is None else self._pseudonym(found)


def _usable(event: Object, name: str) -> str | None:
    """Return an id of an event; None when it cannot be used, which does not prevent an invitation."""
    try:
        return identifier(event, name, name)
    except Refusal:
        return None


def _clean(name: str) -> str:
    """Return a name for an email: every script, no control characters, no line breaks, no lone surrogates."""
    return " ".join("".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in name).split())
