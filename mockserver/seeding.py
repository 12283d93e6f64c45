"""Makes a world file of any size with Faker: the default world's accounts, and as many reviews as asked for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, Final

from faker import Faker

from mockserver.chance import Chance
from mockserver.clock import iso, parse_iso

#: Texts and names are drawn from pools of this size: a hundred thousand sentences need no hundred thousand inventions.
_POOL: Final = 2_000
#: Every so many reviews there is a consumer, and every so many service reviews a review of a product.
_PER_CONSUMER: Final = 4
_PER_PRODUCT_REVIEW: Final = 5
#: Reviews spread evenly over this time, up to this moment.
_LAST: Final = "2026-01-01T00:00:00Z"
_SPAN: Final = 5 * 365 * 86_400
#: How real shops are rated: mostly very well, or very badly.
_STARS: Final = (5,) * 12 + (4,) * 4 + (3, 2, 1, 1)


class Seeding:
    """A world in the making. Same arguments: same world, byte by byte.

    :param content: the default world, its placeholders unfilled
    :param reviews: how many service reviews the first unit has
    :param seed: of all that looks random
    :param locale: Faker's, such as ``da_DK``
    """

    def __init__(self, content: dict[str, Any], reviews: int, seed: int, locale: str) -> None:
        self._content = content
        self._reviews = reviews
        self._chance = Chance(f"world/{seed}/{locale}")
        self._faker = Faker(locale)
        self._faker.seed_instance(seed)
        self._locale = locale.replace("_", "-")
        self._unit = content["business_units"][0]["id"]

    def world(self) -> dict[str, Any]:
        """The whole content of the file."""
        consumers = list(self._consumers())
        names = [consumer["id"] for consumer in consumers]
        return {
            **self._content,
            "consumers": [*self._content["consumers"], *consumers],
            "service_reviews": [
                *(review for review in self._content["service_reviews"] if review["unit"] != self._unit),
                *self._service_reviews(names),
            ],
            "product_reviews": [*self._content["product_reviews"], *self._product_reviews(names)],
        }

    def _pick(self, pool: list[Any] | tuple[int, ...]) -> Any:
        return pool[int(self._chance.between(0, len(pool) - 1e-9))]

    def _moments(self, many: int) -> Iterator[str]:
        last = parse_iso(_LAST) or 0.0
        for number in range(many):
            yield iso(last - _SPAN + _SPAN * (number + 1) / many)

    def _consumers(self) -> Iterator[dict[str, Any]]:
        names = [self._faker.name() for _ in range(min(_POOL, self._reviews))]
        cities = [self._faker.city() for _ in range(200)]
        country = self._locale[-2:]
        for number in range(max(1, self._reviews // _PER_CONSUMER)):
            yield {
                "id": self._chance.object_id(),
                "display_name": self._pick(names),
                "email": f"consumer{number}@example.com",
                "city": self._pick(cities),
                "country": country,
                "locale": self._locale,
                "created_at": _LAST,
            }

    def _service_reviews(self, consumers: list[str]) -> Iterator[dict[str, Any]]:
        titles = [self._faker.sentence(4).rstrip(".") for _ in range(min(_POOL, self._reviews))]
        texts = [self._faker.paragraph(3) for _ in range(min(_POOL, self._reviews))]
        for number, moment in enumerate(self._moments(self._reviews)):
            review: dict[str, Any] = {
                "id": self._chance.object_id(),
                "unit": self._unit,
                "consumer": self._pick(consumers),
                "stars": self._pick(_STARS),
                "title": self._pick(titles),
                "text": self._pick(texts),
                "language": self._locale[:2],
                "created_at": moment,
            }
            if number % 3 == 0:
                invited = {"source": "InvitationApi", "verified": True, "reference_id": f"seed-{number}"}
                review |= {**invited, "referral_email": f"buyer{number}@example.com"}
            yield review

    def _product_reviews(self, consumers: list[str]) -> Iterator[dict[str, Any]]:
        products = self._content["products"]
        texts = [self._faker.sentence(12) for _ in range(min(_POOL, self._reviews))]
        for number, moment in zip(count(), self._moments(self._reviews // _PER_PRODUCT_REVIEW), strict=False):
            product = products[number % len(products)]
            yield {
                "id": self._chance.object_id(),
                "unit": self._unit,
                "sku": product["sku"],
                "url": product["fields"]["link"],
                "product_name": product["fields"]["title"],
                "stars": self._pick(_STARS),
                "language": self._locale[:2],
                "locale": self._locale,
                "created_at": moment,
                "consumer": self._pick(consumers),
                "content": self._pick(texts),
            }
