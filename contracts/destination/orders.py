"""Reads an order, or the wish to be forgotten, out of a Segment event. Pure: no clock, no network, no database."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from contracts.destination.events import Object, identifier, objects, text
from contracts.destination.messages import Refusal, refuse
from contracts.destination.values import LONGEST_TEXT, is_address

EMAIL_PLACES = ("properties.email", "context.traits.email", "traits.email", "userId")
"""Where the buyer's address is looked for, in this order; the last one only when it looks like an address."""

_NOBODY = "Customer"

# Segment's own code takes either order of the words, any case, and one optional space or underscore (facts:
# events-code). Its expression is open at one end; ours is closed, because "Completed Order Refund" must not invite
# anybody.
_ORDER_COMPLETED = re.compile(r"order[ _]?completed|completed[ _]?order", re.IGNORECASE)
# Invisible, yet Persian and Indic names are misspelt without them.
_JOINERS = "\u200c\u200d"
_CALL_TYPES = frozenset({"identify", "page", "screen", "group", "alias"})


@dataclass(frozen=True, slots=True)
class Order:
    """What an invitation needs to know.

    :param order_id: the shop's own order id, at most 255 characters; becomes Trustpilot's reference number.
    :param email: where Trustpilot writes to.
    :param name: how Trustpilot addresses the buyer; never empty.
    :param message_id: Segment's id of the event, None when the event had none.
    :param key: the order id as it may be stored, logged and shown.
    :param message_key: the event's id as it may be stored and logged.
    :param place: where in the event the address was found.
    :param user_id: Segment's id of the buyer, None when the event had none.
    :param placed_at: when the event happened, in seconds since 1970, as Segment has it; None when it does not say.
    :param properties: of the event, for whoever wants to know what was bought.
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
        """How a message may call the order."""
        return "this order" if self.key != self.order_id else f"order {self.order_id}"


@dataclass(frozen=True, slots=True)
class Deletion:
    """Segment's wish that a user be forgotten, which it passes on with the message type ``delete``."""

    user_id: str


def plain_hash(text: str) -> str:
    """``text`` itself, or a hash of it when it could hold an e-mail address."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if "@" in text else text


class OrderReader:
    """Turns events into orders, or refuses them with a reason.

    Fields are found in any casing, with or without spaces and underscores: Segment warns that customers differ.

    :param pseudonym: what may be stored and shown instead of a text that could hold an address.
    """

    def __init__(self, pseudonym: Callable[[str], str] = plain_hash) -> None:
        self._pseudonym = pseudonym

    def deletion(self, event: object) -> Deletion | None:
        """The wish to be forgotten in an event; None when it is another event.

        Its ``context`` and ``integrations`` are empty lists (Segment, building functions), and are not looked at.

        :raises Refusal: 400 when it does not say who.
        """
        if not isinstance(event, Mapping) or event.get("type") != "delete":
            return None
        user_id = identifier(event, "userId", "userId")
        if user_id is None:
            raise refuse("no-user-id")
        return Deletion(user_id)

    def read(self, event: object) -> Order:
        """The order in an event.

        :param event: one event, as parsed from JSON.
        :raises Refusal: 501 for a call type that never invites, 200 for another track event, 400 for an order that
            cannot be used. No other exception, whatever the event holds.
        """
        if not isinstance(event, Mapping):
            raise refuse("not-an-event")
        self.check_call(event)
        properties = objects(event, "properties")
        context = objects(event, "context")
        traits = objects(context, "traits", "context.traits")
        user_id = self.user_id(event)
        by_user_id = {"email": user_id} if user_id is not None and is_address(user_id) else {}
        places = (properties, traits, objects(event, "traits"), by_user_id)
        order_id, message_id = self.order_id(properties), self.message_id(event)
        email, place = self.email(dict(zip(EMAIL_PLACES, places, strict=True)))
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

        :raises Refusal: 501, 200 or 400.
        """
        call = text(event, "type")
        if call is None:
            raise refuse("no-type")
        if call != "track":
            raise refuse("unsupported-call", calls=f"{call} calls" if call in _CALL_TYPES else "calls of this type")
        name = text(event, "event")
        if name is None:
            raise refuse("no-event-name")
        if not _ORDER_COMPLETED.fullmatch(name):
            raise refuse("other-event")

    def order_id(self, properties: Object) -> str:
        """The order id: ``order_id`` in any casing, else ``id``.

        Segment's facade asks ``id`` first. Trustpilot's own page requires ``order_id``, so here that one wins: a
        shop's ``id`` may be anything.

        :raises Refusal: 400 when there is none, or when it is no text or whole number.
        """
        for name in ("order_id", "id"):
            found = identifier(properties, name, f"properties.{name}")
            if found is not None:
                return found
        raise refuse("no-order-id", places="properties.order_id and properties.id")

    def email(self, places: Mapping[str, Object]) -> tuple[str, str]:
        """The buyer's address, and where it stands.

        Segment's facade looks in ``traits``, then ``properties``, then ``context.traits``, then takes a user id that is
        an address. The order's own address comes first here, because Trustpilot's page puts it there.

        :param places: objects that may have an ``email``, by the path of that field, in the order to look.
        :raises Refusal: 400 when no place has one, or when the first one found is no address.
        """
        for path, place in places.items():
            found = text(place, "email", path)
            if found is not None:
                if not is_address(found):
                    raise refuse("bad-email", field=path)
                return found, path
        raise refuse("no-email", places=", ".join(EMAIL_PLACES))

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

    def message_id(self, event: Object) -> str | None:
        """Segment's id of the event; None when there is none.

        :raises Refusal: 400 when it is no text.
        """
        return identifier(event, "messageId", "messageId")

    def user_id(self, event: Object) -> str | None:
        """Segment's id of the buyer; None when there is none that can be used, which is no reason not to invite."""
        try:
            return identifier(event, "userId", "userId")
        except Refusal:
            return None

    def placed_at(self, event: Object) -> float | None:
        """When the order was placed: ``timestamp``, which Segment corrects for the sender's clock."""
        try:
            moment = datetime.fromisoformat(text(event, "timestamp") or "")
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (Refusal, ValueError, OverflowError):
            return None

    def message_label(self, event: object) -> str | None:
        """How a log line may call an event: its message id, or None when it has none that can be used."""
        try:
            found = self.message_id(event) if isinstance(event, Mapping) else None
        except Refusal:
            found = None
        return None if found is None else self._pseudonym(found)


def _clean(name: str) -> str:
    """A name as it may stand in a mail: every script, no control characters, no line breaks, no lone surrogates."""
    return " ".join("".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in name).split())
