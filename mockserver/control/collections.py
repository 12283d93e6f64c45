"""The Trustpilot world of a sandbox, as lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from mockserver.answers import Bindings
from mockserver.clock import iso
from mockserver.control import rows
from mockserver.control.listing import Row, listed
from mockserver.masking import mask
from mockserver.sandbox import Sandbox
from mockserver.trustpilot import business_units, invitation_life, product_reviews, webhooks
from mockserver.trustpilot.model import Token

bindings = Bindings()


def _token(token: Token) -> Row:
    return {
        "token": mask(token.value),
        "apiKey": mask(token.application.key),
        "grant": token.grant,
        "businessUserId": token.user_id,
        "issuedAt": iso(token.issued_at),
        "expiresAt": iso(token.expires_at),
        "revoked": token.revoked,
    }


def _units(sandbox: Sandbox) -> Iterable[Row]:
    for unit in sandbox.world.units.values():
        yield business_units.document(sandbox.world, unit, "") | {
            "links": [],
            "plan": unit.plan,
            "partnerPermission": unit.partner_permission,
            "onlyPartner": unit.only_partner,
        }


def _users(sandbox: Sandbox) -> Iterable[Row]:
    for user in sandbox.world.users.values():
        yield {"id": user.id, "username": user.username, "twoStep": user.two_step, "roles": user.roles}


def _partners(sandbox: Sandbox) -> Iterable[Row]:
    for partner in sandbox.world.partners.values():
        yield {"id": partner.id, "name": partner.name}


def _reviews(sandbox: Sandbox) -> Iterable[Row]:
    for review in sandbox.world.product_reviews.all():
        yield product_reviews.document(sandbox.world, review) | {"businessUnitId": review.unit, "sku": review.sku}


def _invitations(sandbox: Sandbox) -> Iterable[Row]:
    now = sandbox.world.now()
    for mail in sandbox.world.invitations.values():
        yield invitation_life.document(mail, now)


def _links(sandbox: Sandbox) -> Iterable[Row]:
    for link in sandbox.world.links.values():
        yield rows.invitation_link(link)


def _consumers(sandbox: Sandbox) -> Iterable[Row]:
    world = sandbox.world
    for person in world.consumers.values():
        yield rows.consumer(person, len(world.reviews_by_consumer.get(person.id, ())))


def _deletions(sandbox: Sandbox) -> Iterable[Row]:
    for kind, gone in (("review", sandbox.world.deleted_reviews), ("consumer", sandbox.world.deleted_consumers)):
        for deletion in gone.values():
            yield rows.deletion(kind, deletion)


_WORLD: Final[Mapping[str, Callable[[Sandbox], Iterable[Row]]]] = {
    "business-units": _units,
    "business-users": _users,
    "partners": _partners,
    "tokens": lambda sandbox: map(_token, sandbox.world.tokens.values()),
    "invitations": _invitations,
    "invitation-links": _links,
    "reviews": lambda sandbox: map(rows.service_review, sandbox.world.service_reviews.all()),
    "product-reviews": _reviews,
    "consumers": _consumers,
    "deletions": _deletions,
    "webhooks": lambda sandbox: map(webhooks.document, sandbox.world.webhooks.values()),
    "webhook-subscriptions": lambda sandbox: map(rows.subscription, sandbox.world.subscriptions.values()),
}


@bindings.handles("listWorldCollection")
def list_world_collection(sandbox: Sandbox, collection: str, limit: int, filters: dict[str, str]) -> dict[str, Any]:
    """One route for all Trustpilot things."""
    return listed(sandbox, _WORLD, collection, limit, filters)
