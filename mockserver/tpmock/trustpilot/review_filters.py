"""Filters of the lists of a unit's service reviews, cached in the review index."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from tpmock.common.moments import parse_iso
from tpmock.core import hints
from tpmock.core.problems import invalid
from tpmock.trustpilot.model import Json, ServiceReview
from tpmock.trustpilot.world import World

#: The name of the order newest first.
NEWEST: Final = "createdat.desc"

_BY: Final[Mapping[str, Callable[[ServiceReview], float]]] = {
    "createdat.asc": lambda review: review.created_at,
    "createdat.desc": lambda review: -review.created_at,
    "stars.asc": lambda review: review.stars,
    "stars.desc": lambda review: -review.stars,
}


@dataclass(frozen=True, slots=True)
class ServiceReviewFilter:
    """All filters of the lists, named like the parameters where possible; None matches all."""

    stars: tuple[int, ...] = ()
    language: tuple[str, ...] = ()
    location: str | None = None
    tag_group: str | None = None
    tag_value: str | None = None
    ignore_tag_value_case: bool = False
    responded: bool | None = None
    reported: bool | None = None
    reference_id: str | None = None
    referral_email: str | None = None
    start: float | None = None
    end: float | None = None
    source: str | None = None
    username: str | None = None
    contacted: bool | None = None
    consumer: str | None = None


def filter_of(arguments: Json, **own: Any) -> ServiceReviewFilter:
    """Return the filters that the parameters of a list describe.

    :param own: filters that the list sets itself
    """
    names = {field.name for field in fields(ServiceReviewFilter)} & arguments.keys()
    given = {name: value for name in names if (value := arguments[name]) is not None}
    frozen = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return ServiceReviewFilter(**{**frozen, **own})


def public_filter(arguments: Json, **own: Any) -> ServiceReviewFilter:
    """Return the filters of a public list, which includes reported reviews only on request."""
    reported = None if arguments["include_reported_reviews"] else False
    return filter_of(arguments, location=arguments["internal_location_id"], reported=reported, **own)


Check = Callable[[ServiceReviewFilter, World, ServiceReview], bool]


def _tags(wanted: ServiceReviewFilter, _: World, review: ServiceReview) -> bool:
    """Return whether one tag has both the group and the value."""

    def same(value: str) -> bool:
        if wanted.tag_value is None or value == wanted.tag_value:
            return True
        return wanted.ignore_tag_value_case and value.lower() == wanted.tag_value.lower()

    return any(same(tag["value"]) and wanted.tag_group in (None, tag["group"]) for tag in review.tags)


def _email(wanted: ServiceReviewFilter, _: World, review: ServiceReview) -> bool:
    known = review.referral_email
    return known is not None and known.lower() == (wanted.referral_email or "").lower()


#: By the filter's field.
_CHECKS: Final[Mapping[str, Check]] = {
    "stars": lambda wanted, _, review: review.stars in wanted.stars,
    "language": lambda wanted, _, review: review.language in wanted.language,
    "location": lambda wanted, _, review: review.location == wanted.location,
    "tag_group": _tags,
    "tag_value": _tags,
    "responded": lambda wanted, _, review: (review.reply is not None) == wanted.responded,
    "reported": lambda wanted, _, review: (review.report is not None) == wanted.reported,
    "reference_id": lambda wanted, _, review: review.reference_id == wanted.reference_id,
    "referral_email": _email,
    "start": lambda wanted, _, review: wanted.start is None or review.created_at >= wanted.start,
    "end": lambda wanted, _, review: wanted.end is None or review.created_at <= wanted.end,
    "source": lambda wanted, _, review: review.source.lower() == (wanted.source or "").lower(),
    "username": lambda wanted, world, review: (
        (wanted.username or "").lower() in world.consumers[review.consumer].display_name.lower()
    ),
    "contacted": lambda wanted, _, review: bool(review.finder_requests) == wanted.contacted,
    "consumer": lambda wanted, _, review: review.consumer == wanted.consumer,
}


def select(
    world: World, unit_id: str, wanted: ServiceReviewFilter, order: Sequence[str] | None
) -> Sequence[ServiceReview]:
    """Return the unit's matching reviews in the requested order; equal ones newest first."""
    by = tuple(order or (NEWEST,))
    key: Hashable = ("service", wanted, by)
    fits = _fits(world, wanted)
    if by == (NEWEST,):
        return world.service_reviews.select(unit_id, key, fits)
    return world.service_reviews.select(unit_id, key, fits, _ordering(by), descending=False)


def _fits(world: World, wanted: ServiceReviewFilter) -> Callable[[ServiceReview], bool] | None:
    # Only the filters that are set: most lists have one or none, and a hundred thousand reviews are tested.
    checks = [check for name, check in _CHECKS.items() if getattr(wanted, name) not in (None, ())]
    if len(checks) == 1:
        check = checks[0]
        return lambda review: check(wanted, world, review)
    return (lambda review: all(check(wanted, world, review) for check in checks)) if checks else None


def _ordering(by: Sequence[str]) -> Callable[[ServiceReview], tuple[float, ...]]:
    """Return the sort key: the first word takes precedence, the next decides between equal reviews."""
    return lambda review: tuple(_BY[word](review) for word in by)


def of_consumer(
    world: World, wanted: ServiceReviewFilter, unit_id: str | None, order: Sequence[str] | None
) -> list[ServiceReview]:
    """Return a consumer's reviews, in the same orders."""
    written = (world.service_reviews.get(one) for one in world.reviews_by_consumer.get(wanted.consumer or "", ()))
    fits = _fits(world, wanted)
    found = [one for one in written if one and unit_id in (None, one.unit) and (fits is None or fits(one))]
    return sorted(found, key=_ordering((*(order or ()), NEWEST)))


def parse_moment(name: str, text: str | None) -> float | None:
    """Return the time in a parameter; a date means the start of the day (BU-REV).

    :raises Problem: ``invalid-request`` when it is not a date
    """
    if text is None:
        return None
    moment = parse_iso(text)
    if moment is None:
        raise invalid(hints.MOMENT_UNREADABLE.format(name=name, given=text), name)
    return moment
