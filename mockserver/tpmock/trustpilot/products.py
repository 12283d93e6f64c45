"""A company's product catalog. Chapter "Private Products API"."""

from __future__ import annotations

import re
from typing import Final

from tpmock.core import hints
from tpmock.core.responses import Answer, Bindings
from tpmock.trustpilot import paging
from tpmock.trustpilot.access import reach
from tpmock.trustpilot.links import example_image
from tpmock.trustpilot.model import Json, Product, Token
from tpmock.trustpilot.product_reviews import read_skus, sku_advice
from tpmock.trustpilot.world import World

bindings = Bindings()

#: The members of an entry; those that were not sent are null.
_FIELDS: Final = (
    *("googleMerchantCenterProductId", "title", "description", "link", "imageLink", "gtin", "mpn", "brand"),
    *("groupId", "variationAttributes"),
)
_JOINED = re.compile(r"(\S+) ([A-Z]{3})", re.ASCII)


@bindings.handles("listProducts")
def list_products(
    world: World, caller: Token, business_unit_id: str, skus: list[str] | None, arguments: Json, api_url: str
) -> Answer:
    """Return a page of the catalog, in the order of creation; the group is ignored beside SKUs (PROD).

    The official collection asks for page 0, which means the first.
    """
    unit = reach(world, caller, business_unit_id)
    wanted, group_id = read_skus(skus), arguments["group_id"]
    entries = [entry for entry in world.products.values() if entry.unit == unit.id]
    if wanted:
        entries = [entry for entry in entries if entry.sku in wanted]
    elif group_id is not None:
        entries = [entry for entry in entries if entry.fields.get("groupId") == group_id]
    page, per_page = arguments["page"], arguments["per_page"]
    number = max(1, page)
    rows = paging.rows(entries, number, per_page)
    body = {
        "products": [_full(world, entry, api_url) for entry in rows],
        "isLastPage": number * per_page >= len(entries),
    }
    advice = hints.PAGE_ZERO if page == 0 else hints.GROUP_BESIDE_SKUS if wanted and group_id else None
    return Answer(200, body, hint=advice if rows else sku_advice(world, unit, skus) or advice)


@bindings.handles("upsertProducts")
def upsert_products(world: World, caller: Token, arguments: Json, body: Json, api_url: str) -> Answer:
    """Add products to the catalog, or change those with the same SKU (PROD).

    Members that are not sent for a known product stay unchanged; no source says whether they should.
    """
    unit = reach(world, caller, arguments["business_unit_id"], arguments["x_business_user_id"], write=True)
    same = body.get("skuSameAsGoogleMerchantCenterProductId", False)
    joined = False
    changed: dict[str, Product] = {}
    for sent in body["products"]:
        fields = {name: value for name, value in sent.items() if name != "sku"}
        if same:
            fields.setdefault("googleMerchantCenterProductId", sent["sku"])
        if match := _JOINED.fullmatch(fields.get("price") or ""):
            # The older form includes the currency; the older sample sends another one beside it, which is ignored.
            fields["price"], fields["currency"], joined = match[1], match[2], True
        key = (unit.id, sent["sku"])
        if key not in world.products:
            world.products[key] = Product(world.random.object_id(), unit.id, sent["sku"], {})
        entry = world.products[key]
        entry.fields = entry.fields | fields
        changed[entry.sku] = entry
    documents = [_document(world, entry, api_url) for entry in changed.values()]
    return Answer(200, {"products": documents}, hint=hints.PRICE_JOINED if joined else None)


def _document(world: World, entry: Product, api_url: str) -> Json:
    """Return an entry in the form of the upload's answer."""
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
    """Return an entry in the form of the list."""
    category = entry.fields.get("productCategoryGoogleId")
    named = entry.fields.get("productCategory", {})
    name = named.get("name") if named.get("id") == category else None
    return _document(world, entry, api_url) | {
        "businessUnitId": entry.unit,
        "productCategory": None if category is None else {"id": category, "name": name},
        "attributes": entry.fields.get("attributes", []),
    }


def _price(world: World, fields: Json) -> str | None:
    price: str | None = fields.get("price")
    currency = fields.get("currency")
    joined = price and currency and world.variants["product_price"] == "with-currency"
    return f"{price} {currency}" if joined else price
