"""What belongs to one order beside its timeline: state, field mapping, emails, reviews, webhooks."""

from __future__ import annotations

from typing import Any, Final

from flask import request, url_for
from tpmock.console import field_mapping, order_table
from tpmock.console.states import INVITATIONS, WEBHOOKS
from tpmock.console.views import Row, control

#: Maximum number of emails, reviews and webhooks shown.
_MOST: Final = 5
_INVITING: Final = ("createEmailInvitations", "createInvitation")


def content(trace: Row, exchanges: list[Row]) -> dict[str, Any]:
    """Return the values for the template.

    :param trace: of the control API
    :param exchanges: its journal entries, oldest first
    """
    order = control("GET", "/orders", trace=trace["id"])["orders"][0]
    events = control("GET", "/segment/events", trace=trace["id"], limit=_MOST)["events"]
    asked = [entry for entry in exchanges if entry["operation"] in _INVITING and entry["direction"] == "in"]
    mails = _all("invitations", trace)
    return {
        "order": order,
        "name": order_table.name(order),
        "label": order_table.label(order),
        "state": order_table.STATES[order["state"]],
        "permanent": _permanent(order),
        "event": events[-1] if events else None,
        "mapping": _mapping(asked, events),
        "mails": [{**mail, "letter": control("GET", f"/invitations/{mail['id']}/mail")} for mail in mails],
        "reviews": [*_all("reviews", trace), *_all("product-reviews", trace)],
        "webhooks": _all("webhooks", trace),
        "mail_tones": INVITATIONS,
        "webhook_tones": WEBHOOKS,
    }


def _all(collection: str, trace: Row) -> list[Row]:
    rows: list[Row] = control("GET", f"/{collection}", trace=trace["id"], limit=_MOST)[collection]
    return rows


def _mapping(asked: list[Row], events: list[Row]) -> list[field_mapping.Field]:
    """Return the fields of the last request for an invitation; none if no event is kept to compare it with."""
    if not asked or not events or not isinstance(asked[-1]["request"]["body"], dict):
        return []
    return field_mapping.fields(asked[-1]["request"]["body"], events[0]["message"])


def _permanent(order: Row) -> str:
    """Return the address by order number, which outlives a replay of the same order; else by trace."""
    number = next((one for one in order["orderIds"] if "/" not in one and one not in (".", "..")), order["trace"])
    return f"{request.host_url.rstrip('/')}{url_for('orders.order', trace_id=number)}"
