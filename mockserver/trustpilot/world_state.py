"""The records of a world as lists: what a world is made from, and what it gives when its state is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.clock import parse_iso
from mockserver.trustpilot.model import (
    Application,
    BusinessUnit,
    BusinessUser,
    Code,
    Consumer,
    Conversation,
    Deletion,
    Invitation,
    InvitationLink,
    Location,
    Partner,
    Product,
    ProductReview,
    RefreshToken,
    Reply,
    Report,
    ServiceReview,
    Subscription,
    Template,
    Token,
    WebhookDelivery,
)


@dataclass(slots=True, kw_only=True)
class WorldState:
    """Everything a world holds, in the order in which it came to be.

    A record that stands in two places, such as the application of a token, is one again once a world is made of this.

    :param webhooks: those the world lists, and those it lists no more but has still to post
    :param webhooks_under_way: their numbers
    :param webhook_queues: the numbers of those that wait for each other
    :param calls: of each key, minute and number of calls
    """

    units: list[BusinessUnit]
    users: list[BusinessUser]
    partners: list[Partner]
    applications: list[Application]
    templates: list[Template]
    consumers: list[Consumer]
    service_reviews: list[ServiceReview]
    product_reviews: list[ProductReview]
    products: list[Product]
    locations: list[Location]
    tokens: list[Token] = field(default_factory=list)
    refresh_tokens: list[RefreshToken] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    invitations: list[Invitation] = field(default_factory=list)
    links: list[InvitationLink] = field(default_factory=list)
    unsubscribed: list[str] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    deleted_reviews: list[Deletion] = field(default_factory=list)
    deleted_consumers: list[Deletion] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    webhooks: list[WebhookDelivery] = field(default_factory=list)
    webhooks_under_way: list[int] = field(default_factory=list)
    webhook_queues: list[list[int]] = field(default_factory=list)
    calls: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


def from_seed(seed: Mapping[str, Any]) -> WorldState:
    """The records of a world file, its placeholders replaced.

    :raises TypeError: when an entry lacks a field or has one too many
    :raises ValueError: when a date is none
    """
    return WorldState(
        units=[BusinessUnit(**{"referring": [entry["domain"]], **entry}) for entry in seed["business_units"]],
        users=[BusinessUser(**entry) for entry in seed["business_users"]],
        partners=[Partner(**entry) for entry in seed["partners"]],
        applications=[Application(**entry) for entry in seed["applications"]],
        templates=[Template(**entry) for entry in seed["templates"]],
        consumers=[Consumer(**_moments(entry)) for entry in seed["consumers"]],
        service_reviews=[_service_review(entry) for entry in seed["service_reviews"]],
        product_reviews=[ProductReview(**_moments(entry)) for entry in seed["product_reviews"]],
        products=[Product(**entry) for entry in seed["products"]],
        locations=[Location(**entry) for entry in seed["locations"]],
    )


def _moments(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with every ``..._at`` as a moment."""
    return {name: _moment(entry, name) if name.endswith("_at") else value for name, value in entry.items()}


def _moment(entry: Mapping[str, Any], name: str) -> float:
    moment = parse_iso(entry[name])
    if moment is None:
        raise ValueError(f"world file: {entry.get('id', 'an entry')}: {name} is no date")
    return moment


def _service_review(entry: Mapping[str, Any]) -> ServiceReview:
    review = ServiceReview(**_moments(entry))
    if review.reply is not None:
        review.reply = Reply(**_moments(dict(entry["reply"])))
    if review.report is not None:
        review.report = Report(**_moments(dict(entry["report"])))
    return review
