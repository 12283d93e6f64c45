"""Lists of the things in the Trustpilot world of a sandbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from tpmock.common.moments import iso_milliseconds
from tpmock.control import redirect_addresses, rows
from tpmock.control.listing import Collection, Row, listed, member, values
from tpmock.core.json_text import members
from tpmock.core.responses import Answer, Bindings
from tpmock.sandbox.sandbox import Sandbox
from tpmock.trustpilot import invitation_life, product_reviews, webhooks
from tpmock.trustpilot.model import ProductReview

bindings = Bindings()


def _product_review(sandbox: Sandbox, review: ProductReview) -> Row:
    conversation = None if review.conversation is None else sandbox.world.conversations[review.conversation]
    comments = [] if conversation is None else conversation.comments
    return {
        **product_reviews.document(sandbox.world, review),
        **rows.product_review(review),
        "comments": [members(one, "author_type", "content", "created_at", moment=iso_milliseconds) for one in comments],
    }


def _deletions(sandbox: Sandbox) -> Iterable[Row]:
    for kind, gone in (("review", sandbox.world.deleted_reviews), ("consumer", sandbox.world.deleted_consumers)):
        for deletion in gone.values():
            yield members(deletion, "id", "deleted_at", moment=iso_milliseconds) | {"type": kind}


_INVITATIONS: Final = Collection(
    values("world.invitations"),
    lambda sandbox, mail: {
        **invitation_life.document(mail, sandbox.world.now()),
        **invitation_life.envelope(sandbox.world, mail),
    },
    {
        "id": member("id"),
        "type": member("type"),
        "state": lambda sandbox: partial(invitation_life.state, now=sandbox.world.now()),
        "trace": member("trace"),
        "referenceNumber": lambda _: lambda mail: invitation_life.addressee(mail).reference,
        "consumerEmail": lambda _: lambda mail: invitation_life.addressee(mail).email,
        "template": lambda sandbox: partial(invitation_life.template_name, sandbox.world),
        "locale": lambda _: invitation_life.locale,
    },
)

#: A sandbox can have a hundred thousand reviews.
_REVIEW_FIELDS: Final = {
    "id": member("id"),
    "businessUnitId": member("unit"),
    "consumerId": member("consumer"),
    "stars": member("stars"),
    "referenceId": member("reference_id"),
    "trace": member("trace"),
}

_WORLD: Final[Mapping[str, Collection]] = {
    "business-units": Collection(values("world.units"), lambda sandbox, unit: rows.business_unit(sandbox.world, unit)),
    "business-users": Collection(values("world.users"), lambda _, user: rows.business_user(user)),
    "partners": Collection(values("world.partners"), lambda _, partner: members(partner, "id", "name")),
    "tokens": Collection(values("world.tokens"), lambda sandbox, one: rows.token(sandbox.world, one)),
    "invitations": _INVITATIONS,
    "invitation-links": Collection(
        values("world.links"),
        lambda _, one: rows.invitation_link(one),
        {"id": member("id"), "invitation": member("invitation")},
    ),
    "reviews": Collection(
        lambda sandbox: sandbox.world.service_reviews.all(),
        lambda sandbox, review: rows.service_review(sandbox.world, review),
        {**_REVIEW_FIELDS, "reported": lambda _: lambda review: review.report is not None},
    ),
    "product-reviews": Collection(
        lambda sandbox: sandbox.world.product_reviews.all(),
        _product_review,
        {**_REVIEW_FIELDS, "sku": member("sku"), "state": member("state")},
    ),
    "consumers": Collection(values("world.consumers"), lambda sandbox, one: rows.consumer(sandbox.world, one)),
    "deletions": Collection(_deletions, lambda _, row: row),
    "webhooks": Collection(
        values("world.webhooks"),
        lambda _, one: webhooks.document(one),
        {name: member(name) for name in ("id", "event", "url", "state", "trace")},
    ),
    "redirect-addresses": Collection(redirect_addresses.registered, redirect_addresses.row),
    "webhook-subscriptions": Collection(values("world.subscriptions"), lambda _, one: rows.subscription(one)),
}


@bindings.handles("listWorldCollection")
def list_world_collection(sandbox: Sandbox, collection: str, arguments: Mapping[str, Any]) -> Row | Answer:
    """List a collection of the Trustpilot world. One route serves all of them."""
    return listed(sandbox, _WORLD, collection, arguments)
