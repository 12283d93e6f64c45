"""Categories of companies. Chapter "Categories API"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tpmock.common.locales import DEFAULT_LOCALE
from tpmock.core import hints, reference_data
from tpmock.core.problems import Problem, existing
from tpmock.core.responses import Answer, Bindings
from tpmock.trustpilot import paging
from tpmock.trustpilot.access import public_unit
from tpmock.trustpilot.business_units import score
from tpmock.trustpilot.links import example_image
from tpmock.trustpilot.locales import advice, translated
from tpmock.trustpilot.model import BusinessUnit, Json
from tpmock.trustpilot.world import World

bindings = Bindings()

#: The source of a company's category; no documentation lists the values.
_SOURCE: Final = "business"


def _all(country: str | None) -> dict[str, Json]:
    """Return the categories of a country by id, or all categories."""
    return {
        entry["id"]: entry
        for entry in reference_data.read("categories")
        if country is None or country.upper() in entry.get("countries", (country.upper(),))
    }


def _known(category_id: str, country: str | None) -> Json:
    category = existing(_all(None).get(category_id), "unknown-category", hints.CATEGORY_UNKNOWN)
    if category_id not in _all(country):
        countries = ", ".join(category["countries"])
        raise Problem("unknown-category", hint=hints.CATEGORY_ELSEWHERE.format(countries=countries))
    return category


def _members(world: World, category_id: str, country: str | None) -> list[BusinessUnit]:
    """Return the units of a category and its subcategories, the best first."""
    beneath = (entry["id"] for entry in reference_data.read("categories") if entry.get("parent") == category_id)
    wanted = {category_id, *beneath}
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
    """Return the additional members in older copies of the reference."""
    beneath = [entry for entry in _all(country).values() if entry.get("parent") == category["id"]]
    return {
        "parentId": category.get("parent"),
        "numberOfBusinesses": len(_members(world, category["id"], country)),
        "childrenCategories": [_brief(entry, locale) for entry in beneath],
    }


@bindings.handles("listCategories")
def list_categories(world: World, country: str | None, locale: str, parent_id: str | None) -> Answer:
    """Return all categories of a country, or the subcategories of one (CAT)."""
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
    """Return one category in a country (CAT)."""
    category = _known(category_id, country)
    body = {
        "businessUnitCount": len(_members(world, category_id, country)),
        "parentId": category.get("parent"),
        **_brief(category, locale),
    }
    if world.variants["category_fields"] == "older":
        countries = category.get("countries") or [entry["country"] for entry in reference_data.read("countries")]
        body |= {
            "childrenCategories": _older(world, category, country, locale)["childrenCategories"],
            "countries": sorted(countries),
        }
    return Answer(200, body, hint=_advice(locale))


@bindings.handles("listCategoryBusinessUnits")
def list_category_business_units(
    world: World, category_id: str, country: str | None, locale: str, page: int, per_page: int, api_url: str
) -> Answer:
    """Return a page of the units of a category and its subcategories, the best first (CAT)."""
    _known(category_id, country)
    found = _members(world, category_id, country)
    rows = paging.rows(found, page, per_page)
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
    """Return the categories of a unit with its rank in each for its country (W6W); the first is the primary one."""
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
    return None if locale == DEFAULT_LOCALE else advice(reference_data.read("categories")[0]["names"], locale)
