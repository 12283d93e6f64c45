"""``python -m tests.benchmarks.erasing``: how long erasing people from a full journal holds a sandbox's lock."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from tpmock.journal.erasure import Person
from tpmock.sandbox.sandbox import Sandbox
from tpmock.server.app import MockApp

from tests.mock.console.conftest import HOST, Visitor
from tests.mock.console.trustpilot import token
from tests.support.sandboxes import an_invitation, an_order

#: Milliseconds of the processor that it may take.
MARK = 100.0


def fill(visitor: Visitor, shoppers: int) -> None:
    """An order and an invitation of each shopper: two entries, an event and a trace."""
    credentials = visitor.sandbox["credentials"]
    path = f"/v1/private/business-units/{credentials['businessUnitId']}/email-invitations"
    headers = {"Host": HOST, "Authorization": f"Bearer {token(visitor)}"}
    for number in range(shoppers):
        order, email, name = str(number), f"shopper{number}@example.com", f"Shopper{number}"
        event = an_order(order_id=order, email=email, name=name, surname=f"Family{number}") | {"userId": f"u-{number}"}
        sent = visitor.client.post("/v1/track", json=event, auth=(credentials["writeKey"], ""))
        invitation = an_invitation(referenceNumber=order, consumerEmail=email, consumerName=name)
        answer = visitor.client.post(path, headers=headers, json=invitation)
        assert max(sent.status_code, answer.status_code) < 300, answer.text


def held(sandbox: Sandbox, person: Person) -> float:
    """Return milliseconds of CPU time until a person is not found any more."""
    began = time.thread_time()
    sandbox.forget(person)
    return (time.thread_time() - began) * 1000


def main() -> None:
    """Print how long it took; fail when that is too long."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.erasing", description=__doc__)
    parser.add_argument("--shoppers", type=int, default=3_000, help="each has two entries in the journal")
    parser.add_argument("--people", type=int, default=100, help="how many of them are erased at once")
    chosen = parser.parse_args()
    step = max(1, chosen.shoppers // (3 * chosen.people))
    ways: dict[str, Callable[[range], Person]] = {
        "by address": lambda who: Person(frozenset(f"shopper{number}@example.com" for number in who)),
        "by user id": lambda who: Person(ids=frozenset(f"u-{number}" for number in who)),
    }
    slow = False
    with MockApp() as mock:
        fill(Visitor(mock), chosen.shoppers)
        for place, (way, person) in enumerate(ways.items()):
            for people in (1, chosen.people):
                who = range(place + 2 * (people > 1), chosen.shoppers, 4 * step)[:people]
                took = held(mock.sandboxes.default, person(who))
                slow = slow or took > MARK
                print(f"{people:>4} {way}, {2 * chosen.shoppers:,} entries: {took:7.1f} ms (mark {MARK:.0f})")
    raise SystemExit(slow)


if __name__ == "__main__":
    main()
