"""The life of reviews and consumers: written, revised, deleted. Every road to a change leads through here, so that
lists, numbers, feeds and webhooks always agree.
"""

from __future__ import annotations

from typing import Any

from mockserver.trustpilot import webhooks
from mockserver.trustpilot.model import Consumer, Deletion, ProductReview, ServiceReview
from mockserver.trustpilot.world import World


def consumer_for(world: World, name: str, email: str | None, locale: str | None = None) -> Consumer:
    """The consumer with this e-mail address, made when there is none."""
    if email is not None:
        for known in world.consumers.values():
            if known.email is not None and known.email.lower() == email.lower():
                return known
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
    return consumer


def write_service_review(world: World, review: ServiceReview, trace: str | None = None) -> ServiceReview:
    """A consumer has written about a company.

    :param trace: the first cause, such as the order whose invitation is answered
    """
    world.service_reviews.add(review)
    world.count(review, +1)
    webhooks.publish(world, "service-review-created", review, trace)
    return review


def revise_service_review(world: World, review: ServiceReview, **changes: Any) -> ServiceReview:
    """The consumer has changed it: ``stars``, ``title``, ``text``."""
    world.count(review, -1)
    for name, value in changes.items():
        setattr(review, name, value)
    review.updated_at = world.now()
    world.count(review, +1)
    world.service_reviews.changed()
    webhooks.publish(world, "service-review-updated", review)
    return review


def delete_service_review(world: World, review: ServiceReview) -> None:
    """It is gone from every list and number; the deletions feed and a webhook are all that tells of it."""
    world.service_reviews.remove(review)
    world.count(review, -1)
    world.deleted_reviews[review.id] = Deletion(review.id, world.now())
    webhooks.publish(world, "service-review-deleted", review)


def write_product_review(world: World, review: ProductReview, trace: str | None = None) -> ProductReview:
    """A consumer has written about a product."""
    world.product_reviews.add(review)
    webhooks.publish(world, "product-review-created", review, trace)
    return review


def revise_product_review(world: World, review: ProductReview, **changes: Any) -> ProductReview:
    """The consumer has changed it: ``stars``, ``content``; or its ``state`` is another."""
    for name, value in changes.items():
        setattr(review, name, value)
    world.product_reviews.changed()
    webhooks.publish(world, "product-review-updated", review)
    return review


def delete_product_review(world: World, review: ProductReview) -> None:
    """It is gone, with its conversation."""
    world.product_reviews.remove(review)
    if review.conversation is not None:
        del world.conversations[review.conversation]
    webhooks.publish(world, "product-review-deleted", review)


def delete_consumer(world: World, consumer: Consumer) -> None:
    """The person has left: all reviews go with them, and the deletions feed tells it."""
    for review_id in list(world.reviews_by_consumer.get(consumer.id, ())):
        review = world.service_reviews.get(review_id)
        if review is not None:
            delete_service_review(world, review)
    for product_review in [entry for entry in world.product_reviews.all() if entry.consumer == consumer.id]:
        delete_product_review(world, product_review)
    del world.consumers[consumer.id]
    world.reviews_by_consumer.pop(consumer.id, None)
    world.deleted_consumers[consumer.id] = Deletion(consumer.id, world.now())
