"""Which service reviews of a unit are meant: the filters of the lists, remembered on the shelf by what they are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mockserver.clock import parse_iso
from mockserver.trustpilot.model import ServiceReview
from mockserver.trustpilot.world import World

#: What newest first is called.
NEWEST: Final = "createdat.desc"

_BY: Final[Mapping[str, Callable[[ServiceReview], float]]] = {
    "createdat.asc": lambda review: review.created_at,
    "createdat.desc": lambda review: -review.created_at,
    "stars.asc": lambda review: review.stars,
    "stars.desc": lambda review: -review.stars,
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Every filter of the lists; None means that it does not matter."""

    stars: tuple[int, ...] = ()
    language: tuple[str, ...] = ()
    location: str | None = None
    tag_group: str | None = None
    tag_value: str | None = None
    ignore_tag_case: bool = False
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

    def checks(self) -> list[Check]:
        """Those that are set: most lists have one or none, and a hundred thousand reviews are asked."""
        return [check for name, check in _CHECKS.items() if getattr(self, name) not in (None, ())]


Check = Callable[[Filters, World, ServiceReview], bool]


def _tags(wanted: Filters, _: World, review: ServiceReview) -> bool:
    """One tag must have both, the group and the value."""

    def same(value: str) -> bool:
        if wanted.tag_value is None or value == wanted.tag_value:
            return True
        return wanted.ignore_tag_case and value.lower() == wanted.tag_value.lower()

    return any(same(tag["value"]) and wanted.tag_group in (None, tag["group"]) for tag in review.tags)


def _email(wanted: Filters, _: World, review: ServiceReview) -> bool:
    known = review.referral_email
    return known is not None and known.lower() == (wanted.referral_email or "").lower()


def _writer(wanted: Filters, world: World, review: ServiceReview) -> bool:
    return (wanted.username or "").lower() in world.consumers[review.consumer].display_name.lower()


#: By the field that sets it.
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
    "username": _writer,
    "contacted": lambda wanted, _, review: bool(review.finder_requests) == wanted.contacted,
    "consumer": lambda wanted, _, review: review.consumer == wanted.consumer,
}


def select(world: World, unit_id: str, wanted: Filters, order: Sequence[str] | None) -> Sequence[ServiceReview]:
    """The unit's reviews that pass, in the order asked for; what is equal in it, newest first."""
    by = tuple(order or (NEWEST,))
    key: Hashable = ("service", wanted, by)
    fits = _fits(world, wanted)
    if by == (NEWEST,):
        return world.service_reviews.select(unit_id, key, fits)
    return world.service_reviews.select(unit_id, key, fits, _ordering(by), descending=False)


def _fits(world: World, wanted: Filters) -> Callable[[ServiceReview], bool] | None:
    checks = wanted.checks()
    if len(checks) == 1:
        check = checks[0]
        return lambda review: check(wanted, world, review)
    return (lambda review: all(check(wanted, world, review) for check in checks)) if checks else None


def _ordering(by: Sequence[str]) -> Callable[[ServiceReview], tuple[float, ...]]:
    """The first word counts most, the next where the first makes no difference."""
    return lambda review: tuple(_BY[word](review) for word in by)


def of_consumer(world: World, wanted: Filters, unit_id: str | None, order: Sequence[str] | None) -> list[ServiceReview]:
    """What a consumer wrote, in the same orders."""
    written = (world.service_reviews.get(one) for one in world.reviews_by_consumer.get(wanted.consumer or "", ()))
    checks = wanted.checks()
    found = [
        review
        for review in written
        if review is not None
        and unit_id in (None, review.unit)
        and all(check(wanted, world, review) for check in checks)
    ]
    found.sort(key=_ordering((*(order or ()), NEWEST)))
    return found


def moment(text: str | None) -> float | None:
    """A filter's moment; without a time it is the day's first (BU-REV).

    :raises ValueError: when it is no date
    """
    if text is None:
        return None
    read = parse_iso(text)
    if read is None:
        raise ValueError(text)
    return read
