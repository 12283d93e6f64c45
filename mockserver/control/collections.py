"""The Trustpilot world of a sandbox, as lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Any, Final

from mockserver.answers import Bindings
from mockserver.control import rows
from mockserver.control.listing import Listed, Row, listed, member
from mockserver.sandbox import Sandbox
from mockserver.trustpilot import invitation_life, product_reviews, webhooks
from mockserver.trustpilot.model import BusinessUser, Consumer, Deletion, ProductReview

bindings = Bindings()


def _user(_: Sandbox, user: BusinessUser) -> Row:
    return {"id": user.id, "username": user.username, "twoStep": user.two_step, "roles": user.roles}


def _product_review(sandbox: Sandbox, review: ProductReview) -> Row:
    conversation = None if review.conversation is None else sandbox.world.conversations[review.conversation]
    comments = [] if conversation is None else map(rows.comment, conversation.comments)
    return {
        **product_reviews.document(sandbox.world, review),
        **rows.product_review(review),
        "comments": list(comments),
    }


def _consumer(sandbox: Sandbox, person: Consumer) -> Row:
    return rows.consumer(person, len(sandbox.world.reviews_by_consumer.get(person.id, ())))


def _deletions(sandbox: Sandbox) -> Iterable[tuple[str, Deletion]]:
    for kind, gone in (("review", sandbox.world.deleted_reviews), ("consumer", sandbox.world.deleted_consumers)):
        for deletion in gone.values():
            yield kind, deletion


def _alone(row: Callable[[Any], Row]) -> Callable[[Sandbox, Any], Row]:
    """A row for which the thing itself is enough."""
    return lambda _, thing: row(thing)


@cache
def _asking() -> Callable[[bytes], Any]:
    """Reads what is searched for in the request of a mail, which alone takes a tenth of the time."""
    import msgspec  # noqa: PLC0415 - only where something is searched for

    names = [("referenceNumber", Any), ("consumerEmail", Any)]
    return msgspec.json.Decoder(msgspec.defstruct("Asked", names)).decode


_INVITATIONS: Final = Listed(
    lambda sandbox: sandbox.world.invitations.values(),
    lambda sandbox, mail: invitation_life.document(mail, sandbox.world.now()),
    {
        "id": member("id"),
        "type": member("type"),
        "state": lambda sandbox: partial(invitation_life.state, now=sandbox.world.now()),
        "trace": member("trace"),
        "referenceNumber": lambda _: lambda mail: _asking()(mail.request).referenceNumber,
        "consumerEmail": lambda _: lambda mail: _asking()(mail.request).consumerEmail,
    },
)

#: Worlds of a hundred thousand reviews are served.
_REVIEW_FIELDS: Final = {
    "id": member("id"),
    "businessUnitId": member("unit"),
    "consumerId": member("consumer"),
    "stars": member("stars"),
    "referenceId": member("reference_id"),
    "trace": member("trace"),
}

_WORLD: Final[Mapping[str, Listed]] = {
    "business-units": Listed(
        lambda sandbox: sandbox.world.units.values(), lambda sandbox, unit: rows.business_unit(sandbox.world, unit)
    ),
    "business-users": Listed(lambda sandbox: sandbox.world.users.values(), _user),
    "partners": Listed(
        lambda sandbox: sandbox.world.partners.values(),
        lambda _, partner: {"id": partner.id, "name": partner.name},
    ),
    "tokens": Listed(lambda sandbox: sandbox.world.tokens.values(), _alone(rows.token)),
    "invitations": _INVITATIONS,
    "invitation-links": Listed(
        lambda sandbox: sandbox.world.links.values(),
        _alone(rows.invitation_link),
        {"id": member("id"), "invitation": member("invitation")},
    ),
    "reviews": Listed(
        lambda sandbox: sandbox.world.service_reviews.all(),
        lambda sandbox, review: rows.service_review(sandbox.world, review),
        {**_REVIEW_FIELDS, "reported": lambda _: lambda review: review.report is not None},
    ),
    "product-reviews": Listed(
        lambda sandbox: sandbox.world.product_reviews.all(),
        _product_review,
        {**_REVIEW_FIELDS, "sku": member("sku"), "state": member("state")},
    ),
    "consumers": Listed(lambda sandbox: sandbox.world.consumers.values(), _consumer),
    "deletions": Listed(_deletions, lambda _, gone: rows.deletion(*gone)),
    "webhooks": Listed(lambda sandbox: sandbox.world.webhooks.values(), _alone(webhooks.document)),
    "webhook-subscriptions": Listed(lambda sandbox: sandbox.world.subscriptions.values(), _alone(rows.subscription)),
}


@bindings.handles("listWorldCollection")
def list_world_collection(sandbox: Sandbox, collection: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """One route for all Trustpilot things."""
    return listed(sandbox, _WORLD, collection, arguments)
