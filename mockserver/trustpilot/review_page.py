"""The page behind the link of an invitation, where a consumer writes: for a person a form, for a test a form post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from mockserver import hints
from mockserver.answers import Answer, Bindings, Page
from mockserver.problems import Problem
from mockserver.trustpilot import answering
from mockserver.trustpilot.locales import DEFAULT_LOCALE
from mockserver.trustpilot.model import BusinessUnit, InvitationLink
from mockserver.trustpilot.world import World

bindings = Bindings()

Form = Mapping[str, str]

_STARS: Final = ("1", "2", "3", "4", "5")


@bindings.handles("showServiceReviewPage", "showProductReviewPage")
def show_review_page(world: World, link_id: str) -> Answer:
    """The form of a link; or, under a company's domain, the form for anyone at all."""
    unit, link = _found(world, link_id)
    return _form(unit, link)


@bindings.handles("submitServiceReviewPage", "submitProductReviewPage")
def submit_review_page(world: World, link_id: str, body: Form) -> Answer:
    """Write what the form says, then send the consumer on to the invitation's ``redirectUri``."""
    unit, link = _found(world, link_id)
    if link is None:
        return _organic(world, unit, body)
    if link.kind == "product":
        return _products(world, unit, link, body)
    return _service(world, unit, link, body)


def _found(world: World, link_id: str) -> tuple[BusinessUnit, InvitationLink | None]:
    """The unit, and the link when it is one.

    :raises Problem: for a link nobody has, or one that was used
    """
    link = world.links.get(link_id)
    if link is not None:
        if link.used:
            raise Problem("review-link-used", hint=hints.LINK_USED)
        return world.units[link.unit], link
    unit = world.unit_names.get(link_id.lower())
    if unit is None:
        raise Problem("review-link-unknown", hint=hints.LINK_UNKNOWN)
    return unit, None


def _organic(world: World, unit: BusinessUnit, body: Form) -> Answer:
    name = body.get("name", "").strip()
    failed = _what_is_missing(body) or ("" if name else hints.NAME_MISSING)
    if failed:
        return _form(unit, None, body, failed)
    answering.write_organic(
        world,
        unit.id,
        stars=int(body["stars"]),
        title=body.get("title", "").strip(),
        text=body["text"].strip(),
        name=name,
        email=body.get("email", "").strip() or None,
        language=DEFAULT_LOCALE[:2],
    )
    return _thanks(unit, None)


def _service(world: World, unit: BusinessUnit, link: InvitationLink, body: Form) -> Answer:
    failed = _what_is_missing(body)
    if failed:
        return _form(unit, link, body, failed)
    answering.write_service(
        world,
        link,
        stars=int(body["stars"]),
        title=body.get("title", "").strip(),
        text=body["text"].strip(),
        name=body.get("name"),
    )
    return _thanks(unit, link)


def _what_is_missing(body: Form) -> str:
    if body.get("stars") not in _STARS:
        return hints.STARS_MISSING
    return "" if body.get("text", "").strip() else hints.TEXT_MISSING


def _products(world: World, unit: BusinessUnit, link: InvitationLink, body: Form) -> Answer:
    """A review of each product that was given stars; the others can follow under the same link."""
    chosen = {
        index: body[f"stars-{index}"]
        for index, product in enumerate(link.products)
        if body.get(f"stars-{index}") and product["sku"] not in link.answered
    }
    if not chosen or any(stars not in _STARS for stars in chosen.values()):
        return _form(unit, link, body, hints.STARS_MISSING)
    for index, stars in chosen.items():
        answering.write_product(
            world,
            link,
            link.products[index],
            stars=int(stars),
            text=body.get(f"text-{index}", "").strip(),
            name=body.get("name"),
        )
    return _thanks(unit, link)


def _form(unit: BusinessUnit, link: InvitationLink | None, body: Form | None = None, failed: str = "") -> Answer:
    answered = [] if link is None else link.answered
    context: dict[str, Any] = {
        "unit": unit.display_name,
        "kind": "service" if link is None else link.kind,
        "name": None if link is None else link.name,
        "reference": None if link is None else link.reference_id,
        "organic": link is None,
        "products": [
            (index, product)
            for index, product in enumerate([] if link is None else link.products)
            if product["sku"] not in answered
        ],
        "given": body or {},
        "failed": failed,
        "stars": _STARS,
    }
    return Answer(400 if failed else 200, Page("review.html", context), hint=failed or None)


def _thanks(unit: BusinessUnit, link: InvitationLink | None) -> Answer:
    target = None if link is None else link.redirect_uri
    if target is not None and _leads_somewhere(target):
        return Answer(303, headers={"Location": target})
    left = 0 if link is None else len(answering.open_products(link))
    return Answer(200, Page("review-thanks.html", {"unit": unit.display_name, "left": left}))


def _leads_somewhere(address: str) -> bool:
    """Whether it is an address of the web that a header can carry; anything else a consumer is not sent to."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and address.isascii() and address.isprintable()
