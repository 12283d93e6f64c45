"""What kinds of companies there are, and which company is of which kind. Chapter "Categories API"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from mockserver import hints, reference
from mockserver.answers import Answer, Bindings
from mockserver.problems import Problem
from mockserver.trustpilot import paging
from mockserver.trustpilot.access import public_unit
from mockserver.trustpilot.business_units import score
from mockserver.trustpilot.images import example_image
from mockserver.trustpilot.locales import DEFAULT_LOCALE, advice, translated
from mockserver.trustpilot.model import BusinessUnit
from mockserver.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]

#: Who says that a company is of a kind; no source lists the values.
_SOURCE: Final = "business"


def _all(country: str | None) -> dict[str, Json]:
    """The categories of a country by id; without one, all."""
    return {
        entry["id"]: entry
        for entry in reference.read("categories")
        if country is None or country.upper() in entry.get("countries", (country.upper(),))
    }


def _known(category_id: str, country: str | None) -> Json:
    category = _all(None).get(category_id)
    if category is None:
        raise Problem("unknown-category", hint=hints.CATEGORY_UNKNOWN)
    if category_id not in _all(country):
        raise Problem("unknown-category", hint=hints.category_elsewhere(category["countries"]))
    return category


def _inside(category_id: str) -> set[str]:
    """A category and those beneath it."""
    return {category_id, *(entry["id"] for entry in reference.read("categories") if entry.get("parent") == category_id)}


def _members(world: World, category_id: str, country: str | None) -> list[BusinessUnit]:
    """The units of a category, the best first."""
    wanted = _inside(category_id)
    found = [
        unit
        for unit in world.units.values()
        if wanted.intersection(unit.categories) and (country is None or unit.country == country.upper())
    ]
    return sorted(found, key=lambda unit: -score(world.stars(unit.id))["trustScore"])


def _brief(category: Json, locale: str) -> Json:
    return {
        "categoryId": category["id"],
        "displayName": translated(category["names"], locale),
        "name": category["id"],
    }


def _older(world: World, category: Json, country: str | None, locale: str) -> Json:
    """What older copies of the reference show besides."""
    beneath = [entry for entry in _all(country).values() if entry.get("parent") == category["id"]]
    return {
        "parentId": category.get("parent"),
        "numberOfBusinesses": len(_members(world, category["id"], country)),
        "childrenCategories": [_brief(entry, locale) for entry in beneath],
    }


@bindings.handles("listCategories")
def list_categories(world: World, country: str | None, locale: str, parent_id: str | None) -> Answer:
    """All categories of a country, or those beneath one (CAT)."""
    found = [entry for entry in _all(country).values() if parent_id is None or entry.get("parent") == parent_id]
    body: Json = {"categories": [_brief(entry, locale) for entry in found]}
    if world.variants["category_fields"] == "older":
        body = {
            "categories": [_brief(entry, locale) | _older(world, entry, country, locale) for entry in found],
            "totalNumberOfCategories": len(found),
        }
    unknown = parent_id is not None and parent_id not in _all(None)
    return Answer(200, body, hint=hints.CATEGORY_UNKNOWN if unknown else _advice(locale))


@bindings.handles("getCategory")
def get_category(world: World, category_id: str, country: str, locale: str) -> Answer:
    """One category in a country (CAT)."""
    category = _known(category_id, country)
    body = {
        "businessUnitCount": len(_members(world, category_id, country)),
        "parentId": category.get("parent"),
        **_brief(category, locale),
    }
    if world.variants["category_fields"] == "older":
        countries = category.get("countries") or [entry["country"] for entry in reference.read("countries")]
        body |= {
            "childrenCategories": _older(world, category, country, locale)["childrenCategories"],
            "countries": sorted(countries),
        }
    return Answer(200, body, hint=_advice(locale))


@bindings.handles("listCategoryBusinessUnits")
def list_category_business_units(
    world: World, category_id: str, country: str | None, locale: str, page: int, per_page: int, api_url: str
) -> Answer:
    """One page of the units of a category and those beneath it, the best first (CAT)."""
    _known(category_id, country)
    found = _members(world, category_id, country)
    rows, _ = paging.page(found, page, per_page, "", "", {})
    first = (page - 1) * per_page + 1
    units = [_member(world, unit, rank, locale, api_url) for rank, unit in enumerate(rows, start=first)]
    return Answer(200, {"totalNumberOfBusinesses": len(found), "businessUnits": units}, hint=_advice(locale))


def _member(world: World, unit: BusinessUnit, rank: int, locale: str, api_url: str) -> Json:
    address = unit.profile.get("address", {})
    stars = world.stars(unit.id)
    return {
        "businessUnitId": unit.id,
        "displayName": unit.display_name,
        "identifyingName": unit.domain,
        "trustScore": score(stars)["trustScore"],
        "numberOfReviews": sum(stars.values()),
        "rank": rank,
        "location": {
            "city": address.get("city"),
            "zipCode": address.get("postcode"),
            "address": address.get("street"),
        },
        "logoUrl": example_image(api_url, f"unit-{unit.id}-logo.png") if unit.profile.get("images") else None,
        "categories": [_brief(entry, locale) for entry in _of(unit.categories, None)],
    }


@bindings.handles("listBusinessUnitCategories")
def list_business_unit_categories(world: World, business_unit_id: str, country: str | None, locale: str) -> Answer:
    """The categories of a unit with its place among their units in its country (W6W); the first is the primary one."""
    unit = public_unit(world, business_unit_id)
    categories = []
    for entry in _of(unit.categories, country):
        rivals = _members(world, entry["id"], country or unit.country)
        place = rivals.index(unit) + 1 if unit in rivals else None
        categories.append(
            {
                **_brief(entry, locale),
                "isPrimary": entry["id"] == unit.categories[0],
                "ranking": None if place is None else {"position": place, "cardinality": len(rivals)},
                "source": _SOURCE,
                "relevance": 1.0,
            }
        )
    return Answer(200, {"categories": categories, "predictedTopCategory": None}, hint=_advice(locale))


def _of(names: Iterable[str], country: str | None) -> list[Json]:
    known = _all(country)
    return [known[name] for name in names if name in known]


def _advice(locale: str) -> str | None:
    return None if locale == DEFAULT_LOCALE else advice(reference.read("categories")[0]["names"], locale)
