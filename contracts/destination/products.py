"""The products of an order as Trustpilot wants them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.destination.events import Object, get, identifier, text
from contracts.destination.messages import Refusal
from contracts.destination.values import is_web_address

MOST = 100
"""Products in one invitation; no source gives a limit, and nobody answers a hundred questions."""

_TEXTS = {"brand": ("brand",), "mpn": ("mpn",), "gtin": ("gtin", "ean", "upc")}
_LINKS = {"productUrl": ("url", "product_url"), "imageUrl": ("image_url",)}
_CATEGORY = ("google_category_id", "product_category_google_id")


@dataclass(frozen=True, slots=True)
class Products:
    """What can be invited for.

    :param items: as they stand in ``productReviewInvitation.products``.
    :param notes: what was left out and why, in words that name places and no values.
    """

    items: tuple[Mapping[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def read_products(properties: Object) -> Products:
    """The products of an order that can be invited for; whatever is wrong with them, the order itself is not.

    A product needs a SKU and a name (the example of Trustpilot's invitation API has both). SKUs are case-sensitive and
    passed on as they are (Trustpilot, official request collection); Segment's ``product_id`` is another thing and
    never stands in for one. Of several lines with the same SKU the first counts.
    """
    given = get(properties, "products")
    if given is None:
        return Products()
    if not isinstance(given, list):
        return Products(notes=("properties.products is no list.",))
    items: dict[str, Mapping[str, str]] = {}
    notes = []
    for number, product in enumerate(given):
        path = f"products[{number}]"
        if len(items) == MOST:
            notes.append(f"{path} and what follows: only {MOST} products are invited for.")
            break
        if not isinstance(product, Mapping):
            notes.append(f"{path} is no object.")
            continue
        item = _item(product, path, notes)
        if item is not None:
            items.setdefault(item["sku"], item)
    return Products(tuple(items.values()), tuple(notes))


def _item(product: Object, path: str, notes: list[str]) -> dict[str, str] | None:
    sku, name = (_value(product, (field,), path, notes) for field in ("sku", "name"))
    if sku is None or name is None:
        notes.append(f"{path} has no {'SKU' if sku is None else 'name'} and was left out.")
        return None
    found = {"sku": sku, "name": name}
    for ours, theirs in (*_TEXTS.items(), ("productCategoryGoogleId", _CATEGORY)):
        value = _value(product, theirs, path, notes)
        if value is not None:
            found[ours] = value
    for ours, theirs in _LINKS.items():
        link = _link(product, theirs, path, notes)
        if link is not None:
            found[ours] = link
    return found


def _value(product: Object, fields: tuple[str, ...], path: str, notes: list[str]) -> str | None:
    """A text, or a number that shops send where a text belongs."""
    for field in fields:
        try:
            found = identifier(product, field, f"{path}.{field}")
        except Refusal:
            notes.append(f"{path}.{field} is no usable text and was left out.")
            continue
        if found is not None:
            return found
    return None


def _link(product: Object, fields: tuple[str, ...], path: str, notes: list[str]) -> str | None:
    for field in fields:
        try:
            found = text(product, field)
        except Refusal:
            found = ""
        if found is not None:
            if is_web_address(found):
                return found
            notes.append(f"{path}.{field} is no web address and was left out.")
    return None
