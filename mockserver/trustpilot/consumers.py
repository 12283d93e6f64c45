"""Consumers and what they wrote. Chapters "Consumer API" and "Consumer Profile API"."""

from __future__ import annotations

from typing import Any, Final

from mockserver import hints
from mockserver.answers import Bindings
from mockserver.clock import iso
from mockserver.problems import Problem
from mockserver.trustpilot import review_filters, service_review_documents
from mockserver.trustpilot.links import site_url
from mockserver.trustpilot.model import Consumer
from mockserver.trustpilot.paging import page as cut
from mockserver.trustpilot.review_filters import Filters
from mockserver.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]

_SIZES: Final = (24, 35, 64, 73)
#: What a name that may be shown looks like; no source says. Assumed.
_LONGEST_NAME: Final = 30


def _known(world: World, consumer_id: str) -> Consumer:
    consumer = world.consumers.get(consumer_id.lower())
    if consumer is None:
        raise Problem("unknown-consumer", hint=hints.CONSUMER_UNKNOWN)
    return consumer


def profile(consumer: Consumer, api_url: str) -> Json:
    """What a consumer shows; widths and heights are texts, as in the sample (CPROF)."""
    images = {
        f"image{size}x{size}": {
            "url": f"{site_url(api_url, 'www')}/consumers/{consumer.id}/{size}.png",
            "width": str(size),
            "height": str(size),
        }
        for size in _SIZES
    }
    return {
        "city": consumer.city,
        "about": consumer.about,
        "displayName": consumer.display_name,
        "locale": consumer.locale,
        "gender": consumer.gender,
        "country": consumer.country,
        "id": consumer.id,
        "createdAt": iso(consumer.created_at),
        "hasImage": consumer.has_image,
        "birthYear": consumer.birth_year,
        "profileImage": images,
    }


@bindings.handles("getConsumerProfile")
def get_consumer_profile(world: World, consumer_id: str, api_url: str) -> Json:
    """One profile."""
    return profile(_known(world, consumer_id), api_url)


@bindings.handles("getConsumer")
def get_consumer(world: World, consumer_id: str, api_url: str) -> Json:
    """The profile with the number of reviews."""
    consumer = _known(world, consumer_id)
    url = f"{api_url}/v1/consumers/{consumer.id}"
    return profile(consumer, api_url) | {
        "numberOfReviews": len(world.reviews_by_consumer.get(consumer.id, ())),
        "links": [
            {"href": url, "method": "GET", "rel": "self"},
            {"href": f"{url}/reviews", "method": "GET", "rel": "reviews"},
        ],
    }


@bindings.handles("getConsumerWebLinks")
def get_consumer_web_links(world: World, consumer_id: str, locale: str, api_url: str) -> Json:
    """Where the consumer's page would be."""
    url = f"{site_url(api_url, 'www')}/users/{_known(world, consumer_id).id}"
    return {"locale": locale, "profileUrl": url, "links": [{"href": url, "method": "GET", "rel": "profile"}]}


@bindings.handles("listConsumerReviews")
def list_consumer_reviews(
    world: World,
    consumer_id: str,
    stars: list[int] | None,
    language: list[str] | None,
    internal_location_id: str | None,
    business_unit_id: str | None,
    page: int,
    per_page: int,
    order_by: list[str] | None,
    include_reported_reviews: bool,  # noqa: FBT001 - as the document declares it
    api_url: str,
    query: dict[str, str],
) -> Json:
    """One page of what a consumer wrote, newest first."""
    consumer = _known(world, consumer_id)
    wanted = Filters(
        stars=tuple(stars or ()),
        language=tuple(language or ()),
        location=internal_location_id,
        reported=None if include_reported_reviews else False,
        consumer=consumer.id,
    )
    unit_id = None if business_unit_id is None else business_unit_id.lower()
    found = review_filters.of_consumer(world, wanted, unit_id, order_by)
    rows, links = cut(found, page, per_page, f"/v1/consumers/{consumer.id}/reviews", api_url, query)
    return {"links": links, "reviews": [service_review_documents.public(world, review, api_url) for review in rows]}


@bindings.handles("getConsumerProfiles")
def get_consumer_profiles(world: World, body: Json, api_url: str) -> Json:
    """Up to a thousand at once, each under the id as it was asked for."""
    wanted = dict.fromkeys(body["consumerIds"])
    found = {one: known for one in wanted if (known := world.consumers.get(one.lower())) is not None}
    return {
        "consumers": {one: profile(consumer, api_url) for one, consumer in found.items()},
        "notFoundConsumerIds": [one for one in wanted if one not in found],
    }


def _may_be_shown(name: str | None) -> bool:
    return name is not None and 0 < len(name.strip()) <= _LONGEST_NAME and "@" not in name


@bindings.handles("createDisplayName")
def create_display_name(world: World, body: Json) -> Json:
    """The name that was wished for when it may be shown, else one that may."""
    name = body["displayName"]
    return {"displayName": name.strip() if _may_be_shown(name) else f"Consumer {world.chance.hexadecimal(6)}"}


@bindings.handles("validateDisplayName")
def validate_display_name(body: Json) -> Json:
    """An e-mail address, nothing, or a very long name may not be shown (assumed)."""
    return {"isValid": _may_be_shown(body["displayName"])}
