"""The products of an order as Trustpilot wants them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from tpmock.destination.rules.events import Object, get, identifier, text
from tpmock.destination.rules.messages import Refusal
from tpmock.destination.rules.values import is_web_address

MOST = 100
"""Products in one invitation; no source gives a limit, and no buyer answers a hundred questions."""

_TEXTS = {
    "brand": ("brand",),
    "mpn": ("mpn",),
    "gtin": ("gtin", "ean", "upc"),
    "productCategoryGoogleId": ("google_category_id", "product_category_google_id"),
}
_LINKS = {"productUrl": ("url", "product_url"), "imageUrl": ("image_url",)}


def read_products(properties: Object) -> tuple[list[Mapping[str, str]], list[str]]:
    """Return the products of an order that can be invited for; invalid products do not make the order invalid.

    A product needs a SKU and a name (the example of Trustpilot's invitation API has both). SKUs are case-sensitive and
    passed on as they are (Trustpilot, official request collection); Segment's ``product_id`` is another thing and
    never stands in for one. Of several lines with the same SKU the first counts.

    :returns: what can be invited for; and what was left out and why, in words that name places and no values
    """
    given = get(properties, "products")
    if given is None:
        return [], []
    if not isinstance(given, list):
        return [], ["properties.products is not a list."]
    items: dict[str, Mapping[str, str]] = {}
    notes = []
    for number, product in enumerate(given):
        path = f"products[{number}]"
        if len(items) == MOST:
            notes.append(f"{path} and what follows: only {MOST} products are invited for.")
            break
        if not isinstance(product, Mapping):
            notes.append(f"{path} is not an object.")
            continue
        item = _item(product, path, notes)
        if item is not None:
            items.setdefault(item["sku"], item)
    return list(items.values()), notes


def _item(product: Object, path: str, notes: list[str]) -> dict[str, str] | None:
    sku, name = (_value(product, (field,), path, notes) for field in ("sku", "name"))
    if sku is None or name is None:
        notes.append(f"{path} has no {'SKU' if sku is None else 'name'} and was left out.")
        return None
    found: dict[str, str | None] = {"sku": sku, "name": name}
    found |= {ours: _value(product, theirs, path, notes) for ours, theirs in _TEXTS.items()}
    found |= {ours: _link(product, theirs, path, notes) for ours, theirs in _LINKS.items()}
    return {ours: value for ours, value in found.items() if value is not None}


def _value(product: Object, fields: tuple[str, ...], path: str, notes: list[str]) -> str | None:
    """Return a text, or a number that shops send where a text belongs."""
    for field in fields:
        try:
            found = identifier(product, field, f"{path}.{field}")
        except Refusal:
            notes.append(f"{path}.{field} is not a valid text and was left out.")
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
            notes.append(f"{path}.{field} is not a web address and was left out.")
    return None
