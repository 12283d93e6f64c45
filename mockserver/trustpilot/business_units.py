"""Business units. Chapter "Business Units API (public)"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver import hints
from mockserver.answers import Bindings
from mockserver.problems import Problem
from mockserver.trustpilot.model import BusinessUnit
from mockserver.trustpilot.world import World

bindings = Bindings()

_WORDS = ("oneStar", "twoStars", "threeStars", "fourStars", "fiveStars")


@bindings.handles("findBusinessUnit")
def find_business_unit(world: World, name: str, api_url: str) -> dict[str, Any]:
    """The unit whose identifying or referring domain is exactly ``name`` (BU-PUB; letter case does not count)."""
    unit = world.unit_names.get(name.lower())
    if unit is None:
        raise Problem("unknown-domain", hint=hints.domain_unknown(name))
    return document(world, unit, api_url)


def document(world: World, unit: BusinessUnit, api_url: str) -> dict[str, Any]:
    """A unit in the documented shape.

    :param api_url: where links lead, without a slash at the end
    """
    stars_given = world.stars(unit.id)
    total = sum(stars_given.values())
    return {
        "links": [
            {"href": f"{api_url}/v1/business-units/{unit.id}", "method": "GET", "rel": "self"},
            {"href": f"{api_url}/v1/business-units/{unit.id}/reviews", "method": "GET", "rel": "reviews"},
        ],
        "id": unit.id,
        "displayName": unit.display_name,
        "name": {"identifying": unit.domain, "referring": list(unit.referring)},
        "websiteUrl": f"http://www.{unit.domain}",
        "country": unit.country,
        "numberOfReviews": {
            "total": total,
            "usedForTrustScoreCalculation": total,
            **{word: stars_given.get(stars, 0) for stars, word in enumerate(_WORDS, start=1)},
        },
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
