"""The page of an invitation link, where a consumer writes: a form for people, a form post for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from tpmock.common.locales import DEFAULT_LOCALE
from tpmock.core import hints
from tpmock.core.problems import Problem
from tpmock.core.responses import Answer, Bindings, Page
from tpmock.trustpilot import write_review
from tpmock.trustpilot.model import BusinessUnit, InvitationLink
from tpmock.trustpilot.world import World

bindings = Bindings()

Form = Mapping[str, str]

_STARS: Final = ("1", "2", "3", "4", "5")


@bindings.handles("showServiceReviewPage", "showProductReviewPage")
def show_review_page(world: World, link_id: str) -> Answer:
    """Return the form of a link; or, for a company's domain, a form for anyone."""
    unit, link = _found(world, link_id)
    return _form(unit, link)


@bindings.handles("submitServiceReviewPage", "submitProductReviewPage")
def submit_review_page(world: World, link_id: str, body: Form) -> Answer:
    """Write the review of the form, then redirect the consumer to the invitation's ``redirectUri``."""
    unit, link = _found(world, link_id)
    if link is None:
        return _organic(world, unit, body)
    if link.kind == "product":
        return _products(world, unit, link, body)
    return _service(world, unit, link, body)


def _found(world: World, link_id: str) -> tuple[BusinessUnit, InvitationLink | None]:
    """Return the unit, and the link if it is one.

    :raises Problem: for an unknown link, or a used one
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
    email, language = body.get("email", "").strip() or None, DEFAULT_LOCALE[:2]
    write_review.write_organic(world, unit.id, **_said(body), name=name, email=email, language=language)
    return _thanks(unit, None)


def _said(body: Form) -> dict[str, Any]:
    return {"stars": int(body["stars"]), "title": body.get("title", "").strip(), "text": body["text"].strip()}


def _service(world: World, unit: BusinessUnit, link: InvitationLink, body: Form) -> Answer:
    failed = _what_is_missing(body)
    if failed:
        return _form(unit, link, body, failed)
    write_review.write_service(world, link, **_said(body), name=body.get("name"))
    return _thanks(unit, link)


def _what_is_missing(body: Form) -> str:
    if body.get("stars") not in _STARS:
        return hints.STARS_MISSING
    return "" if body.get("text", "").strip() else hints.TEXT_MISSING


def _products(world: World, unit: BusinessUnit, link: InvitationLink, body: Form) -> Answer:
    """Write a review of each product with stars; the others can follow with the same link."""
    chosen = {
        index: body[f"stars-{index}"]
        for index, product in enumerate(link.products)
        if body.get(f"stars-{index}") and product["sku"] not in link.answered
    }
    if not chosen or any(stars not in _STARS for stars in chosen.values()):
        return _form(unit, link, body, hints.STARS_MISSING)
    for index, stars in chosen.items():
        product, text = link.products[index], body.get(f"text-{index}", "").strip()
        write_review.write_product(world, link, product, stars=int(stars), text=text, name=body.get("name"))
    return _thanks(unit, link)


def _form(unit: BusinessUnit, link: InvitationLink | None, body: Form | None = None, failed: str = "") -> Answer:
    context: dict[str, Any] = {"unit": unit.display_name, "given": body or {}, "failed": failed, "stars": _STARS}
    if link is None:
        context |= {"kind": "service", "name": None, "reference": None, "organic": True, "products": []}
    else:
        still_open = [each for each in enumerate(link.products) if each[1]["sku"] not in link.answered]
        context |= {"kind": link.kind, "name": link.name, "reference": link.reference_id, "organic": False}
        context["products"] = still_open
    return Answer(400 if failed else 200, Page("review.html", context), hint=failed or None)


def _thanks(unit: BusinessUnit, link: InvitationLink | None) -> Answer:
    target = None if link is None else link.redirect_uri
    if target is not None and _leads_somewhere(target):
        return Answer(303, headers={"Location": target})
    left = 0 if link is None else len(write_review.open_products(link))
    return Answer(200, Page("review-thanks.html", {"unit": unit.display_name, "left": left}))


def _leads_somewhere(address: str) -> bool:
    """Return whether it is a web address that fits in a header; a consumer is not redirected to any other address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and address.isascii() and address.isprintable()
