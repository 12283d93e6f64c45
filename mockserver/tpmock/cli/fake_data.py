"""Worlds and orders generated with Faker: realistic, and the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final

from faker import Faker
from tpmock.common.moments import iso, parse_iso
from tpmock.core.random_ids import RandomSource

#: Texts and names are drawn from pools of this size, because generating each of 100,000 is slow and customers return.
_POOL: Final = 2_000
#: Reviews per consumer, and service reviews per product review.
_PER_CONSUMER: Final = 4
_PER_PRODUCT_REVIEW: Final = 5
#: Reviews spread evenly over this time, up to this moment.
_LAST: Final = "2026-01-01T00:00:00Z"
_SPAN: Final = 5 * 365 * 86_400
#: Distribution of real ratings: mostly very good or very bad.
_STARS: Final = (5,) * 12 + (4,) * 4 + (3, 2, 1, 1)
_GOODS: Final = (
    ("Books", "Atlas of quiet places", 24.5),
    ("Books", "Bread for beginners", 19.0),
    ("Games", "Harbour: a game of ropes", 34.95),
    ("Garden", "Secateurs", 27.9),
    ("Garden", "Watering can, 9 l", 31.0),
    ("Kitchen", "Moka pot for three", 29.95),
    ("Kitchen", "Pan, 28 cm", 49.0),
    ("Music", "Melodica", 58.0),
    ("Office", "Fountain pen", 21.5),
    ("Toys", "Wooden crane", 39.0),
)
_TAX: Final = 0.2
_SHIPPING: Final = (0.0, 3.0, 4.95)


class _Inventor:
    """Random values from a seed, by Faker and by ``random``."""

    def __init__(self, kind: str, seed: int, locale: str) -> None:
        self._chance = RandomSource(f"{kind}/{seed}/{locale}")
        self._faker = Faker(locale)
        self._faker.seed_instance(seed)

    def _pick(self, pool: Sequence[Any]) -> Any:
        return pool[min(len(pool) - 1, int(self._chance.between(0, len(pool))))]


class FakeWorld(_Inventor):
    """Generator of a world. The same arguments give the same world, byte for byte.

    :param content: the default world with its placeholders
    :param reviews: how many service reviews the first unit has
    :param seed: seed of all random values
    :param locale: locale of Faker, such as ``da_DK``
    """

    def __init__(self, content: dict[str, Any], reviews: int, seed: int, locale: str) -> None:
        super().__init__("world", seed, locale)
        self._content = content
        self._reviews = reviews
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
        products = [product for product in self._content["products"] if product["unit"] == self._unit]
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


class FakeOrders(_Inventor):
    """Generator of orders, as a shop's SDK reports them.

    :param seed: seed of all random values
    :param locale: locale of Faker, such as ``da_DK``
    :raises AttributeError: if Faker does not have the locale
    """

    def __init__(self, seed: int, locale: str) -> None:
        super().__init__("orders", seed, locale)
        self._seed = seed
        self._people: list[dict[str, str]] = []

    def events(self, count: int) -> Iterator[dict[str, Any]]:
        """Return this many ``Order Completed`` events, each with its own messageId."""
        for number in range(1, count + 1):
            person = self._person(count)
            yield {
                "type": "track",
                "event": "Order Completed",
                "messageId": f"tpmock-{self._seed}-{number}",
                "userId": person["email"],
                "context": {"library": {"name": "tpmock event order", "version": "1"}},
                "properties": {"order_id": f"{self._seed}-{number}", **person, **self._basket()},
            }

    def _person(self, count: int) -> dict[str, str]:
        if len(self._people) < min(_POOL, count):
            number = len(self._people) + 1
            name, surname = self._faker.first_name(), self._faker.last_name()
            # Reserved domains only: no address belongs to a real person.
            self._people.append({"email": f"customer{number}@example.com", "name": name, "surname": surname})
            return self._people[-1]
        person: dict[str, str] = self._pick(self._people)
        return person

    def _basket(self) -> dict[str, Any]:
        products = []
        for _ in range(1 + int(self._chance.between(0, 3.99) ** 2 / 6)):
            category, name, price = self._pick(_GOODS)
            sku = f"{category[:3].upper()}-{sum(map(ord, name)) % 1000:03d}"
            quantity = 1 + int(self._chance.between(0, 1.3))
            products.append({"sku": sku, "name": name, "category": category, "price": price, "quantity": quantity})
        revenue = round(sum(product["price"] * product["quantity"] for product in products), 2)
        shipping = self._pick(_SHIPPING)
        tax = round(revenue * _TAX, 2)
        return {
            "affiliation": "Example Shop",
            "total": round(revenue + shipping + tax, 2),
            "revenue": revenue,
            "shipping": shipping,
            "tax": tax,
            "currency": "USD",
            "products": products,
        }
