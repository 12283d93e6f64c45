"""Search of a whole sandbox: orders, emails, reviews and requests that contain some words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from tpmock.common.moments import iso_milliseconds
from tpmock.control import orders
from tpmock.core.json_text import members
from tpmock.core.responses import Bindings
from tpmock.journal.journal import Entry
from tpmock.journal.masking import Masks
from tpmock.sandbox.sandbox import Sandbox
from tpmock.trustpilot import invitation_life
from tpmock.trustpilot.model import Invitation, ProductReview, ServiceReview

bindings = Bindings()

Row = dict[str, Any]
_T = TypeVar("_T")


@bindings.handles("searchSandbox")
def search_sandbox(sandbox: Sandbox, q: str, limit: int) -> Row:
    """Return the newest things of each kind that contain the words, and how many there are.

    Upper and lower case do not matter, except in the bodies of requests.
    """
    sought = q.casefold()
    world, masks = sandbox.world, sandbox.journal.masks
    reviews = _reviews(sandbox, sought)
    with sandbox.lock:
        found_orders = orders.matching(sandbox, q)
        newest = reversed(world.invitations.values())
        maybe = (mail for mail in newest if sought in mail.id or invitation_life.may_contain(mail, sought))
        mails = _matching(maybe, _mail_texts, sought)
        # As they are now: some may have been deleted, with their writers, since they were found.
        there = (world.service_reviews.get(one) or world.product_reviews.get(one) for one in reviews[:limit])
        entries = sandbox.journal.entries(0)
        result = {
            "orders": {"total": len(found_orders), "rows": orders.rows(sandbox, found_orders[:limit])},
            "emails": {
                "total": len(mails),
                "rows": [invitation_life.document(mail, world.now()) for mail in mails[:limit]],
            },
            "reviews": {"total": len(reviews), "rows": [_review(sandbox, one) for one in there if one is not None]},
        }
    # Entries never change, so this search needs no lock.
    requests = _requests(entries, q)
    shown = [sandbox.journal.shown(entry) for entry in requests[:limit]]
    return result | {"requests": {"total": len(requests), "rows": [_request(entry, masks) for entry in shown]}}


def _matching(things: Iterable[_T], texts: Callable[[_T], Iterable[str | None]], sought: str) -> list[_T]:
    return [thing for thing in things if any(sought in text.casefold() for text in texts(thing) if text)]


def _reviews(sandbox: Sandbox, sought: str) -> list[str]:
    """Return the ids of the reviews that contain the words, newest first.

    A sandbox can have a million reviews, so its lock is held only while they are listed.
    """
    world = sandbox.world
    with sandbox.lock:
        reviews: list[ServiceReview | ProductReview] = [*world.service_reviews.all(), *world.product_reviews.all()]
    found = _matching(reviews, _review_texts(sandbox), sought)
    found.sort(key=lambda review: review.created_at, reverse=True)
    return [review.id for review in found]


def _mail_texts(mail: Invitation) -> Iterable[str | None]:
    person = invitation_life.addressee(mail)
    return (person.reference, person.email, person.name, mail.id)


def _review_texts(sandbox: Sandbox) -> Callable[[ServiceReview | ProductReview], Iterable[str | None]]:
    consumers = sandbox.world.consumers

    def texts(review: ServiceReview | ProductReview) -> Iterable[str | None]:
        writer = consumers.get(review.consumer)
        words = (review.title, review.text) if isinstance(review, ServiceReview) else (review.content,)
        return (*words, review.id, review.reference_id, None if writer is None else writer.display_name)

    return texts


def _review(sandbox: Sandbox, review: ServiceReview | ProductReview) -> Row:
    writer = sandbox.world.consumers[review.consumer]
    return {
        **members(review, "id", "stars", "created_at", "reference_id", "trace", moment=iso_milliseconds),
        "type": "service" if isinstance(review, ServiceReview) else "product",
        "title": review.title if isinstance(review, ServiceReview) else None,
        "text": review.text if isinstance(review, ServiceReview) else review.content,
        "consumer": writer.display_name,
    }


def _requests(entries: Sequence[Entry], words: str) -> list[Entry]:
    exact, sought = words.encode("utf-8", "surrogatepass"), words.casefold()
    return [
        entry
        for entry in reversed(entries)
        if sought in entry.url.casefold()
        or exact in entry.request_body
        or exact in entry.response_body
        or sought in (entry.operation or "").casefold()
    ]


def _request(entry: Entry, masks: Masks) -> Row:
    whole = entry.document()
    names = ("id", "at", "direction", "operation", "method", "url", "status", "error", "hint", "trace")
    return {name: masks.text(whole[name]) if isinstance(whole[name], str) else whole[name] for name in names}
