"""Page "Orders": a table of the newest orders with their outcomes, and one order from end to end."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Blueprint, g, render_template
from tpmock.console import order_table, order_tests, order_view, sequence
from tpmock.console.paging import requested_page
from tpmock.console.views import control, filled, search

TITLE: Final = "Orders"
pages = Blueprint("orders", __name__)

#: Maximum number of exchanges shown in full per order.
MOST_EXCHANGES: Final = 500


@pages.get("/")
def index() -> str:
    """Show a row per order, newest first."""
    wanted = filled(search("q", "state"))
    if wanted.get("state") not in order_table.STATES:
        wanted.pop("state", None)
    paging = requested_page()
    found = control("GET", "/orders", **wanted, **paging.query)
    return render_template(
        "orders.html",
        found=found,
        paging=replace(paging, total=found["total"]),
        wanted=wanted,
        states=order_table.STATES,
        table=order_table,
        bars=order_table.bars(found["lastHour"]),
        suggested=1001 + found["kept"] + found["dropped"] if not wanted else None,
    )


@pages.get("/<trace_id>")
def order(trace_id: str) -> str:
    """Show one order from end to end, as a timeline and in full."""
    found = control("GET", f"/traces/{trace_id}")
    kept = control("GET", "/journal", trace=found["id"], limit=MOST_EXCHANGES)
    operations = {row["operationId"]: row for row in g.client.control.call("GET", "/coverage")["operations"]}
    exchanges = {entry["id"]: entry for entry in kept["journal"]}
    content = order_view.content(found, kept["journal"])
    return render_template(
        "order.html",
        trace=found,
        lanes=sequence.LANES,
        lines=list(sequence.arrows(found, operations, exchanges)),
        tests=order_tests.all_of(found, content["order"], content["event"], kept["journal"]),
        **content,
    )
