"""Orders from plugins and pages of a shop with its Integration Key, without OAuth, and the script for pages."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from tpmock import spec
from tpmock.common.moments import iso
from tpmock.core import hints
from tpmock.core.json_text import to_json
from tpmock.core.problems import existing
from tpmock.core.responses import Answer, Binary, Bindings, Joined
from tpmock.spec.model import JSON
from tpmock.trustpilot import invitation_life
from tpmock.trustpilot.access import TraceOf
from tpmock.trustpilot.invitation_life import PARTS
from tpmock.trustpilot.model import BusinessUnit, Invitation, Json
from tpmock.trustpilot.world import World

bindings = Bindings()


@bindings.handles("sendShopOrder")
def send_order(
    world: World, integration_key: str, body: Json, origin: str | None, trace: TraceOf, api_url: str
) -> Answer:
    """Invite the customer of an order (MAGENTO, PRESTASHOP)."""
    unit = _unit(world, integration_key)
    if answer := _blocked(world, unit, origin):
        return answer
    if not _invites(body):
        return Answer(201, [], hint=hints.ORDER_NOTED)
    if _wants_products(world, [body]):
        return Answer(202, [], hint=hints.PRODUCTS_WANTED)
    mail = _queue(world, unit, body, trace, api_url)
    left_out = body.get("products") and world.variants["script_product_reviews"] == "off"
    advice = f" {hints.PRODUCTS_NOT_ASKED}" if left_out else ""
    return Answer(201, [], hint=hints.QUEUED.format(until=iso(mail.send_at)) + advice)


@bindings.handles("sendShopOrders")
def send_orders(
    world: World, integration_key: str, body: Json, origin: str | None, trace: TraceOf, api_url: str
) -> Answer:
    """Invite the customers of past orders; list the orders that are not valid (MAGENTO)."""
    unit = _unit(world, integration_key)
    if answer := _blocked(world, unit, origin):
        return answer
    judged = [(order, _violation(order)) for order in body["invitations"]]
    orders = [order for order, violation in judged if violation is None and _invites(order)]
    if _wants_products(world, orders):
        return Answer(202, [], hint=hints.PRODUCTS_WANTED)
    mails = [_queue(world, unit, order, trace, api_url) for order in orders]
    refused = [
        {"referenceId": str(order.get("referenceId", "")), "error": violation}
        for order, violation in judged
        if violation is not None
    ]
    hint = hints.ORDERS_TAKEN.format(queued=len(orders), refused=len(refused))
    joined = tuple(Joined(mail.trace, "orderId") for mail in mails if mail.trace is not None)
    return Answer(201, refused, hint=hint, joined=joined)


@bindings.handles("sendShopSettings")
def send_settings(world: World, integration_key: str, origin: str | None) -> Answer:
    """Accept a plugin's settings, and ignore them (MAGENTO)."""
    return _blocked(world, _unit(world, integration_key), origin) or Answer(200, {})


@bindings.handles("sendPluginLog")
def send_log() -> Json:
    """Accept a plugin's error report (PRESTASHOP); the journal has it."""
    return {}


@bindings.handles("getInvitationScript")
def get_script() -> Binary:
    """Return the script for pages. Its code is ours."""
    return Binary("text/javascript; charset=utf-8", _script())


@cache
def _script() -> bytes:
    return (Path(__file__).parent / "invitation_script.js").read_bytes()


def _unit(world: World, key: str) -> BusinessUnit:
    # The keys are public: pages of shops show them.
    own, unit = next(iter(world.unit_by_key.items()), ("none", None))
    domain = "no unit" if unit is None else unit.domain
    hint = hints.INTEGRATION_KEY_UNKNOWN.format(key=own, domain=domain)
    return existing(world.unit_by_key.get(key), "unknown-integration-key", hint)


def _blocked(world: World, unit: BusinessUnit, origin: str | None) -> Answer | None:
    status = world.variants["script_blocked"]
    if status == "no":
        return None
    try:
        domain = urlsplit(origin or "").hostname or unit.domain
    except ValueError:
        domain = unit.domain
    return Answer(int(status), [domain], hint=hints.PLUGIN_BLOCKED.format(status=status, domain=domain))


def _invites(order: Json) -> bool:
    return "payloadType" not in order and "error" not in order


def _violation(order: Json) -> str | None:
    """Return why an order does not match the document."""
    violation = spec.load("trustpilot").operations["sendShopOrder"].body[JSON].violation(order)
    return None if violation is None else str(violation)


def _wants_products(world: World, orders: list[Json]) -> bool:
    return world.variants["script_product_reviews"] == "on" and not all(map(_products, orders))


def _products(order: Json) -> list[Json]:
    """Return the products of an order with all data for a product review."""
    return [
        product
        for product in order.get("products", ())
        if all(isinstance(product.get(name), str) and product[name] for name in ("sku", "name"))
    ]


def _queue(world: World, unit: BusinessUnit, order: Json, trace: TraceOf, api_url: str) -> Invitation:
    """Queue the emails of an order.

    :returns: the first one
    """
    reference = str(order["referenceId"])
    request: Json = {
        "referenceNumber": reference,
        "consumerName": order.get("recipientName", ""),
        "consumerEmail": order["recipientEmail"],
        "source": order.get("source", ""),
        PARTS["service"]: {},
    }
    times: dict[str, None] = {"service": None}
    if world.variants["script_product_reviews"] == "on":
        request[PARTS["product"]] = {"products": _products(order)}
        times["product"] = None
    order_trace = trace(reference)
    return invitation_life.queue(world, unit.id, None, to_json(request), times, base_url=api_url, trace=order_trace)[0]
