"""After any operations on Segment's half, each event is counted once: delivered, dropped, discarded or pending."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tpmock.outbound.http_client import HttpReply
from tpmock.server.app import MockApp, MockSettings

from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest, an_order

DESTINATIONS = ("Trustpilot", "Second")
#: What a destination does with what comes: a status, or what goes wrong on the way.
BEHAVIOURS = (503, "ETIMEDOUT", 429, "ECONNREFUSED", 500, 408, "ECONNRESET", 410, 501, 301, 400, 401, 202, 200)
ENDS = {"delivered", "discarded", "filtered"}


@dataclass
class Known:
    """What must be true of the sandbox by what was done to it; a snapshot keeps it too.

    :ivar sent: messages that Segment answered for
    :ivar arrived: by destination and message, how often the destination took it, but for replays
    :ivar late: those that were taken too late for Segment to hear of it
    :ivar replayed: how many replays were asked for
    """

    sent: int = 0
    messages: list[str] = field(default_factory=list)
    arrived: Counter[tuple[str, str]] = field(default_factory=Counter)
    late: set[tuple[str, str]] = field(default_factory=set)
    replayed: int = 0


class ScriptedClient:
    """Every destination at once, without a network."""

    def __init__(self) -> None:
        self.behaviour: dict[str, Any] = dict.fromkeys(DESTINATIONS, 200)
        self.known = Known()
        self._lock = threading.Lock()

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> HttpReply:
        assert headers["Authorization"]
        assert timeout > 0
        name = url.rpartition("/")[2]
        message = json.loads(body)
        behaves = self.behaviour[name]
        key = (name, message["messageId"])
        replay = message["integrations"] == {"All": False, name: True}
        with self._lock:
            if not replay and (behaves == "ETIMEDOUT" or (isinstance(behaves, int) and behaves < 300)):
                # A destination that is too slow has got the event all the same.
                self.known.arrived[key] += 1
            if behaves == "ETIMEDOUT":
                self.known.late.add(key)
        if isinstance(behaves, str):
            return HttpReply(None, {}, b"", behaves, 1.0)
        return HttpReply(behaves, {"Content-Type": "application/json"}, b'{"message": "So."}', None, 1.0)

    def close(self) -> None:
        """There is nothing."""


class Accounting(RuleBasedStateMachine):
    """One sandbox whose clock moves only when asked."""

    judge = Judge()

    kinds = st.sampled_from(
        [
            *["good"] * 4,
            *("no id", "no name", "bad properties", "unsupported", "switched off", "for one", "again", "no message"),
        ]
    )

    @initialize(kinds=st.lists(kinds, min_size=2, max_size=6), behaviour=st.sampled_from(BEHAVIOURS))
    def begin(self, kinds: list[str], behaviour: Any) -> None:
        # Hypothesis leaves whole rules out of a history; every one is to begin with events in some trouble.
        self.http_client = ScriptedClient()
        self.door = InProcess(MockApp(MockSettings(http_client=self.http_client)))
        self.sandbox = SandboxUnderTest(self.door, self.judge)
        self.sandbox.control("POST", "/clock/freeze")
        self.number = 0
        self.kept: Known | None = None
        for name in DESTINATIONS:
            self.connect(name, enabled=True)
        self.send(kinds, behaviour, "0s")

    def teardown(self) -> None:
        if hasattr(self, "door"):
            self.door.close()

    def _message(self, kind: str) -> Any:
        self.number += 1
        good = {**an_order(order_id=str(self.number)), "messageId": f"m-{self.number}"}
        changes: dict[str, dict[str, Any]] = {
            "good": {},
            "no id": {"userId": None},
            "no name": {"event": ""},
            "bad properties": {"properties": 7},
            "unsupported": {"type": "group"},
            "switched off": {"integrations": {"All": False}},
            "for one": {"integrations": {"All": False, "Second": {"by": "name"}}},
            "again": {"messageId": self.known.messages[-1] if self.known.messages else "m-0"},
        }
        return 7 if kind == "no message" else {**good, **changes[kind]}

    @property
    def known(self) -> Known:
        return self.http_client.known

    # --- what is done to it -----------------------------------------------------------------------------------------

    @rule(
        kinds=st.lists(kinds, min_size=1, max_size=6),
        behaviour=st.sampled_from(BEHAVIOURS),
        by=st.sampled_from(["0s", "2m", "1h"]),
    )
    def send(self, kinds: list[str], behaviour: Any, by: str) -> None:
        """Send events while the destinations fail, for a while."""
        self.http_client.behaviour = dict.fromkeys(DESTINATIONS, behaviour)
        self._send(kinds)
        self.sandbox.advance(by)

    def _send(self, kinds: list[str]) -> None:
        batch = [self._message(kind) for kind in kinds]
        assert self.sandbox.track({"batch": batch}, "/v1/batch").status == 200
        self.known.sent += len(batch)
        self.known.messages += [message["messageId"] for message in batch if isinstance(message, dict)]

    @rule(name=st.sampled_from(DESTINATIONS), enabled=st.booleans())
    def connect(self, name: str, *, enabled: bool) -> None:
        body = {"url": f"http://127.0.0.1:9/{name}", "enabled": enabled, "settings": {"apiKey": "k"}}
        self.sandbox.control("PUT", f"/segment/destinations/{name}", body)

    @rule(name=st.sampled_from(DESTINATIONS))
    def disconnect(self, name: str) -> None:
        self.sandbox.call("DELETE", f"/_mock/sandboxes/{self.sandbox.id}/segment/destinations/{name}")

    @rule(name=st.sampled_from(DESTINATIONS), behaviour=st.sampled_from(BEHAVIOURS))
    def behave(self, name: str, behaviour: Any) -> None:
        self.http_client.behaviour[name] = behaviour

    @rule(status=st.sampled_from([400, 429, 503]), count=st.integers(1, 3))
    def fault(self, status: int, count: int) -> None:
        self.sandbox.control("POST", "/faults", {"operation": "deliver", "status": status, "count": count})

    @rule(policy=st.sampled_from(["actions", "classic", "partner-faq", "webhooks", "support-article"]))
    def policy(self, policy: str) -> None:
        self.sandbox.control("PATCH", "/variants", {"retry_policy": policy})

    @rule(order=st.sampled_from(["as-received", "shuffled"]))
    def shuffle(self, order: str) -> None:
        self.sandbox.control("PATCH", "/variants", {"delivery_order": order})

    @rule(by=st.sampled_from(["1s", "1m", "10m", "2h", "5h"]))
    def advance(self, by: str) -> None:
        self.sandbox.advance(by)

    @rule()
    def keep(self) -> None:
        self.sandbox.settle()
        self.sandbox.control("PUT", "/snapshots/kept")
        self.kept = deepcopy(self.known)

    @rule()
    def bring_back(self) -> None:
        if self.kept is None:
            return
        self.sandbox.settle()
        self.sandbox.control("POST", "/snapshots/kept/restore")
        self.http_client.known = deepcopy(self.kept)

    @rule(name=st.sampled_from(DESTINATIONS))
    def replay(self, name: str) -> None:
        path = f"/_mock/sandboxes/{self.sandbox.id}/segment/destinations/{name}/replay"
        answer = self.sandbox.call("POST", path, data={})
        self.known.replayed += answer.json["replayed"] if answer.status == 200 else 0

    # --- what must be true then -------------------------------------------------------------------------------------

    @invariant()
    def all_is_accounted_for(self) -> None:
        if not hasattr(self, "sandbox"):
            return
        self.sandbox.settle()
        rows = self.sandbox.control("GET", "/segment/deliveries?limit=10000")["deliveries"]
        events = self.sandbox.control("GET", "/segment/events?limit=10000")["events"]
        since = self.sandbox.control("GET", "/segment/overview")["since"]
        assert since["successfully-received"] + since["failed-on-ingest"] == self.known.sent
        assert since["successfully-received"] == sum(1 for event in events if event["reason"] is None)
        assert sum(1 for row in rows if row["replay"]) == self.known.replayed
        ways = Counter((row["destination"], row["messageId"]) for row in rows if not row["replay"])
        assert all(count == 1 for count in ways.values()), "an event goes to a destination in one delivery"
        own = [row for row in rows if not row["replay"]]
        assert since["successful-delivery"] == sum(1 for row in own if row["state"] == "delivered")
        assert since["failed-delivery"] == sum(1 for row in own if row["state"] == "discarded")
        assert since["filtered-at-destination"] == sum(1 for row in own if row["state"] == "filtered")
        assert since["pending"] == sum(1 for row in own if row["state"] not in ENDS)
        due = Counter(each["subject"] for each in self.sandbox.control("GET", "/timeline")["timeline"])
        for row in rows:
            self._fits(row, due)

    def _fits(self, row: dict[str, Any], due: Counter[str]) -> None:
        """A delivery is in exactly one state, says why, and is due exactly when it is not at its end."""
        last = row["attempts"][-1]["status"] if row["attempts"] else None
        waits = row["state"] not in ENDS
        assert due[str(row["id"])] == (1 if waits else 0)
        assert (row["nextAttemptAt"] is not None) == waits
        if row["state"] == "delivered":
            assert (last or 0) // 100 == 2
            assert row["reason"] is None
        elif row["state"] != "pending":
            assert row["reason"]
            assert row["explanation"]
        key = (row["destination"], row["messageId"])
        if not row["replay"] and key not in self.known.late:
            once = 1 if row["state"] == "delivered" else 0
            assert self.known.arrived[key] == once, "delivered twice, or for nothing"


Accounting.TestCase.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAccounting = Accounting.TestCase
