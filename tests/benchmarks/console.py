"""``python -m tests.benchmarks.console``: every page of the console over ten thousand mails and a full journal."""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from typing import Any

from mockserver.app import Mock, Settings
from mockserver.console.app import PAGES
from tests.console.conftest import HOST, Visitor
from tests.console.trustpilot import token
from tests.sandboxes import an_invitation

#: Milliseconds that a page may take.
MARK = 150.0
ROUNDS = 15
#: Beside the pages of the menu: filtered, searched, far down, and one thing alone.
MORE = (
    *("/outbox/?page=100", "/outbox/?state=queued", "/outbox/?key=77", "/outbox/?key=p77@example.com"),
    *("/journal/?page=150", "/journal/?text=p77", "/journal/?status=4xx", "/journal/10000"),
    *("/trustpilot/reviews", "/trustpilot/reviews?stars=4&page=20", "/trustpilot/product-reviews"),
    *("/trustpilot/tokens", "/trustpilot/users", "/trustpilot/webhooks"),
)


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


def measure(count: int) -> list[dict[str, Any]]:
    """Each page with the median of its times, in milliseconds, and its size."""
    with Mock(Settings()) as mock:
        visitor = Visitor(mock)
        fill(visitor, count)
        one = re.findall(r"/outbox/([0-9a-f]{24})", visitor.see("/outbox/"))[0]
        found = []
        for path in (*(f"/{room.pages.name}/" for room in PAGES), *MORE, f"/outbox/{one}"):
            times = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                text = visitor.see(path)
                times.append((time.perf_counter() - began) * 1000)
            found.append({"page": path, "median": statistics.median(times), "bytes": len(text)})
    return found


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.console", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many mails")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    found = measure(chosen.count)
    if chosen.json:
        print(json.dumps(found, indent=2))
        return
    for row in found:
        print(f"{row['page']:<40} {row['median']:6.1f} ms (mark {MARK:.0f})  {row['bytes']:>8,} bytes")


if __name__ == "__main__":
    main()
