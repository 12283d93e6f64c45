"""The records of a world as lists: to create a world, and to save its state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tpmock.common.moments import parse_iso
from tpmock.trustpilot import model

_R = TypeVar("_R")


@dataclass(slots=True, kw_only=True)
class WorldState:
    """All data of a world, in the order of creation.

    Creating a world merges records that occur twice, such as the application of a token.

    :param webhooks: the listed ones, and unlisted ones that are still to be posted
    :param webhooks_under_way: their numbers
    :param webhook_queues: the numbers of those that wait for each other
    :param calls: for each key, minute and number of calls
    """

    units: list[model.BusinessUnit]
    users: list[model.BusinessUser]
    partners: list[model.Partner]
    applications: list[model.Application]
    templates: list[model.Template]
    consumers: list[model.Consumer]
    service_reviews: list[model.ServiceReview]
    product_reviews: list[model.ProductReview]
    products: list[model.Product]
    locations: list[model.Location]
    tokens: list[model.Token] = field(default_factory=list)
    refresh_tokens: list[model.RefreshToken] = field(default_factory=list)
    codes: list[model.Code] = field(default_factory=list)
    invitations: list[model.Invitation] = field(default_factory=list)
    links: list[model.InvitationLink] = field(default_factory=list)
    unsubscribed: list[str] = field(default_factory=list)
    conversations: list[model.Conversation] = field(default_factory=list)
    deleted_reviews: list[model.Deletion] = field(default_factory=list)
    deleted_consumers: list[model.Deletion] = field(default_factory=list)
    subscriptions: list[model.Subscription] = field(default_factory=list)
    webhooks: list[model.WebhookDelivery] = field(default_factory=list)
    webhooks_under_way: list[int] = field(default_factory=list)
    webhook_queues: list[list[int]] = field(default_factory=list)
    calls: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


def from_seed(seed: Mapping[str, Any]) -> WorldState:
    """Return the records of a world file, its placeholders replaced.

    :raises TypeError: when an entry lacks a field or has an unknown one
    :raises ValueError: when a date is not valid, or two units have the same Integration Key
    """
    units = [model.BusinessUnit(**{"referring": [entry["domain"]], **entry}) for entry in seed["business_units"]]
    keys = Counter(unit.integration_key for unit in units if unit.integration_key is not None)
    for key, times in keys.items():
        if times > 1:
            raise ValueError(f"{times} business units have the integration_key {key!r}")
    return WorldState(
        units=units,
        users=_records(model.BusinessUser, seed["business_users"]),
        partners=_records(model.Partner, seed["partners"]),
        applications=_records(model.Application, seed["applications"]),
        templates=_records(model.Template, seed["templates"]),
        consumers=_records(model.Consumer, seed["consumers"]),
        service_reviews=[_service_review(entry) for entry in seed["service_reviews"]],
        product_reviews=_records(model.ProductReview, seed["product_reviews"]),
        products=_records(model.Product, seed["products"]),
        locations=_records(model.Location, seed["locations"]),
        conversations=[_conversation(entry) for entry in seed.get("conversations", ())],
        deleted_reviews=_records(model.Deletion, seed.get("deleted_reviews", ())),
        deleted_consumers=_records(model.Deletion, seed.get("deleted_consumers", ())),
    )


def _records(kind: Callable[..., _R], entries: Iterable[Mapping[str, Any]]) -> list[_R]:
    return [_record(kind, entry) for entry in entries]


def _record(kind: Callable[..., _R], entry: Mapping[str, Any]) -> _R:
    """Convert an entry to a record, every ``..._at`` to a time."""
    return kind(**{name: _moment(entry, name) if name.endswith("_at") else value for name, value in entry.items()})


def _moment(entry: Mapping[str, Any], name: str) -> float:
    moment = parse_iso(entry[name])
    if moment is None:
        raise ValueError(f"world file: {entry.get('id', 'an entry')}: {name} is not a valid date")
    return moment


def _service_review(entry: Mapping[str, Any]) -> model.ServiceReview:
    review = _record(model.ServiceReview, entry)
    if review.reply is not None:
        review.reply = _record(model.CompanyReply, entry["reply"])
    if review.report is not None:
        review.report = _record(model.Report, entry["report"])
    review.finder_requests = _records(model.FinderRequest, entry.get("finder_requests", ()))
    review.business_unit_history = _records(model.UnitChange, entry.get("business_unit_history", ()))
    return review


def _conversation(entry: Mapping[str, Any]) -> model.Conversation:
    conversation = _record(model.Conversation, entry)
    conversation.comments = _records(model.Comment, entry.get("comments", ()))
    return conversation
