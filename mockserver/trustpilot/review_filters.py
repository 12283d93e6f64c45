"""Which service reviews of a unit are meant: the filters of the lists, remembered on the shelf by what they are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, fields

from mockserver.clock import parse_iso
from mockserver.trustpilot.model import ServiceReview
from mockserver.trustpilot.world import World

_STARS = {"stars.asc": False, "stars.desc": True}


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

    def fits(self, world: World, review: ServiceReview) -> bool:
        """Whether a review passes all that are set."""
        return all(check(self, world, review) for check in _CHECKS)

    def matters(self) -> bool:
        """Whether any is set."""
        return any(getattr(self, field.name) not in (None, (), False) for field in fields(self)) or (
            self.responded is False or self.reported is False or self.contacted is False
        )


Check = Callable[[Filters, World, ServiceReview], bool]


def _tags(wanted: Filters, _: World, review: ServiceReview) -> bool:
    if wanted.tag_group is None and wanted.tag_value is None:
        return True

    def same(value: str) -> bool:
        if wanted.tag_value is None or value == wanted.tag_value:
            return True
        return wanted.ignore_tag_case and value.lower() == wanted.tag_value.lower()

    return any(same(tag["value"]) and wanted.tag_group in (None, tag["group"]) for tag in review.tags)


def _writer(wanted: Filters, world: World, review: ServiceReview) -> bool:
    if wanted.username is None:
        return True
    return wanted.username.lower() in world.consumers[review.consumer].display_name.lower()


def _email(wanted: Filters, _: World, review: ServiceReview) -> bool:
    if wanted.referral_email is None:
        return True
    return review.referral_email is not None and review.referral_email.lower() == wanted.referral_email.lower()


_CHECKS: Sequence[Check] = (
    lambda wanted, _, review: not wanted.stars or review.stars in wanted.stars,
    lambda wanted, _, review: not wanted.language or review.language in wanted.language,
    lambda wanted, _, review: wanted.location in (None, review.location),
    _tags,
    lambda wanted, _, review: wanted.responded in (None, review.reply is not None),
    lambda wanted, _, review: wanted.reported in (None, review.report is not None),
    lambda wanted, _, review: wanted.reference_id in (None, review.reference_id),
    _email,
    lambda wanted, _, review: wanted.start is None or review.created_at >= wanted.start,
    lambda wanted, _, review: wanted.end is None or review.created_at <= wanted.end,
    lambda wanted, _, review: wanted.source is None or review.source.lower() == wanted.source.lower(),
    _writer,
    lambda wanted, _, review: wanted.contacted in (None, bool(review.finder_requests)),
    lambda wanted, _, review: wanted.consumer in (None, review.consumer),
)


def select(world: World, unit_id: str, wanted: Filters, order: Sequence[str] | None) -> Sequence[ServiceReview]:
    """The unit's reviews that pass, newest first unless ``order`` says otherwise; its first word counts."""
    by = order[0] if order else "createdat.desc"
    key: Hashable = ("service", wanted, by)
    fits = (lambda review: wanted.fits(world, review)) if wanted.matters() else None
    if by in _STARS:
        return world.service_reviews.select(unit_id, key, fits, lambda review: review.stars, descending=_STARS[by])
    return world.service_reviews.select(unit_id, key, fits, descending=by == "createdat.desc")


def of_consumer(world: World, wanted: Filters, unit_id: str | None, order: Sequence[str] | None) -> list[ServiceReview]:
    """What a consumer wrote, in the same orders."""
    written = (world.service_reviews.get(one) for one in world.reviews_by_consumer.get(wanted.consumer or "", ()))
    found = [
        review
        for review in written
        if review is not None and unit_id in (None, review.unit) and wanted.fits(world, review)
    ]
    by = order[0] if order else "createdat.desc"
    found.sort(key=lambda review: review.created_at, reverse=by != "createdat.asc")
    if by in _STARS:
        found.sort(key=lambda review: review.stars, reverse=_STARS[by])
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
