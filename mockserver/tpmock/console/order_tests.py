"""One order as a test that sends it again and expects the same outcome: for pytest, a shell and JavaScript."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from pprint import pformat
from typing import Any, Final, NamedTuple

from flask import g, render_template, request
from tpmock.console.order_table import name
from tpmock.console.views import Row, control

#: Members of a stored message that are of that delivery, not of the order.
_NOT_SENT_AGAIN: Final = ("messageId", "timestamp", "originalTimestamp", "sentAt", "receivedAt", "writeKey", "type")
_TYPES: Final = ("track", "identify", "page", "screen", "group", "alias")
#: Stands for the new order number and message id in a shell script.
_NEW: Final = "\ue000NEW\ue000"
#: Columns of a Python literal.
_COLUMNS: Final = 100


class OrderTest(NamedTuple):
    """A test: what runs it, the file it goes into, and its text."""

    tool: str
    file: str
    text: str


def all_of(trace: Row, order: Row, event: Row | None, exchanges: list[Row]) -> list[OrderTest]:
    """Return the tests of an order; none if Segment no longer keeps its event, or it did not come through Segment.

    :param trace: of the control API
    :param order: its row
    :param event: its newest event, if Segment keeps one
    :param exchanges: its journal entries
    """
    if event is None or event["message"].get("type") not in _TYPES:
        return []
    message = {key: value for key, value in event["message"].items() if key not in _NOT_SENT_AGAIN}
    review = _review(trace)
    given = {
        "order": order,
        # It stands in comments, where quotes and ends of lines would end them.
        "name": re.sub(r"[^\w .@+-]", "·", name(order))[:80],
        "kind": event["message"]["type"],
        "number": _number_of(message),
        "waits": _waits(trace),
        "review": review,
        "faults": sorted({entry["fault"] for entry in exchanges if entry["fault"] is not None}),
        "review_in_json": json.dumps(review, ensure_ascii=False),
        "review_in_shell": _quoted({"invitation": _NEW, **(review or {})}),
        "mock": request.host_url.rstrip("/"),
        "sandbox": g.sandbox["id"],
    }
    return [
        OrderTest("pytest", "test_order.py", _rendered("order.py.txt", given, pformat(message, width=_COLUMNS))),
        OrderTest("curl", "order.sh", _rendered("order.sh.txt", given, _in_shell(message, given["number"]))),
        OrderTest(
            "JavaScript",
            "order.test.mjs",
            _rendered("order.mjs.txt", given, json.dumps(message, ensure_ascii=False, indent=2)),
        ),
    ]


def _rendered(template: str, given: dict[str, Any], message: str) -> str:
    return render_template(f"replays/{template}", message=message, **given)


def _number_of(message: Row) -> str | None:
    """Return the member of the properties that holds the order number."""
    properties = message.get("properties")
    found = [key for key in ("order_id", "orderId") if isinstance(properties, dict) and key in properties]
    return found[0] if found else None


def _in_shell(message: Row, number: str | None) -> str:
    """Return the message as a word of a shell, in which ``$NEW`` is replaced."""
    whole = {**message, "messageId": _NEW}
    if number is not None:
        whole["properties"] = {**message["properties"], number: _NEW}
    return _quoted(whole)


def _quoted(value: Any) -> str:
    """Return JSON as a word of a shell, in which ``$NEW`` is replaced."""
    quoted = json.dumps(value, ensure_ascii=False).replace("'", "'\\''")
    return "'" + quoted.replace(_NEW, "'\"$NEW\"'") + "'"


def _waits(trace: Row) -> int:
    """Return the seconds of the sandbox's clock from the first invitation to its email; 0 if none was sent."""
    began = sent = None
    for step in trace["steps"]:
        if step["what"] == "invitation-queued" and began is None:
            began = step["at"]
        if step["what"].startswith(("invitation-delivered", "invitation-not-delivered")):
            sent = step["at"]
    if began is None or sent is None:
        return 0
    return math.ceil((datetime.fromisoformat(sent) - datetime.fromisoformat(began)).total_seconds()) + 1


def _review(trace: Row) -> Row | None:
    """Return the consumer's service review of the order, as the control API writes it."""
    found = control("GET", "/reviews", trace=trace["id"], limit=1)["reviews"]
    return {key: found[0][key] for key in ("stars", "title", "text")} if found else None
