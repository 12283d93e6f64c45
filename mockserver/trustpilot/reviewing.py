"""The life of reviews and consumers: written, revised, deleted. Every road to a change leads through here, so that
lists, numbers, feeds and webhooks always agree.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Literal

from mockserver.traces import Join
from mockserver.trustpilot import webhooks
from mockserver.trustpilot.model import Comment, Consumer, Conversation, Deletion, ProductReview, ServiceReview
from mockserver.trustpilot.world import World


def consumer_for(world: World, name: str, email: str | None, locale: str | None = None) -> Consumer:
    """The consumer with this e-mail address, made when there is none."""
    known = None if email is None else _by_email(world).get(email.lower())
    if known is not None:
        return world.consumers[known]
    consumer = Consumer(
        id=world.chance.object_id(),
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
    """Who has which address; made when it is first asked for, as most worlds never need it."""
    if world.consumer_by_email is None:
        world.consumer_by_email = {
            consumer.email.lower(): consumer.id for consumer in world.consumers.values() if consumer.email is not None
        }
    return world.consumer_by_email


def write_service_review(world: World, review: ServiceReview, trace: str | None = None) -> ServiceReview:
    """A consumer has written about a company.

    :param trace: the first cause, such as the order whose invitation is answered
    """
    world.service_reviews.add(review)
    world.count(review, +1)
    _begin(world, review, trace)
    webhooks.publish(world, "service-review-created", review)
    return review


def _begin(world: World, review: ServiceReview | ProductReview, trace: str | None) -> None:
    """Note that a review was written; one that answers no invitation is a first cause itself."""
    key = f"reviewId:{review.id}"
    review.trace = world.traces.begin(key) if trace is None else trace
    world.traces.also(trace, key)
    _tell(world, "review-written", review, "cause" if trace is None else "linkId")


def _tell(world: World, what: str, review: ServiceReview | ProductReview, join: Join = "reviewId") -> None:
    kind = "service" if isinstance(review, ServiceReview) else "product"
    world.traces.note(review.trace, what, join, review.id, kind, review.stars)


def revise_service_review(world: World, review: ServiceReview, **changes: Any) -> ServiceReview:
    """The consumer has changed it: ``stars``, ``title``, ``text``."""
    world.count(review, -1)
    for name, value in changes.items():
        setattr(review, name, value)
    review.updated_at = world.now()
    world.count(review, +1)
    world.service_reviews.changed()
    _tell(world, "review-revised", review)
    webhooks.publish(world, "service-review-updated", review)
    return review


def note_service_review(world: World, review: ServiceReview, **changes: Any) -> ServiceReview:
    """Something about it is different that its writer did not write: ``verified``, ``report``, ``likes``, ``tags``.

    It is no revision, so ``updated_at`` stays and nobody is told.
    """
    for name, value in changes.items():
        setattr(review, name, value)
    world.service_reviews.changed()
    return review


def delete_service_review(world: World, review: ServiceReview) -> None:
    """It is gone from every list and number; the deletions feed and a webhook are all that tells of it."""
    world.service_reviews.remove(review)
    world.count(review, -1)
    world.deleted_reviews[review.id] = Deletion(review.id, world.now())
    _tell(world, "review-deleted", review)
    webhooks.publish(world, "service-review-deleted", review)


def write_product_review(world: World, review: ProductReview, trace: str | None = None) -> ProductReview:
    """A consumer has written about a product."""
    world.product_reviews.add(review)
    _begin(world, review, trace)
    webhooks.publish(world, "product-review-created", review)
    return review


def revise_product_review(world: World, review: ProductReview, **changes: Any) -> ProductReview:
    """The consumer has changed it: ``stars``, ``content``; or its ``state`` is another."""
    for name, value in changes.items():
        setattr(review, name, value)
    world.product_reviews.changed()
    _tell(world, "review-revised", review)
    webhooks.publish(world, "product-review-updated", review)
    return review


def delete_product_review(world: World, review: ProductReview) -> None:
    """It is gone, with its conversation."""
    world.product_reviews.remove(review)
    if review.conversation is not None:
        del world.conversations[review.conversation]
    _tell(world, "review-deleted", review)
    webhooks.publish(world, "product-review-deleted", review)


def delete_consumer(world: World, consumer: Consumer) -> None:
    """The person has left: all reviews and likes go with them, and the deletions feed tells it."""
    for review_id in list(world.reviews_by_consumer.get(consumer.id, ())):
        review = world.service_reviews.get(review_id)
        if review is not None:
            delete_service_review(world, review)
    for product_review in [entry for entry in world.product_reviews.all() if entry.consumer == consumer.id]:
        delete_product_review(world, product_review)
    for liked in [entry for entry in world.service_reviews.all() if consumer.id in entry.likes]:
        note_service_review(world, liked, likes=[one for one in liked.likes if one != consumer.id])
    del world.consumers[consumer.id]
    if consumer.email is not None:
        _by_email(world).pop(consumer.email.lower(), None)
    world.reviews_by_consumer.pop(consumer.id, None)
    world.deleted_consumers[consumer.id] = Deletion(consumer.id, world.now())


def forget_referrals(
    world: World, unit_id: str, takes: Callable[[str | None, float], bool], orders: Collection[str]
) -> int:
    """Let the unit's reviews forget the invitations they answered: address and reference go, the reviews stay.

    :param takes: whether an address, or a moment, is meant
    :param orders: the reference numbers of the invitations that are gone
    :returns: how many reviews knew something
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
    """The conversation about a product review, begun when there is none."""
    if review.conversation is not None:
        return world.conversations[review.conversation]
    conversation = Conversation(world.chance.object_id(), review.unit, review.consumer, review.id)
    world.conversations[conversation.id] = conversation
    review.conversation = conversation.id
    world.traces.also(review.trace, f"conversationId:{conversation.id}")
    return conversation


def add_comment(
    world: World,
    conversation: Conversation,
    author_id: str,
    content: str,
    author_type: Literal["businessUser", "consumer"] = "businessUser",
) -> Comment:
    """Someone says something, at the end of a conversation."""
    comment = Comment(world.chance.object_id(), author_id, author_type, content, world.now())
    conversation.comments.append(comment)
    trace = world.traces.find(f"conversationId:{conversation.id}")
    world.traces.note(trace, "comment-written", "conversationId", conversation.id, author_type)
    return comment


def rewrite_comment(world: World, comment: Comment, content: str) -> Comment:
    """Whoever said something says it in other words; its place and its first moment stay."""
    comment.content = content
    comment.updated_at = world.now()
    return comment
