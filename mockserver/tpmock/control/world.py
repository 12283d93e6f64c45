"""Actions of consumers, contracts and webhooks: what none of Trustpilot's APIs controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from tpmock.common.locales import DEFAULT_LOCALE
from tpmock.common.moments import iso
from tpmock.control import rows
from tpmock.control.refusals import check_address, known, refusal, unknown
from tpmock.control.rows import Row
from tpmock.core.json_text import members
from tpmock.core.problems import invalid
from tpmock.core.responses import Answer, Bindings
from tpmock.faults import trigger_addresses as fault_addresses
from tpmock.journal.erasure import Person
from tpmock.trustpilot import authentication, invitation_life, review_changes, trigger_addresses, webhooks, write_review
from tpmock.trustpilot.model import (
    BusinessUnit,
    BusinessUser,
    FinderRequest,
    InvitationLink,
    Json,
    ProductReview,
    Report,
    ServiceReview,
    Subscription,
)
from tpmock.trustpilot.world import World

bindings = Bindings()

#: What the writer of a review can answer when the company asks who they are (AIRBYTE).
_RESPONSE: Final = ("referenceId", "name", "submittedAt", "phoneNumber", "address", "message", "email")


# --- invitations ------------------------------------------------------------------------------------------------------


@bindings.handles("listMagicAddresses")
def list_magic_addresses() -> Json:
    """List the trigger email addresses: those that choose an invitation's outcome, and those that make calls fail."""
    fates = [
        {
            "example": f"{outcome.local_part}+1001@example.com",
            **members(outcome, "local_part", "state", "reason", "meaning", "evidence"),
        }
        for outcome in trigger_addresses.outcomes().values()
    ]
    faults = [
        {
            "localPart": fault_addresses.example(kind),
            "example": f"{fault_addresses.example(kind)}+1001@example.com",
            "effect": kind.name,
            "meaning": kind.meaning,
        }
        for kind in fault_addresses.kinds()
    ]
    return {"magicAddresses": fates, "faultAddresses": faults, "total": len(fates) + len(faults)}


@bindings.handles("getInvitationMail")
def get_invitation_mail(world: World, invitation_id: str) -> Json:
    """Return the email as its recipient would see it."""
    return invitation_life.email(world, known(world.invitations, invitation_id, "invitation"))


# --- reviews ----------------------------------------------------------------------------------------------------------


@bindings.handles("writeReview")
def add_review(world: World, body: Json) -> Answer:
    """Write a review as a consumer, for an invitation or without one."""
    if "invitation" in body:
        link = _open_link(world, body["invitation"], body.get("type"))
    else:
        unit_id = _unit_id(world, body)
        if body.get("type", "service") == "service":
            name, email = body.get("consumerName", "Anonymous"), body.get("consumerEmail")
            language = body.get("language", DEFAULT_LOCALE[:2])
            review = write_review.write_organic(
                world, unit_id, **_said(body), name=name, email=email, language=language
            )
            return Answer(201, rows.service_review(world, review))
        link = _catalogue_link(world, unit_id, body)
    if link.kind == "service":
        review = write_review.write_service(world, link, **_said(body))
        return Answer(201, rows.service_review(world, review))
    product = _product(link, body.get("sku"))
    written = write_review.write_product(world, link, product, stars=body["stars"], text=body.get("text", ""))
    return Answer(201, rows.product_review(written))


def _said(body: Json) -> Json:
    return {"stars": body["stars"], "title": body.get("title", ""), "text": body.get("text", "")}


def _unit_id(world: World, body: Json) -> str:
    return known(world.units, body.get("businessUnitId") or next(iter(world.units)), "business unit").id


def _catalogue_link(world: World, unit_id: str, body: Json) -> InvitationLink:
    """Return a new link for a product review without an invitation."""
    if "sku" not in body:
        raise invalid("sku: say which product is reviewed")
    return InvitationLink(
        id="",
        unit=unit_id,
        kind="product",
        reference_id=None,
        email=body.get("consumerEmail"),
        name=body.get("consumerName"),
        locale=body.get("locale"),
        redirect_uri=None,
        created_at=world.now(),
        products=invitation_life.products(world, unit_id, {"productSkus": [body["sku"]]}),
    )


def _open_link(world: World, name: str, kind: str | None) -> InvitationLink:
    """Return the unused link for an email's id, a link's id or a reference number.

    :raises Problem: when none is found, saying whether the email is not sent yet or the link was used
    """
    meant = [
        link
        for link in world.links.values()
        if name in (link.id, link.invitation, link.reference_id) and kind in (None, link.kind)
    ]
    if meant:
        for link in meant:
            if not link.used:
                return link
        raise refusal("not-now", f"Every invitation {name!r} has its review already.")
    for mail in world.invitations.values():
        row = invitation_life.document(mail, world.now())
        if name in (row["id"], row["referenceNumber"]) and kind in (None, row["type"]):
            why = f" ({row['reason']})" if row["reason"] else f": it is sent at {row['sendAt']}, so advance the clock"
            raise refusal("not-now", f"The invitation {name!r} is {row['state']}{why}.")
    raise unknown("invitation", name)


def _product(link: InvitationLink, sku: str | None) -> Json:
    products = write_review.open_products(link)
    found = [product for product in products if sku in (None, product["sku"])]
    if len(found) == 1:
        return found[0]
    raise invalid(f"sku: one of {', '.join(product['sku'] for product in products)}")


@bindings.handles("changeReview")
def change_review(world: World, review_id: str, body: Json) -> Row:
    """Change a review as its writer, or mark it as verified, reported or liked."""
    review = _review(world, review_id)
    if isinstance(review, ProductReview):
        return _change_product_review(world, review, body)
    if "state" in body:
        raise invalid("state: only product reviews have one")
    noted: Json = {}
    if "verified" in body:
        noted["verified"] = body["verified"]
    if "likes" in body:
        noted["likes"] = list(dict.fromkeys(known(world.consumers, one, "consumer").id for one in body["likes"]))
    if "report" in body:
        noted["report"] = None if body["report"] is None else _report(world, body["report"])
    if "findReviewer" in body:
        noted["finder_requests"] = _answered(world, review, body["findReviewer"])
    if noted:
        review_changes.note(world, review, **noted)
    revised = {name: body[name] for name in ("stars", "title", "text") if name in body}
    if revised:
        review_changes.revise(world, review, **revised)
    return rows.service_review(world, review)


def _change_product_review(world: World, review: ProductReview, body: Json) -> Row:
    surplus = sorted(body.keys() - {"stars", "text", "state"})
    if surplus:
        raise invalid(f"{', '.join(surplus)}: only service reviews have that")
    names = {"stars": "stars", "text": "content", "state": "state"}
    review_changes.revise(world, review, **{names[name]: value for name, value in body.items()})
    return rows.product_review(review)


def _answered(world: World, review: ServiceReview, body: Json) -> list[FinderRequest]:
    """Return the questions to the writer, with ``body`` as the answer to the last one."""
    if not review.finder_requests:
        raise invalid("findReviewer: the writer of this review was not asked who they are")
    *before, last = review.finder_requests
    said = last.consumer_response
    if "consumerResponse" in body:
        said = dict.fromkeys(_RESPONSE) | body["consumerResponse"] | {"submittedAt": iso(world.now())}
    return [*before, replace(last, status=body["status"], consumer_response=said)]


def _report(world: World, body: Json) -> Report:
    source, visibility = body.get("source", "BusinessUser"), body.get("reviewVisibility", "visible")
    return Report(source, list(body["reasons"]), world.now(), body.get("publicComment"), visibility)


@bindings.handles("deleteReview")
def delete_review(world: World, review_id: str) -> Answer:
    """Delete a review as its writer."""
    review_changes.delete(world, _review(world, review_id))
    return Answer(204)


@bindings.handles("deleteConsumer")
def delete_consumer(world: World, consumer_id: str, forget: Callable[[Person], None]) -> Answer:
    """Delete a consumer and all their reviews, and erase them from the records."""
    person = known(world.consumers, consumer_id, "consumer")
    review_changes.delete_consumer(world, person)
    forget(
        Person(
            addresses=frozenset({person.email.lower()} if person.email else ()),
            names=frozenset(filter(None, (person.name, person.display_name))),
            ids=frozenset({person.id}),
        )
    )
    return Answer(204)


def _review(world: World, review_id: str) -> ServiceReview | ProductReview:
    review = world.service_reviews.get(review_id) or world.product_reviews.get(review_id)
    if review is None:
        raise unknown("review", review_id)
    return review


# --- webhooks ---------------------------------------------------------------------------------------------------------


@bindings.handles("createWebhookSubscription")
def create_webhook_subscription(world: World, body: Json) -> Answer:
    """Subscribe an address to one kind of event of one unit. The real app does this by hand."""
    unit_id = _unit_id(world, body)
    check_address(body["url"])
    one = Subscription(world.random.object_id(), body["event"], body["url"], unit_id)
    world.subscriptions[one.id] = one
    return Answer(201, rows.subscription(one))


@bindings.handles("deleteWebhookSubscription")
def delete_webhook_subscription(world: World, subscription_id: str) -> Answer:
    """Delete a subscription; posts in flight still arrive."""
    if world.subscriptions.pop(subscription_id, None) is None:
        raise unknown("webhook subscription", subscription_id)
    return Answer(204)


@bindings.handles("replayWebhook")
def replay_webhook(world: World, webhook_id: int) -> Answer:
    """Post a webhook again, now."""
    delivery = known(world.webhooks, webhook_id, "webhook")
    webhooks.replay(world, delivery)
    return Answer(202, webhooks.document(delivery))


_SWITCHES: Final = {"plan": "plan", "partnerPermission": "partner_permission", "onlyPartner": "only_partner"}


@bindings.handles("changeBusinessUnit")
def change_business_unit(world: World, business_unit_id: str, body: dict[str, Any]) -> Row:
    """Change a unit's plan, partner and partner access; as a user who is its Admin, if one is named."""
    unit = known(world.units, business_unit_id, "business unit")
    changes = {_SWITCHES[name]: value for name, value in body.items() if name in _SWITCHES}
    if "businessUserId" in body:
        _check_admin(world, unit, known(world.users, body["businessUserId"], "business user"))
    for name, value in changes.items():
        setattr(unit, name, value)
    authentication.end_withdrawn(world, unit)
    return rows.business_unit(world, unit)


def _check_admin(world: World, unit: BusinessUnit, user: BusinessUser) -> None:
    role = user.roles.get(unit.id)
    if role != "Admin":
        admins = [one.username for one in world.users.values() if one.roles.get(unit.id) == "Admin"]
        raise refusal(
            "not-an-admin",
            f"{user.username} has {f'the role {role}' if role else 'no role'} on {unit.display_name}; changing "
            f"permissions needs Admin, which is: {', '.join(admins) or 'no user'}.",
        )


@bindings.handles("changeBusinessUser")
def change_business_user(world: World, business_user_id: str, body: dict[str, Any]) -> Row:
    """Return whether the user has 2-step verification."""
    user = known(world.users, business_user_id, "business user")
    user.two_step = body["twoStep"]
    return rows.business_user(user)


@bindings.handles("endToken")
def end_token(world: World, token_id: str) -> Answer:
    """Revoke an access token, as its holder would."""
    token = next((token for token in world.tokens.values() if rows.token_id(token) == token_id), None)
    if token is None:
        raise unknown("token", token_id)
    authentication.revoke(world, token.value)
    return Answer(204)
