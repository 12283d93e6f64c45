"""Consumers and their reviews. Chapters "Consumer API" and "Consumer Profile API"."""

from __future__ import annotations

from typing import Final

from tpmock.core import hints
from tpmock.core.json_text import members
from tpmock.core.problems import existing
from tpmock.core.responses import Bindings
from tpmock.trustpilot import paging, resources, review_filters, service_review_documents
from tpmock.trustpilot.links import site_url
from tpmock.trustpilot.model import Consumer, Json
from tpmock.trustpilot.world import World

bindings = Bindings()

_SIZES: Final = (24, 35, 64, 73)
#: Pattern of a valid display name; no source defines one. Assumed.
_LONGEST_NAME: Final = 30


def _known(world: World, consumer_id: str) -> Consumer:
    return existing(world.consumers.get(consumer_id.lower()), "unknown-consumer", hints.CONSUMER_UNKNOWN)


def profile(world: World, consumer: Consumer, api_url: str) -> Json:
    """Return a consumer's public profile (CPROF)."""
    images = {
        f"image{size}x{size}": {
            "url": f"{site_url(api_url, 'www')}/consumers/{consumer.id}/{size}.png",
            **resources.sizes(world, size, size),
        }
        for size in _SIZES
    }
    shown = members(
        *(consumer, "city", "about", "display_name", "locale", "gender", "country", "id", "created_at"),
        *("has_image", "birth_year"),
    )
    if consumer.birth_year is not None and world.variants["birth_year"] == "text":
        shown["birthYear"] = str(consumer.birth_year)
    return shown | {"profileImage": images}


@bindings.handles("getConsumerProfile")
def get_consumer_profile(world: World, consumer_id: str, api_url: str) -> Json:
    """Return one profile."""
    return profile(world, _known(world, consumer_id), api_url)


@bindings.handles("getConsumer")
def get_consumer(world: World, consumer_id: str, api_url: str) -> Json:
    """Return the profile with the number of reviews."""
    consumer = _known(world, consumer_id)
    url = f"{api_url}/v1/consumers/{consumer.id}"
    return profile(world, consumer, api_url) | {
        "numberOfReviews": len(world.reviews_by_consumer.get(consumer.id, ())),
        "links": [
            paging.link(url, "self"),
            paging.link(f"{url}/reviews", "reviews"),
        ],
    }


@bindings.handles("getConsumerWebLinks")
def get_consumer_web_links(world: World, consumer_id: str, locale: str, api_url: str) -> Json:
    """Return the address of the consumer's page."""
    url = f"{site_url(api_url, 'www')}/users/{_known(world, consumer_id).id}"
    return {"locale": locale, "profileUrl": url, "links": [paging.link(url, "profile")]}


@bindings.handles("listConsumerReviews")
def list_consumer_reviews(
    world: World, consumer_id: str, business_unit_id: str | None, arguments: Json, api_url: str, query: dict[str, str]
) -> Json:
    """Return a page of a consumer's reviews, newest first."""
    consumer = _known(world, consumer_id)
    wanted = review_filters.public_filter(arguments, consumer=consumer.id)
    unit_id = None if business_unit_id is None else business_unit_id.lower()
    found = review_filters.of_consumer(world, wanted, unit_id, arguments["order_by"])
    rows, links = paging.page(found, f"/v1/consumers/{consumer.id}/reviews", arguments, api_url, query)
    return {"links": links, "reviews": [service_review_documents.public(world, review, api_url) for review in rows]}


@bindings.handles("getConsumerProfiles")
def get_consumer_profiles(world: World, body: Json, api_url: str) -> Json:
    """Return up to a thousand profiles, each under the id as sent."""
    wanted = dict.fromkeys(body["consumerIds"])
    found = {one: known for one in wanted if (known := world.consumers.get(one.lower())) is not None}
    return {
        "consumers": {one: profile(world, consumer, api_url) for one, consumer in found.items()},
        "notFoundConsumerIds": [one for one in wanted if one not in found],
    }


def _may_be_shown(name: str | None) -> bool:
    return name is not None and 0 < len(name.strip()) <= _LONGEST_NAME and "@" not in name


@bindings.handles("createDisplayName")
def create_display_name(world: World, body: Json) -> Json:
    """Return the requested name if it is a valid display name, else a valid one."""
    name = body["displayName"]
    return {"displayName": name.strip() if _may_be_shown(name) else f"Consumer {world.random.hexadecimal(6)}"}


@bindings.handles("validateDisplayName")
def validate_display_name(body: Json) -> Json:
    """Return whether a display name is valid: no e-mail address, not empty, not very long (assumed)."""
    return {"isValid": _may_be_shown(body["displayName"])}
