"""Changes of reviews and consumers: create, revise, delete. All changes use these functions, so that
lists, counts, feeds and webhooks always agree.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Literal, TypeVar

from tpmock.core.responses import Join
from tpmock.trustpilot import webhooks
from tpmock.trustpilot.model import Comment, Consumer, Conversation, Deletion, ProductReview, ServiceReview
from tpmock.trustpilot.review_index import ReviewIndex
from tpmock.trustpilot.world import World

Review = ServiceReview | ProductReview
_Review = TypeVar("_Review", ServiceReview, ProductReview)


def consumer_for(world: World, name: str, email: str | None, locale: str | None = None) -> Consumer:
    """Return the consumer with this e-mail address, a new one if necessary."""
    known = None if email is None else _by_email(world).get(email.lower())
    if known is not None:
        return world.consumers[known]
    consumer = Consumer(
        id=world.random.object_id(),
        display_name=name,
        email=email,
        name=name,
        locale=locale,
        country=locale[-2:] if locale else None,
        created_at=world.now(),
    )
    world.consumers[consumer.id] = consumer
    if email is not None:
        _by_email(world)[email.lower()] = consumer.id
    return consumer


def _by_email(world: World) -> dict[str, str]:
    """Return the consumers by address; built on first use, because most worlds never need it."""
    if world.consumer_by_email is None:
        world.consumer_by_email = {
            consumer.email.lower(): consumer.id for consumer in world.consumers.values() if consumer.email is not None
        }
    return world.consumer_by_email


def write(world: World, review: _Review, trace: str | None = None) -> _Review:
    """Add a consumer's review of a company or a product.

    :param trace: the trace to join, such as that of the order whose invitation is answered
    """
    _index(world, review).add(review)
    _count(world, review, +1)
    _begin(world, review, trace)
    webhooks.publish(world, f"{_kind(review)}-review-created", review)
    return review


def _index(world: World, review: Review) -> ReviewIndex[Any]:
    return world.service_reviews if isinstance(review, ServiceReview) else world.product_reviews


def _kind(review: Review) -> Literal["service", "product"]:
    return "service" if isinstance(review, ServiceReview) else "product"


def _count(world: World, review: Review, by: int) -> None:
    if isinstance(review, ServiceReview):
        world.count(review, by)


def _begin(world: World, review: Review, trace: str | None) -> None:
    """Record a review as a step; one without an invitation begins a trace."""
    key = f"reviewId:{review.id}"
    review.trace = world.traces.begin(key) if trace is None else trace
    world.traces.also(trace, key)
    _record_step(world, "review-written", review, "cause" if trace is None else "linkId")


def _record_step(world: World, what: str, review: Review, join: Join = "reviewId") -> None:
    world.traces.note(review.trace, what, join, review.id, _kind(review), review.stars)


def revise(world: World, review: Review, **changes: Any) -> None:
    """Change a review's stars and text as its writer, or the ``state`` of a product review."""
    _count(world, review, -1)
    for name, value in changes.items():
        setattr(review, name, value)
    if isinstance(review, ServiceReview):
        review.updated_at = world.now()
    _count(world, review, +1)
    _index(world, review).changed()
    _record_step(world, "review-revised", review)
    webhooks.publish(world, f"{_kind(review)}-review-updated", review)


def note(world: World, review: ServiceReview, **changes: Any) -> None:
    """Change what the writer does not write: ``verified``, ``report``, ``likes``, ``tags``.

    It is not a revision, so ``updated_at`` stays and no webhook is sent.
    """
    for name, value in changes.items():
        setattr(review, name, value)
    world.service_reviews.changed()


def delete(world: World, review: Review) -> None:
    """Delete a review from all lists and counts; send a webhook, and add a service review to the deletions feed.

    The conversation about a product review is deleted too.
    """
    _index(world, review).remove(review)
    _count(world, review, -1)
    if isinstance(review, ServiceReview):
        world.deleted_reviews[review.id] = Deletion(review.id, world.now())
    elif review.conversation is not None:
        del world.conversations[review.conversation]
    _record_step(world, "review-deleted", review)
    webhooks.publish(world, f"{_kind(review)}-review-deleted", review)


def delete_consumer(world: World, consumer: Consumer) -> None:
    """Delete a consumer with all reviews and likes, and add them to the deletions feed."""
    written = [world.service_reviews.get(review_id) for review_id in world.reviews_by_consumer.get(consumer.id, ())]
    about_products = [review for review in world.product_reviews.all() if review.consumer == consumer.id]
    for review in [*written, *about_products]:
        if review is not None:
            delete(world, review)
    for liked in [entry for entry in world.service_reviews.all() if consumer.id in entry.likes]:
        note(world, liked, likes=[one for one in liked.likes if one != consumer.id])
    del world.consumers[consumer.id]
    if consumer.email is not None:
        _by_email(world).pop(consumer.email.lower(), None)
    world.reviews_by_consumer.pop(consumer.id, None)
    world.deleted_consumers[consumer.id] = Deletion(consumer.id, world.now())


def forget_referrals(
    world: World, unit_id: str, takes: Callable[[str | None, float], bool], orders: Collection[str]
) -> int:
    """Remove invitation data from the unit's reviews: address and reference are deleted, the reviews stay.

    :param takes: whether an address, or a time, is selected
    :param orders: the reference numbers of the deleted invitations
    :returns: the number of changed reviews
    """
    touched = 0
    for review in world.service_reviews.of_unit(unit_id):
        knows = review.referral_email is not None or review.reference_id is not None
        if knows and (review.reference_id in orders or takes(review.referral_email, review.created_at)):
            review.referral_email = review.reference_id = None
            touched += 1
    for product_review in world.product_reviews.of_unit(unit_id):
        if product_review.reference_id is None:
            continue
        email = world.consumers[product_review.consumer].email
        if product_review.reference_id in orders or takes(email, product_review.created_at):
            product_review.reference_id = None
            touched += 1
    if touched:
        world.service_reviews.changed()
        world.product_reviews.changed()
    return touched


def open_conversation(world: World, review: ProductReview) -> Conversation:
    """Return the conversation about a product review, a new one if necessary."""
    if review.conversation is not None:
        return world.conversations[review.conversation]
    conversation = Conversation(world.random.object_id(), review.unit, review.consumer, review.id)
    world.conversations[conversation.id] = conversation
    review.conversation = conversation.id
    world.traces.also(review.trace, f"conversationId:{conversation.id}")
    return conversation


def add_comment(world: World, conversation: Conversation, author_id: str, content: str) -> Comment:
    """Add a business user's comment at the end of a conversation."""
    comment = Comment(world.random.object_id(), author_id, "businessUser", content, world.now())
    conversation.comments.append(comment)
    trace = world.traces.find(f"conversationId:{conversation.id}")
    world.traces.note(trace, "comment-written", "conversationId", conversation.id, comment.author_type)
    return comment
