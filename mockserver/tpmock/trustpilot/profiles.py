"""A company's profile: texts, pictures, promotion, locations. Chapter "Business Units API"."""

from __future__ import annotations

from typing import Final

from tpmock.common.locales import LOCALES
from tpmock.core import hints
from tpmock.core.json_text import members
from tpmock.core.responses import Answer, Bindings
from tpmock.trustpilot import paging
from tpmock.trustpilot.access import public_unit
from tpmock.trustpilot.business_units import claimed
from tpmock.trustpilot.links import example_image, site_url
from tpmock.trustpilot.model import BusinessUnit, Json
from tpmock.trustpilot.world import World

bindings = Bindings()

#: Number of locations of a page (SEED-PARTNER).
LOCATIONS_A_PAGE: Final = 200

_NETWORKS: Final = ("facebook", "linkedin", "twitter", "googleplus", "youtube", "instagram")
_ADDRESS: Final = ("street", "city", "postcode", "country", "countryCode")
_SIZES: Final = ((57, 43), (118, 89), (198, 149))
_BOXES: Final = {
    "getBusinessUnitCustomerGuarantee": "customerGuarantee",
    "getBusinessUnitProfilePromotion": "profilePromotion",
    "getBusinessUnitPromotionBox": "promotionBox",
}
_PICTURES: Final = {
    "getBusinessUnitHeaderImage": ("header", "headerUrl"),
    "getBusinessUnitPromotionBoxImage": ("promotion-box", "promotionBoxUrl"),
}


def _link(api_url: str, unit: BusinessUnit, rest: str = "", rel: str = "self") -> Json:
    return paging.link(f"{api_url}/v1/business-units/{unit.id}{rest}", rel)


@bindings.handles("getBusinessUnitProfileInfo")
def get_profile_info(world: World, business_unit_id: str, api_url: str) -> Json:
    """Return the company's own texts (BU). ``address``, ``description`` and ``socialmedia`` are never null (WILD)."""
    unit = public_unit(world, business_unit_id)
    profile = unit.profile
    page_id = profile.get("facebookPageId")
    if page_id is not None:
        # A world file may write either form.
        number = world.variants["facebook_page_id"] == "number" and str(page_id).isdecimal()
        page_id = int(page_id) if number else str(page_id)
    address, description = profile.get("address", {}), profile.get("description", {})
    return {
        "links": [_link(api_url, unit, "/profileinfo"), _link(api_url, unit, rel="business-unit")],
        "isSubscriber": unit.plan == "paid",
        **{name: profile.get(name) for name in ("email", "phone")},
        "facebookPageId": page_id,
        "facebookPageUrl": profile.get("facebookPageUrl"),
        "companyName": profile.get("companyName", unit.display_name),
        "address": {name: address.get(name) for name in _ADDRESS},
        "description": {name: description.get(name) for name in ("header", "text")},
        "socialmedia": {name: profile.get("socialmedia", {}).get(name) for name in _NETWORKS},
        "isFacebookActivated": page_id is not None,
        "isCommentsEnabled": profile.get("isCommentsEnabled", True),
        "isIncentivisingUsers": profile.get("isIncentivisingUsers", False),
        "isClaimed": claimed(world, unit),
    }


@bindings.handles("getBusinessUnitWebLinks")
def get_web_links(world: World, business_unit_id: str, locale: str, api_url: str) -> Answer:
    """Return the pages for reading and writing reviews (BU; no source shows the addresses themselves)."""
    unit = public_unit(world, business_unit_id)
    site = site_url(api_url, "www")
    body = {
        "locale": locale,
        "profileUrl": f"{site}/review/{unit.domain}",
        "evaluateUrl": f"{site}/evaluate/{unit.domain}",
        "evaluateEmbedUrl": f"{site}/evaluate/embed/{unit.domain}",
        "links": [_link(api_url, unit, f"/web-links?locale={locale}"), _link(api_url, unit, rel="business-unit")],
    }
    return Answer(200, body, hint=None if locale in LOCALES else hints.LOCALE_NOT_LISTED.format(locale=locale))


@bindings.handles("getBusinessUnitImages")
def get_images(world: World, business_unit_id: str, api_url: str) -> Json:
    """Return the profile's picture in its sizes, whose names a digest of the reference gives (REFMD)."""
    unit = public_unit(world, business_unit_id)
    return {
        "links": [_link(api_url, unit, "/images")],
        **{
            f"image{width}x{height}": {
                "url": _picture(unit, api_url, f"profile-{width}x{height}"),
                "width": width,
                "height": height,
            }
            for width, height in _SIZES
        },
    }


@bindings.handles("getBusinessUnitLogo")
def get_logo(world: World, business_unit_id: str, location_id: str | None, api_url: str) -> Answer:
    """Return the company's logo, or that of one of its locations (REFMD; MCC for the body)."""
    unit = public_unit(world, business_unit_id)
    location = world.locations.get((location_id or "").lower())
    known = location is not None and location.unit == unit.id
    name = f"location-{location.id}-logo" if location is not None and known else "logo"
    hint = None if known or location_id is None else hints.LOCATION_UNKNOWN
    return Answer(200, {"logoUrl": _picture(unit, api_url, name)}, hint=hint)


@bindings.handles(*_PICTURES)
def get_picture(world: World, business_unit_id: str, operation: str, api_url: str) -> Json:
    """Return one of the other pictures (BRUNO; the bodies are ours, modeled on that of the logo)."""
    name, member = _PICTURES[operation]
    return {member: _picture(public_unit(world, business_unit_id), api_url, name)}


def _picture(unit: BusinessUnit, api_url: str, name: str) -> str | None:
    """Return the address of a picture; None when the company has none."""
    return example_image(api_url, f"unit-{unit.id}-{name}.png") if unit.profile.get("images") else None


@bindings.handles(*_BOXES)
def get_box(world: World, business_unit_id: str, operation: str, api_url: str) -> Json:
    """Return one of the boxes on a profile page (BRUNO; the bodies are ours). Null when the company has none."""
    unit = public_unit(world, business_unit_id)
    box = unit.profile.get(_BOXES[operation], {})
    return {
        "links": [_link(api_url, unit, rel="business-unit")],
        **{name: box.get(name) for name in ("header", "text", "url")},
    }


@bindings.handles("listBusinessUnitLocations")
def list_locations(world: World, business_unit_id: str, page: int) -> Answer:
    """Return up to 200 of the company's locations; an empty array without any (SEED-PARTNER; the members are ours)."""
    unit = public_unit(world, business_unit_id)
    found = [location for location in world.locations.values() if location.unit == unit.id]
    rows = paging.rows(found, page, LOCATIONS_A_PAGE)
    locations = [
        {
            **members(location, "id", "external_id", "name", "url_formatted_name"),
            "address": {name: location.address.get(name) for name in _ADDRESS},
        }
        for location in rows
    ]
    return Answer(200, {"locations": locations} if world.variants["locations_body"] == "object" else locations)
