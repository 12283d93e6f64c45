"""``python -m tests.benchmarks.soak --minutes 120``: mixed traffic in real time, without a change of the clock.

Orders come one by one and in batches larger than what may be in flight at once. Each must become one invitation, and
each email must be sent within :data:`LATE` seconds of its time. The last line says how many did, and the exit code is
1 when one did not.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import requests

#: Seconds; what the API tells of a moment is exact to a second.
LATE: Final = 2.0
#: Seconds between an order and its email, and how long the last ones are waited for.
DELAY: Final = 120.0
_BATCHES: Final = (1, 1, 1, 1, 2, 5, 12, 40)
_LOOK: Final = 20.0


@dataclass
class Soak:
    """One run.

    :ivar sent: seconds between the time of each email and its sending, by order number
    """

    url: str
    write_key: str
    rolls: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - no secrets
    ordered: int = 0
    sent: dict[str, float] = field(default_factory=dict)
    unsent: set[str] = field(default_factory=set)

    def order(self, count: int) -> None:
        numbers = range(self.ordered + 1, self.ordered + count + 1)
        events = [
            {
                "type": "track",
                "userId": f"u{number}",
                "event": "Order Completed",
                "properties": {"order_id": f"soak-{number}", "email": f"buyer{number}@example.com"},
            }
            for number in numbers
        ]
        answer = requests.post(f"{self.url}/v1/batch", json={"batch": events}, auth=(self.write_key, ""), timeout=30)
        answer.raise_for_status()
        self.ordered += count

    def look(self) -> None:
        """Note which emails were sent, and which are late."""
        rows = self._control("/invitations?limit=1000")["invitations"]
        now = moment(self._control("/clock")["now"])
        for row in rows:
            number, due = row["referenceNumber"], moment(row["sendAt"])
            if row["sentAt"] is not None:
                self.sent.setdefault(number, moment(row["sentAt"]) - due)
                self.unsent.discard(number)
            elif now - due > LATE:
                self.unsent.add(number)

    def _control(self, path: str) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/_mock/sandboxes/default{path}", timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def run(self, minutes: float, rate: float) -> bool:
        """Send orders at ``rate`` a minute, then wait for the last emails; whether all were sent in time."""
        begun = looked = time.monotonic()
        while time.monotonic() < begun + 60 * minutes:
            self.order(self.rolls.choice(_BATCHES))
            due = begun + 60 * self.ordered / rate
            while time.monotonic() < due:
                if time.monotonic() - looked > _LOOK:
                    looked = time.monotonic()
                    self.look()
                time.sleep(max(0.0, min(0.2, due - time.monotonic())))
        ending = time.monotonic() + DELAY + 10
        while len(self.sent) < self.ordered and time.monotonic() < ending:
            time.sleep(2.0)
            self.look()
        return self.report()

    def report(self) -> bool:
        waits = sorted(self.sent.values())
        late = [number for number, wait in self.sent.items() if wait > LATE]
        sys.stdout.write(
            f"{self.ordered} orders, {len(waits)} emails sent, latest {max(waits, default=0):.0f} s after its time, "
            f"{len(late)} late, {len(self.unsent)} overdue\n"
        )
        return len(waits) == self.ordered and not late and not self.unsent


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@contextmanager
def up() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "tpmock", "up", "--port", "0", "--destination-port", "0", "--json"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--rate", type=float, default=200, help="orders a minute")
    options = parser.parse_args()
    with up() as running:
        soak = Soak(running["url"], running["sandbox"]["credentials"]["writeKey"])
        return 0 if soak.run(options.minutes, options.rate) else 1


if __name__ == "__main__":
    raise SystemExit(main())
