"""Product reviews as their company sees them, and links that ask for more. Chapter "Product Reviews API"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.clock import iso_milliseconds
from mockserver.problems import Problem
from mockserver.trustpilot import paging
from mockserver.trustpilot.access import partner_advice, reach
from mockserver.trustpilot.invitation_life import products
from mockserver.trustpilot.invitations import check_locale, invalid
from mockserver.trustpilot.links import page_url
from mockserver.trustpilot.model import BusinessUnit, InvitationLink, ProductReview, Token
from mockserver.trustpilot.product_reviews import Wanted, read_skus, sku_advice
from mockserver.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]


@bindings.handles("listPrivateProductReviews")
def list_private_product_reviews(
    world: World,
    caller: Token,
    business_unit_id: str,
    sku: list[str] | None,
    language: list[str] | None,
    state: list[str],
    page: int,
    per_page: int,
    api_url: str,
    query: dict[str, str],
) -> Answer:
    """One page, newest first, of the reviews in the wanted states (BRUNO, NODE)."""
    unit = reach(world, caller, business_unit_id)
    skus = read_skus(sku)
    wanted = Wanted(frozenset(skus), languages=frozenset(language or ()), states=frozenset(state))
    path = f"/v1/private/product-reviews/business-units/{unit.id}/reviews"
    found = wanted.select(world, unit)
    rows, links = paging.page(found, page, per_page, path, api_url, query)
    body = {"productReviews": [document(world, review) for review in rows], "links": links, "total": len(found)}
    return Answer(200, body, hint=None if rows else sku_advice(world, unit, sku, skus))


@bindings.handles("getPrivateProductReview")
def get_private_product_review(world: World, caller: Token, review_id: str) -> Json:
    """One review, in whatever state it is (BRUNO)."""
    return document(world, own_review(world, caller, review_id))


def own_review(
    world: World, caller: Token, review_id: str, user_id: str | None = None, *, write: bool = False
) -> ProductReview:
    """A product review of a unit that the caller may reach.

    :raises Problem: ``unknown-review`` or ``forbidden``
    """
    review = world.product_reviews.get(review_id.lower())
    if review is None:
        raise Problem("unknown-review", hint=hints.PRODUCT_REVIEW_UNKNOWN)
    reach(world, caller, review.unit, user_id, write=write)
    return review


def document(world: World, review: ProductReview) -> Json:
    """A review with all its company may know (members as read by FLO, those of ``product`` from BRUNO).

    The consumer has ``name`` and ``email`` here, and ``displayName`` in the public list.
    """
    consumer = world.consumers[review.consumer]
    entry = world.products.get((review.unit, review.sku))
    fields = {} if entry is None else entry.fields
    return {
        "id": review.id,
        "createdAt": iso_milliseconds(review.created_at),
        "stars": review.stars,
        "content": review.content,
        "product": {
            "id": None if entry is None else entry.id,
            "productUrl": fields.get("link") or review.url,
            "name": fields.get("title") or review.product_name,
            "sku": review.sku,
            "brand": fields.get("brand") or review.brand,
        },
        "consumer": {"id": consumer.id, "email": consumer.email, "name": consumer.name or consumer.display_name},
        "language": review.language,
        "locale": review.locale,
        "state": review.state,
        "referenceId": review.reference_id,
        "conversationId": review.conversation,
        "attachments": review.attachments,
        "attributeRatings": review.attribute_ratings,
    }


@bindings.handles("createProductReviewInvitationLink")
def create_product_review_invitation_link(
    world: World,
    caller: Token,
    business_unit_id: str,
    x_business_user_id: str | None,
    body: Json,
    carries: Callable[[str], bool],
    trace: Callable[[str], str],
    api_url: str,
) -> Answer:
    """A link under which one consumer reviews what was bought (PR; the answer's members from NODE, FLO and GO)."""
    unit = reach(world, caller, business_unit_id, x_business_user_id, write=True)
    advice = partner_advice(world, caller, carries)
    check_locale(world, body.get("locale"))
    reference_id = body.get("referenceId")
    link = InvitationLink(
        id=world.secrets.hexadecimal(32),
        unit=unit.id,
        kind="product",
        reference_id=reference_id,
        email=body["consumer"]["email"],
        name=body["consumer"]["name"],
        locale=body.get("locale"),
        redirect_uri=body.get("redirectUri"),
        created_at=world.now(),
        products=_bought(world, unit, body),
        trace=None if reference_id is None else trace(reference_id),
    )
    world.add_link(link)
    world.traces.note(link.trace, "link-made", "orderId", link.id, link.kind)
    answer = {"reviewLinkId": link.id, "reviewUrl": page_url(api_url, link.kind, link.id)}
    return Answer(200, answer, hint=advice or hints.LINK_NOT_SENT)


def _bought(world: World, unit: BusinessUnit, body: Json) -> list[Json]:
    """The products, as they were sent or as the catalogue has them.

    :raises Problem: ``invalid-request`` for ids that are in no catalogue of this unit
    """
    if "products" in body:
        return products(world, unit.id, {"products": body["products"]})
    known = {entry.id: entry.sku for entry in world.products.values() if entry.unit == unit.id}
    wanted = [product_id.lower() for product_id in body["productIds"]]
    missing = [product_id for product_id in wanted if product_id not in known]
    if missing:
        raise invalid(hints.product_ids_unknown(missing))
    return products(world, unit.id, {"productSkus": [known[product_id] for product_id in wanted]})
