"""Single events as steps of a case: as shops send them, as no shop should, and as the schema alone allows them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import schemathesis
import yaml
from hypothesis import strategies as st
from schemathesis import GenerationMode

from contracts.kit import template

Told = dict[str, Any]

_ORDERS = (
    "order-completed",
    "order-minimal",
    "order-without-products",
    "order-strings-for-numbers",
    "order-unicode-name",
)
_OTHERS = ("identify-audience", "group", "page", "track-audience-entered")

# Unique to each playing of a history, so that no two of them know each other's orders.
_ORDER_IDS = ("{order}", "{other}", "{number}", " {number} ", "{order}/ÄÖ 1")
_ADDRESSES = ("{email}", " {email} ")

# A name that no innocent sentence holds.
_NAME = "Quxfield"

_ODD: tuple[Any, ...] = (
    None, "", " ", 0, -1, 1.5, 10**40, True, False, [], {}, [None], {"id": "{order}"}, ["{email}"], "{order}",
    "{email}", "\x00", "\u202e{order}", "{order}\n", "x" * 300 + "{order}", "{{", "2026-13-45T99:00:00Z", "null",
)  # fmt: skip
_ODD_NAMES: tuple[Any, ...] = (
    _NAME, f"{_NAME}\nBcc: {{email}}", f"<b>{_NAME}</b>", f"{_NAME} " * 60, "", " ", None, 7, [_NAME],
    {"first": _NAME}, "\x00", "Zoë 田中 \u200f",
)  # fmt: skip
_ODD_ADDRESSES: tuple[Any, ...] = (
    "{email}", "{email},{email}", f"{_NAME} <{{email}}>", "{email}\r\nBcc: {email}", "@", "", None, 12,
    ["{email}"], {"address": "{email}"}, "x" * 300 + "{email}", "\x00{email}",
)  # fmt: skip

_ANYWHERE = (
    "properties.order_id", "properties.orderId", "properties.id", "properties.products", "properties.total",
    "properties.currency", "type", "event", "messageId", "userId", "timestamp", "version", "channel", "integrations",
    "traits", "context.traits", "context", "properties",
)  # fmt: skip
_NAMES = ("properties.name", "properties.surname", "context.traits.first_name", "context.traits.name")
_EMAILS = ("properties.email", "traits.email", "context.traits.email")
_REMOVABLE = ("type", "event", "properties", "properties.order_id", "properties.email", "userId", "messageId")


def orders() -> st.SearchStrategy[Told]:
    """Completed orders, all of them well made."""
    return st.builds(
        lambda event, order, email: {
            "event": event,
            "set": {"properties.order_id": order, "properties.email": email},
        },
        st.sampled_from(_ORDERS),
        st.sampled_from(_ORDER_IDS),
        st.sampled_from(_ADDRESSES),
    )


def others() -> st.SearchStrategy[Told]:
    """Events that are no orders, and must not be taken for one."""
    return st.builds(
        lambda event: {"event": event, "set": {"properties.order_id": "{order}", "traits.email": "{email}"}},
        st.sampled_from(_OTHERS),
    )


def odd() -> st.SearchStrategy[Told]:
    """Orders with something wrong in a place or two: a type, a length, a character, or nothing at all."""
    changes = st.dictionaries(st.sampled_from(_ANYWHERE), st.sampled_from(_ODD), max_size=2)
    names = st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(_ODD_NAMES), max_size=1)
    emails = st.dictionaries(st.sampled_from(_EMAILS), st.sampled_from(_ODD_ADDRESSES), max_size=1)
    removed = st.lists(st.sampled_from(_REMOVABLE), max_size=1)
    return st.builds(_changed, orders(), emails, names, changes, removed)


@cache
def schema_bodies() -> st.SearchStrategy[Told]:
    """Bodies that Schemathesis makes from the document's schema, within and beyond it; some with an order in them."""
    made = st.one_of(
        [_operation().as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    )
    return st.builds(_body, made.map(lambda case: case.body), st.booleans()).filter(_is_plain)


def _changed(told: Told, emails: Told, names: Told, changes: Told, removed: list[str]) -> Told:
    assigned = {**told["set"], **emails, **names, **changes}
    # Whatever takes the place of a whole comes after what is put into it.
    ordered = dict(sorted(assigned.items(), key=lambda item: -item[0].count(".")))
    # What is no object any more has nothing in it to take away.
    left = [path for path in removed if "." not in path or path.partition(".")[0] not in assigned]
    return {**told, "set": ordered} | ({"unset": left} if left else {})


def _body(body: Any, with_order: bool) -> Told:  # noqa: FBT001 - what Hypothesis draws
    if isinstance(body, bytes):
        return {"body": body.decode("latin-1")}
    if with_order and isinstance(body, dict):
        order = {"order_id": "{order}", "email": "{email}"}
        body = {**body, "type": "track", "event": "Order Completed", "properties": order}
    # What JSON has no word for, Schemathesis leaves out of what it makes.
    return {"body": json.dumps(body, default=str)}


def _is_plain(told: Told) -> bool:
    """Nothing in it looks like a placeholder that nobody fills."""
    return not set(template.unknown(told["body"]))


@cache
def _operation() -> Any:
    folder = files("contracts") / "openapi"
    compiled = folder / "segment-destination.json"
    source = compiled if compiled.is_file() else folder / "segment-destination.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    return schemathesis.openapi.from_dict(document)["/"]["POST"]
