"""``python -m tests.benchmarks.console``: every page of the console over ten thousand mails, events and exchanges."""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Mapping
from typing import Any

from tpmock.console.menu import PAGES
from tpmock.outbound.http_client import HttpReply
from tpmock.server.app import MockApp, MockSettings

from tests.mock.console.conftest import HOST, Visitor
from tests.mock.console.trustpilot import token
from tests.support.sandboxes import an_invitation, an_order

#: Milliseconds that a page may take.
MARK = 150.0
ROUNDS = 15
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
)
#: Events in one batch.
BATCH = 100


class Answering:
    """A destination without a network: of ten events it refuses one."""

    def post(self, _url: str, _headers: Mapping[str, str], body: bytes, _timeout: float) -> HttpReply:
        refused = str(json.loads(body)["properties"]["order_id"]).endswith("7")
        answer = b'{"message": "No address."}' if refused else b'{"message": "Taken."}'
        return HttpReply(400 if refused else 200, {"Content-Type": "application/json"}, answer, None, 1.0)

    def close(self) -> None:
        """There is nothing."""


def fill(visitor: Visitor, count: int) -> None:
    """Mails, each by a call that the journal keeps, and a tenth of that in reviews."""
    path = f"/v1/private/business-units/{visitor.sandbox['credentials']['businessUnitId']}/email-invitations"
    headers = {"Host": HOST, "Authorization": f"Bearer {token(visitor)}"}
    for number in range(count):
        body = an_invitation(referenceNumber=str(number), consumerEmail=f"p{number}@example.com")
        answer = visitor.client.post(path, headers=headers, json=body)
        assert answer.status_code < 300, answer.text
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
    """Each page with the median of its times, in milliseconds, and its size."""
    with MockApp(MockSettings(destination_url="http://127.0.0.1:9/", http_client=Answering())) as mock:
        visitor = Visitor(mock)
        send(visitor, count)
        fill(visitor, count)
        one = re.findall(r"/outbox/([0-9a-f]{24})", visitor.see("/outbox/"))[0]
        newest = visitor.api("GET", "/journal?limit=1")["journal"][0]["id"]
        found = []
        for path in (*(f"/{room.pages.name}/" for room in PAGES), *MORE, f"/outbox/{one}", f"/requests/{newest}"):
            times = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                text = visitor.see(path)
                times.append((time.perf_counter() - began) * 1000)
            found.append({"page": path, "median": statistics.median(times), "bytes": len(text)})
    return found


def main() -> None:
    """Print a table, or JSON; fail when a page is slower than it may be."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.console", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many mails")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    found = measure(chosen.count)
    if chosen.json:
        print(json.dumps(found, indent=2))
    for row in () if chosen.json else found:
        print(f"{row['page']:<40} {row['median']:6.1f} ms (mark {MARK:.0f})  {row['bytes']:>8,} bytes")
    if any(row["median"] > MARK for row in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
