"""A company's catalogue of products. Chapter "Private Products API"."""

from __future__ import annotations

import re
from typing import Any, Final

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.trustpilot import paging
from mockserver.trustpilot.access import reach
from mockserver.trustpilot.images import example_image
from mockserver.trustpilot.model import Product, Token
from mockserver.trustpilot.product_reviews import read_skus, sku_advice
from mockserver.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]

#: What an entry is made of; whatever was not sent is null.
_FIELDS: Final = (
    *("googleMerchantCenterProductId", "title", "description", "link", "imageLink", "gtin", "mpn", "brand"),
    *("groupId", "variationAttributes"),
)
_JOINED = re.compile(r"(\S+) ([A-Z]{3})", re.ASCII)


@bindings.handles("listProducts")
def list_products(
    world: World,
    caller: Token,
    business_unit_id: str,
    skus: list[str] | None,
    group_id: str | None,
    page: int,
    per_page: int,
    api_url: str,
) -> Answer:
    """One page of the catalogue, in the order in which it came; the group does not count beside SKUs (PROD).

    The official collection asks for page 0, which is read as the first.
    """
    unit = reach(world, caller, business_unit_id)
    wanted = read_skus(skus)
    entries = [entry for entry in world.products.values() if entry.unit == unit.id]
    if wanted:
        entries = [entry for entry in entries if entry.sku in wanted]
    elif group_id is not None:
        entries = [entry for entry in entries if entry.fields.get("groupId") == group_id]
    number = max(1, page)
    rows, _ = paging.page(entries, number, per_page, "", "", {})
    body = {
        "products": [_full(world, entry, api_url) for entry in rows],
        "isLastPage": number * per_page >= len(entries),
    }
    advice = hints.PAGE_ZERO if page == 0 else hints.GROUP_BESIDE_SKUS if wanted and group_id else None
    return Answer(200, body, hint=advice if rows else sku_advice(world, unit, skus, wanted) or advice)


@bindings.handles("upsertProducts")
def upsert_products(
    world: World, caller: Token, business_unit_id: str, x_business_user_id: str | None, body: Json, api_url: str
) -> Answer:
    """Put products into the catalogue, or change those that are in it by the same SKU (PROD).

    What is not sent of a known product stays as it was; no source says whether it should.
    """
    unit = reach(world, caller, business_unit_id, x_business_user_id, write=True)
    same = body.get("skuSameAsGoogleMerchantCenterProductId", False)
    joined = False
    changed: dict[str, Product] = {}
    for sent in body["products"]:
        fields = {name: value for name, value in sent.items() if name != "sku"}
        if same:
            fields.setdefault("googleMerchantCenterProductId", sent["sku"])
        if match := _JOINED.fullmatch(fields.get("price") or ""):
            # The older form holds its currency; the older sample sends another one beside it, which does not count.
            fields["price"], fields["currency"], joined = match[1], match[2], True
        key = (unit.id, sent["sku"])
        if key not in world.products:
            world.products[key] = Product(world.chance.object_id(), unit.id, sent["sku"], {})
        entry = world.products[key]
        entry.fields = entry.fields | fields
        changed[entry.sku] = entry
    documents = [_document(world, entry, api_url) for entry in changed.values()]
    return Answer(200, {"products": documents}, hint=hints.PRICE_JOINED if joined else None)


def _document(world: World, entry: Product, api_url: str) -> Json:
    """An entry as the answer to an upload shows it."""
    fields = entry.fields
    image = [{"type": "100pxWide", "url": example_image(api_url, f"product-{entry.id}-100pxWide.png")}]
    return {
        "id": entry.id,
        "sku": entry.sku,
        **{name: fields.get(name) for name in _FIELDS},
        "price": _price(world, fields),
        "currency": fields.get("currency"),
        "processedImages": image if fields.get("imageLink") else [],
    }


def _full(world: World, entry: Product, api_url: str) -> Json:
    """An entry as the list shows it."""
    category = entry.fields.get("productCategoryGoogleId")
    return _document(world, entry, api_url) | {
        "businessUnitId": entry.unit,
        "productCategory": None if category is None else {"id": category, "name": None},
        "attributes": entry.fields.get("attributes", []),
    }


def _price(world: World, fields: Json) -> str | None:
    price: str | None = fields.get("price")
    currency = fields.get("currency")
    joined = price and currency and world.variants["product_price"] == "with-currency"
    return f"{price} {currency}" if joined else price
