"""Makes believable orders with Faker, as a shop's SDK would report them. Same seed: same orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from faker import Faker

from mockserver.chance import Chance

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
#: Names are drawn from a pool: ten thousand orders need no ten thousand inventions, and customers come back.
_PEOPLE: Final = 2_000
_TAX: Final = 0.2
_SHIPPING: Final = (0.0, 3.0, 4.95)


class Orders:
    """A shop's orders.

    :param seed: of all that looks random
    :param locale: Faker's, such as ``da_DK``
    :raises AttributeError: when Faker knows no such locale
    """

    def __init__(self, seed: int, locale: str) -> None:
        self._seed = seed
        self._chance = Chance(f"orders/{seed}/{locale}")
        self._faker = Faker(locale)
        self._faker.seed_instance(seed)
        self._people: list[dict[str, str]] = []

    def events(self, count: int) -> Iterator[dict[str, Any]]:
        """That many ``Order Completed`` events, each with a messageId of its own."""
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

    def _pick(self, pool: Any) -> Any:
        return pool[min(len(pool) - 1, int(self._chance.between(0, len(pool))))]

    def _person(self, count: int) -> dict[str, str]:
        if len(self._people) < min(_PEOPLE, count):
            number = len(self._people) + 1
            name, surname = self._faker.first_name(), self._faker.last_name()
            # Reserved domains only: nobody real is ever meant.
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
