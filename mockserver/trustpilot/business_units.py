"""Business units: found, listed, one by one. Chapters "Business Units API (public)" and "Business Signup API"."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.problems import Problem
from mockserver.trustpilot import paging
from mockserver.trustpilot.access import partner_advice, public_unit, reach
from mockserver.trustpilot.model import BusinessUnit, Token
from mockserver.trustpilot.stars import breakdown
from mockserver.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]


@bindings.handles("findBusinessUnit")
def find_business_unit(world: World, name: str, api_url: str) -> Json:
    """The unit whose identifying or referring domain is exactly ``name`` (BU-PUB; letter case does not count)."""
    unit = world.unit_names.get(name.lower())
    if unit is None:
        raise Problem("unknown-domain", hint=hints.domain_unknown(name))
    return document(world, unit, api_url)


@bindings.handles("getBusinessUnit")
def get_business_unit(world: World, business_unit_id: str, api_url: str) -> Json:
    """One unit (BU-PUB)."""
    return document(world, public_unit(world, business_unit_id), api_url)


@bindings.handles("getPrivateBusinessUnit")
def get_private_business_unit(
    world: World, caller: Token, business_unit_id: str, carries: Callable[[str], bool], api_url: str
) -> Answer:
    """One of the caller's own units. In no documentation; the official Slack app reads ``displayName`` (SLACK)."""
    unit = reach(world, caller, business_unit_id)
    return Answer(200, document(world, unit, api_url), hint=partner_advice(world, caller, carries))


@bindings.handles("listAllBusinessUnits")
def list_all_business_units(
    world: World, country: list[str] | None, cursor: str | None, page: int, per_page: int
) -> Json:
    """Every unit by id, read by cursor (BU-PUB) or by page, as programs do as well (WILD).

    The last answer has no cursor: Airbyte's connector reads on while there is the member, whatever is in it.
    """
    countries = {code.upper() for code in country or ()}
    units = sorted(
        (unit for unit in world.units.values() if not countries or unit.country in countries), key=lambda unit: unit.id
    )
    if cursor is not None:
        after = _read_cursor(cursor)
        units, page = [unit for unit in units if unit.id > after], 1
    rows, _ = paging.page(units, page, per_page, "", "", {})
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
        raise Problem("invalid-request", hint=hints.CURSOR_UNKNOWN, detail=hints.CURSOR_UNKNOWN)
    return unit_id


@bindings.handles("searchBusinessUnits")
def search_business_units(world: World, query: str, country: str | None, page: int, perpage: int) -> Json:
    """Units with the words in their name or in one of their domains (BRUNO; in letters of any case)."""
    wanted = query.lower()
    found = [
        unit
        for unit in world.units.values()
        if (country is None or unit.country == country.upper())
        and any(wanted in text.lower() for text in (unit.display_name, unit.domain, *unit.referring))
    ]
    rows, _ = paging.page(found, page, perpage, "", "", {})
    return {"businessUnits": [_brief(unit) for unit in rows]}


@bindings.handles("getDomainAvailability")
def get_domain_availability(world: World, domain: str) -> Json:
    """Whether nobody has claimed a domain yet (C7): one without a unit, or whose unit has no business user."""
    unit = world.unit_names.get(domain.lower())
    return {"domainIsAvailable": unit is None or not claimed(world, unit)}


def claimed(world: World, unit: BusinessUnit) -> bool:
    """Whether a company has taken its unit over."""
    return any(unit.id in user.roles for user in world.users.values())


def _brief(unit: BusinessUnit) -> Json:
    return {
        "id": unit.id,
        "displayName": unit.display_name,
        "name": {"identifying": unit.domain, "referring": list(unit.referring)},
    }


def document(world: World, unit: BusinessUnit, api_url: str) -> Json:
    """A unit in the documented shape.

    :param api_url: where links lead, without a slash at the end
    """
    stars_given = world.stars(unit.id)
    numbers = breakdown(stars_given)
    return {
        "links": [
            {"href": f"{api_url}/v1/business-units/{unit.id}", "method": "GET", "rel": "self"},
            {"href": f"{api_url}/v1/business-units/{unit.id}/reviews", "method": "GET", "rel": "reviews"},
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
    """TrustScore and stars. Trustpilot weighs by age; this is the plain mean with its published prior of seven
    reviews of 3.5 stars, and stars rounded to halves.
    """
    count, points = sum(stars.values()), sum(number * many for number, many in stars.items())
    if not count:
        return {"trustScore": 0.0, "stars": 0.0}
    mean = (points + 7 * 3.5) / (count + 7)
    return {"trustScore": round(mean, 1), "stars": round(mean * 2) / 2}
