"""Business units: find, list, show. Chapters "Business Units API (public)" and "Business Signup API"."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from tpmock.core import hints
from tpmock.core.problems import Problem, invalid
from tpmock.core.responses import Bindings
from tpmock.trustpilot import paging
from tpmock.trustpilot.access import public_unit, reach
from tpmock.trustpilot.model import BusinessUnit, Json, Token
from tpmock.trustpilot.world import World

bindings = Bindings()


@bindings.handles("findBusinessUnit")
def find_business_unit(world: World, name: str, api_url: str) -> Json:
    """Return the unit whose identifying or referring domain is exactly ``name`` (BU-PUB; case-insensitive)."""
    unit = world.unit_names.get(name.lower())
    if unit is None:
        raise Problem("unknown-domain", hint=hints.domain_unknown(name))
    return document(world, unit, api_url)


@bindings.handles("getBusinessUnit")
def get_business_unit(world: World, business_unit_id: str, api_url: str) -> Json:
    """Return one unit (BU-PUB)."""
    return document(world, public_unit(world, business_unit_id), api_url)


@bindings.handles("getPrivateBusinessUnit")
def get_private_business_unit(world: World, caller: Token, business_unit_id: str, api_url: str) -> Json:
    """Return one of the caller's own units. Undocumented; the official Slack app reads ``displayName`` (SLACK)."""
    unit = reach(world, caller, business_unit_id)
    return document(world, unit, api_url)


@bindings.handles("listAllBusinessUnits")
def list_all_business_units(
    world: World, country: list[str] | None, cursor: str | None, page: int, per_page: int
) -> Json:
    """List all units by id, with a cursor (BU-PUB) or with pages, which programs use as well (WILD).

    The last answer has no cursor: Airbyte's connector continues while the member exists, whatever its value.
    """
    countries = {code.upper() for code in country or ()}
    units = sorted(
        (unit for unit in world.units.values() if not countries or unit.country in countries), key=lambda unit: unit.id
    )
    if cursor is not None:
        after = _read_cursor(cursor)
        units, page = [unit for unit in units if unit.id > after], 1
    rows = paging.rows(units, page, per_page)
    body: Json = {"businessUnits": [_brief(unit) | {"country": unit.country} for unit in rows]}
    if rows and rows[-1] is not units[-1]:
        body["cursor"] = base64.urlsafe_b64encode(f"after:{rows[-1].id}".encode()).decode()
    return body


def _read_cursor(cursor: str) -> str:
    try:
        kind, _, unit_id = base64.urlsafe_b64decode(cursor).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        kind, unit_id = "", ""
    if kind != "after":
        raise invalid(hints.CURSOR_UNKNOWN, "cursor")
    return unit_id


@bindings.handles("searchBusinessUnits")
def search_business_units(world: World, query: str, country: str | None, page: int, perpage: int) -> Json:
    """Return units with the words in their name or in one of their domains (BRUNO; case-insensitive)."""
    wanted = query.lower()
    found = [
        unit
        for unit in world.units.values()
        if (country is None or unit.country == country.upper())
        and any(wanted in text.lower() for text in (unit.display_name, unit.domain, *unit.referring))
    ]
    rows = paging.rows(found, page, perpage)
    return {"businessUnits": [_brief(unit) for unit in rows]}


@bindings.handles("getDomainAvailability")
def get_domain_availability(world: World, domain: str) -> Json:
    """Return whether a domain is unclaimed (C7): it has no unit, or its unit has no business user."""
    unit = world.unit_names.get(domain.lower())
    return {"domainIsAvailable": unit is None or not claimed(world, unit)}


def claimed(world: World, unit: BusinessUnit) -> bool:
    """Return whether a company has claimed its unit."""
    return any(unit.id in user.roles for user in world.users.values())


def _brief(unit: BusinessUnit) -> Json:
    return {
        "id": unit.id,
        "displayName": unit.display_name,
        "name": {"identifying": unit.domain, "referring": list(unit.referring)},
    }


def document(world: World, unit: BusinessUnit, api_url: str) -> Json:
    """Return a unit in the documented form.

    :param api_url: the base of links, without a slash at the end
    """
    stars_given = world.stars(unit.id)
    numbers = breakdown(stars_given)
    return {
        "links": [
            paging.link(f"{api_url}/v1/business-units/{unit.id}", "self"),
            paging.link(f"{api_url}/v1/business-units/{unit.id}/reviews", "reviews"),
        ],
        **_brief(unit),
        "websiteUrl": f"http://www.{unit.domain}",
        "country": unit.country,
        "numberOfReviews": {**numbers, "usedForTrustScoreCalculation": numbers["total"]},
        "status": "active",
        "score": score(stars_given),
        "badFit": False,
    }


def score(stars: Mapping[int, int]) -> dict[str, float]:
    """Return TrustScore and stars. Trustpilot weighs by age; this is the plain mean with its published prior of seven
    reviews of 3.5 stars, and stars rounded to halves.
    """
    count, points = sum(stars.values()), sum(number * many for number, many in stars.items())
    if not count:
        return {"trustScore": 0.0, "stars": 0.0}
    mean = (points + 7 * 3.5) / (count + 7)
    return {"trustScore": round(mean, 1), "stars": round(mean * 2) / 2}


WORDS: Final = ("oneStar", "twoStars", "threeStars", "fourStars", "fiveStars")


def breakdown(stars: Mapping[int, int]) -> dict[str, int]:
    """Return ``total`` and the counts of the five ratings.

    :param stars: number of reviews with one to five stars
    """
    return {
        "total": sum(stars.values()),
        **{word: stars.get(number, 0) for number, word in enumerate(WORDS, start=1)},
    }


def average(stars: Mapping[int, int]) -> float:
    """Return the mean, to one decimal as in every sample; 0 without reviews."""
    count = sum(stars.values())
    return round(sum(number * many for number, many in stars.items()) / count, 1) if count else 0.0
