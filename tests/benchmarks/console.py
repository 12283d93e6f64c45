"""``python -m tests.benchmarks.console``: every page of the console over ten thousand mails, events and exchanges.

A time is one of the processor's, children included, so that what else runs on the machine is not measured. The first
look at a page has what is made once in a process, and the first page of all has the pages themselves.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from tpmock.console.menu import PAGES
from tpmock.outbound.http_client import HttpReply
from tpmock.server.app import MockApp, MockSettings

from tests.mock.console.conftest import HOST, Visitor
from tests.mock.console.trustpilot import token
from tests.support.sandboxes import an_invitation, an_order

#: Milliseconds that a page may take: the first of a process, the first look at another, and every later one.
FIRST, LOOK, MARK = 100.0, 300.0, 150.0
ROUNDS = 7
#: Beside the pages of the menu: filtered, searched, far down, and one thing alone.
MORE = (
    *("/outbox/?page=100", "/outbox/?state=queued", "/outbox/?key=77", "/outbox/?key=p77@example.com"),
    *("/requests/?page=150", "/requests/?text=p77", "/requests/?status=4xx"),
    *("/trustpilot/reviews", "/trustpilot/reviews?stars=4&page=20", "/trustpilot/product-reviews"),
    *("/trustpilot/tokens", "/trustpilot/users", "/trustpilot/webhooks"),
    *("/segment/debugger?search=p77", "/segment/debugger?all=", "/segment/destinations"),
    *("/segment/destinations/Trustpilot", "/segment/sources", "/segment/audiences", "/segment/?period=14d"),
    *("/controls/?all=", "/controls/faults", "/controls/variants", "/controls/usage"),
    *("/outbox/?template=null", "/coverage/?all=", "/contract/matrix"),
    *("/orders/?q=p77", "/orders/?state=not-invited", "/orders/?page=90"),
    *("/search/?q=p77", "/search/?q=ALL+WAS", "/search/?q=nothing-has-this"),
)
#: Events in one batch.
BATCH = 100


class Answering:
    """A destination without a network: of ten events it refuses one, and for the others it may ask for an email.

    :ivar invite: asks for the email of an order
    """

    invite: Callable[[Mapping[str, Any]], object] | None = None

    def post(self, _url: str, _headers: Mapping[str, str], body: bytes, _timeout: float) -> HttpReply:
        order = json.loads(body)["properties"]
        refused = str(order["order_id"]).endswith("7")
        if not refused and self.invite is not None:
            self.invite(order)
        answer = b'{"message": "No address."}' if refused else b'{"message": "Taken."}'
        return HttpReply(400 if refused else 200, {"Content-Type": "application/json"}, answer, None, 1.0)

    def close(self) -> None:
        """There is nothing."""


def inviting(visitor: Visitor) -> Callable[[Mapping[str, Any]], None]:
    """What asks for the email of an order."""
    path = f"/v1/private/business-units/{visitor.sandbox['credentials']['businessUnitId']}/email-invitations"
    headers = {"Host": HOST, "Authorization": f"Bearer {token(visitor)}"}

    def invite(order: Mapping[str, Any]) -> None:
        body = an_invitation(referenceNumber=str(order["order_id"]), consumerEmail=order["email"])
        answer = visitor.client.post(path, headers=headers, json=body)
        assert answer.status_code < 300, answer.text

    return invite


def fill(visitor: Visitor, count: int) -> None:
    """Mails, each by a call that the journal keeps, and a tenth of that in reviews."""
    invite = inviting(visitor)
    for number in range(count):
        invite({"order_id": str(number), "email": f"p{number}@example.com"})
        if number % 10 == 0:
            visitor.api("POST", "/reviews", {"stars": 4, "text": "All was well. " * 10})


def send(visitor: Visitor, count: int) -> None:
    """Orders to Segment, of which a destination refuses some."""
    key = (visitor.sandbox["credentials"]["writeKey"], "")
    for begin in range(0, count, BATCH):
        events = [
            an_order(order_id=str(number), email=f"p{number}@example.com") for number in range(begin, begin + BATCH)
        ]
        answer = visitor.client.post("/v1/batch", json={"batch": events[: count - begin]}, auth=key)
        assert answer.status_code == 200, answer.text
        visitor.api("POST", "/settle", {"timeout": "PT60S"})


def measure(count: int) -> list[dict[str, Any]]:
    """Each page with the first and the median of its later times, in milliseconds, and its size.

    Before it are ``count`` emails and ``count`` orders, most of which went the whole way from event to email.
    """
    destination = Answering()
    with MockApp(MockSettings(destination_url="http://127.0.0.1:9/", http_client=destination)) as mock:
        visitor = Visitor(mock)
        fill(visitor, count)
        # No more than ten thousand emails may wait.
        visitor.api("POST", "/clock/advance", {"by": "8d"})
        destination.invite = inviting(Visitor(mock))
        send(visitor, count)
        destination.invite = None
        first = [_row("/orders/", visitor)]
        one = re.findall(r"/outbox/([0-9a-f]{24})", visitor.see("/outbox/"))[0]
        newest = visitor.api("GET", "/journal?limit=1")["journal"][0]["id"]
        last = visitor.api("GET", "/orders?limit=1")["orders"][0]["trace"]
        pages = (f"/{room.pages.name}/" for room in PAGES if room.pages.name != "orders")
        others = (*pages, *MORE, f"/outbox/{one}", f"/requests/{newest}", f"/orders/{last}")
        return first + [_row(path, visitor) for path in others]


def _row(path: str, visitor: Visitor) -> dict[str, Any]:
    times = []
    for _ in range(1 + ROUNDS):
        began = _busy()
        text = visitor.see(path)
        times.append((_busy() - began) * 1000)
    return {"page": path, "first": times[0], "median": statistics.median(times[1:]), "bytes": len(text)}


def _busy() -> float:
    """Seconds of the processor's that this process and its ended children have had."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    """Print a table, or JSON; fail when a page is slower than it may be."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.console", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many mails")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    found = measure(chosen.count)
    if chosen.json:
        print(json.dumps(found, indent=2))
    else:
        print(f"{'page':<40} first look (mark {LOOK:.0f}, of the first page {FIRST:.0f})  later (mark {MARK:.0f})")
        for row in found:
            print(f"{row['page']:<40} {row['first']:6.1f} ms  {row['median']:6.1f} ms  {row['bytes']:>8,} bytes")
    slow = [row for row in found if row["first"] > LOOK or row["median"] > MARK]
    if slow or found[0]["first"] > FIRST:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
