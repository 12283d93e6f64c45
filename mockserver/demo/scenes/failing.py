"""The audience picks what goes wrong."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Final

from mockserver.demo.scenes.ordering import RETRIES_LAST, attempts, judge
from mockserver.demo.stage import Outcome, Stage, Table, called

#: No fault, but time: longer than an access token lives.
EXPIRED: Final = "expired"
_TOKEN_LIFE: Final = "101h"  # noqa: S105 - a time
#: What can be picked: the fault in the words of ``tpmock fault``, and what it is called.
CHOICES: Final = (
    ("email-invitations 429 x2", "Too many requests (429), twice"),
    (EXPIRED, "The access token expires"),
    ("email-invitations timeout 1s", "No answer comes"),
    ("email-invitations html", "An HTML page with 403 instead of JSON"),
    ("email-invitations 503 as gateway x2", "The gateway is down (503), twice"),
)
#: The first number of this scene's orders; each time it is played takes the next.
_FIRST: Final = 10
#: More calls than this for one order would be a storm.
_STORM: Final = 8


def play(stage: Stage, choice: str) -> Outcome:
    """Arm the fault, send an order, let Segment try as long as it does."""
    begun = stage.newest()
    number = int(stage.kept.get("failed", _FIRST - 1)) + 1
    stage.kept["failed"] = number
    if choice == EXPIRED:
        stage.advance(_TOKEN_LIFE)
    else:
        stage.bench("POST", "/faults", {"fault": choice})
    order = stage.order(number)
    stage.advance(RETRIES_LAST)
    left = stage.bench("GET", "/faults")["faults"]
    outcome = Outcome(orders=[order], exchanges=stage.exchanges(begun))
    outcome.see(f"What went wrong: {dict(CHOICES).get(choice, choice)}.")
    outcome.see("It struck, and is over." if not left else "It is armed still.", good=not left)
    outcome.tables.append(attempts(stage.deliveries(order)))
    _judge(stage, outcome, order)
    calls = Counter(entry["operation"] for entry in outcome.exchanges if entry["direction"] == "in")
    rows = [(str(name), str(count)) for name, count in calls.items() if name != "track"]
    outcome.tables.append(Table("Calls to Trustpilot meanwhile", ("Operation", "Calls"), rows))
    total = sum(count for name, count in calls.items() if name != "track")
    window = stage.bench("GET", "/usage")["usage"][0]["windows"][0]
    budget = f"{window['ceiling']:,} in {window['seconds'] // 60} minutes"
    outcome.see(f"{total} calls in all: no storm; Trustpilot recommends at most {budget}.", good=total <= _STORM)
    tokens = called(outcome.exchanges, "createAccessToken") + called(outcome.exchanges, "refreshAccessToken")
    outcome.see(f"New tokens: {len(tokens)}.", good=len(tokens) <= 1)
    return outcome


def _judge(stage: Stage, outcome: Outcome, order: str) -> None:
    """What became of an answer that was lost nobody knows: such an order is kept for a person, not mailed twice."""
    last = attempts(stage.deliveries(order)).rows[-1]
    if last[1] == str(HTTPStatus.ACCEPTED.value):
        many = len(stage.invitations(order))
        outcome.see(f"Order {order} is kept for a person to decide ({many} invited): {last[2]}", good=many <= 1)
        return
    judge(stage, outcome, order)
