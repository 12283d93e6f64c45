"""Many at once: each sandbox answers as it would alone, with other sandboxes at work.

Clocks are frozen, so that what is compared does not depend on how long anything took.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.doors import Door, InProcess, Judge, OverSocket
from tests.support.sandboxes import SandboxUnderTest, an_invitation

#: One thing a client does: its name and a number that varies it.
Step = tuple[str, int]
SANDBOXES = 4


class Client:
    """One user of one sandbox, who notes every answer."""

    def __init__(self, sandbox: SandboxUnderTest) -> None:
        self._sandbox = sandbox
        self._token = ""
        self.heard: list[Any] = []
        sandbox.control("POST", "/clock/freeze")

    def do(self, step: Step) -> None:
        name, number = step
        does: dict[str, Callable[[int], Any]] = {
            "find": self._find,
            "token": self._sign_in,
            "invite": self._invite,
            "advance": lambda number: self._sandbox.control("POST", "/clock/advance", {"by": f"{number * 20}m"}),
            "fault": self._fault,
            "review": self._review,
            "look": lambda _: [self._sandbox.rows(name) for name in ("invitations", "reviews", "tokens")],
            "reset": self._reset,
        }
        self.heard.append((step, does[name](number)))

    def perform(self, program: Sequence[Step]) -> None:
        """All of it."""
        for step in program:
            self.do(step)

    def _find(self, _: int) -> Any:
        answer = self._sandbox.get("/v1/business-units/find?name=trustpilotdemo.com")
        return answer.status, answer.body

    def _sign_in(self, _: int) -> Any:
        answer = self._sandbox.token()
        self._token = answer.json.get("access_token", self._token)
        return answer.status, answer.body

    def _invite(self, number: int) -> Any:
        invitation = an_invitation(referenceNumber=str(number), consumerEmail=f"a{number}@example.com")
        answer = self._sandbox.invite(invitation, token=self._token or "none")
        return answer.status, answer.body

    def _fault(self, number: int) -> Any:
        fault = {"operation": "findBusinessUnit", "status": 404, "count": number}
        return self._sandbox.control("POST", "/faults", fault)

    def _review(self, number: int) -> Any:
        path = f"/_mock/sandboxes/{self._sandbox.id}/reviews"
        answer = self._sandbox.call(
            "POST", path, data={"stars": 5, "title": "t", "text": "x", "invitation": str(number)}
        )
        return answer.status, answer.body

    def _reset(self, _: int) -> Any:
        self._sandbox.control("POST", "/reset")
        self._sandbox.control("POST", "/clock/freeze")
        return None


def _moments_apart(value: Any) -> Any:
    """Each run has its own beginning: moments are counted, not compared."""
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|\b\d{13}\b", "MOMENT", repr(value))


STEPS = st.tuples(
    st.sampled_from(["find", "token", "invite", "advance", "fault", "review", "look", "reset"]), st.integers(1, 9)
)
PROGRAMS = st.lists(st.lists(STEPS, max_size=12), min_size=SANDBOXES, max_size=SANDBOXES)


@pytest.fixture(scope="module", params=[InProcess, OverSocket], ids=["in-process", "socket"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    opened: Door = request.param()
    yield opened
    opened.close()


def run(door: Door, programs: Sequence[Sequence[Step]], *, at_once: bool) -> list[str]:
    """What each client heard; sandboxes of the same names, so that ids and secrets are the same."""
    judge = Judge()
    names = [f"inter-{number}" for number in range(len(programs))]
    try:
        clients = [Client(SandboxUnderTest(door, judge, id=name)) for name in names]
        if at_once:
            _perform_at_once(clients, programs)
        else:
            for client, program in zip(clients, programs, strict=True):
                client.perform(program)
        return [_moments_apart(client.heard) for client in clients]
    finally:
        for name in names:
            door.send("DELETE", f"/_mock/sandboxes/{name}", {}, b"")


def _perform_at_once(clients: Sequence[Client], programs: Sequence[Sequence[Step]]) -> None:
    ready = threading.Barrier(len(clients))

    def perform(client: Client, program: Sequence[Step]) -> None:
        ready.wait(10)
        client.perform(program)

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(perform, clients, programs))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programs=PROGRAMS)
def test_sandboxes_at_work_at_once_answer_as_they_would_one_after_another(
    door: Door, programs: list[list[Step]]
) -> None:
    assert run(door, programs, at_once=True) == run(door, programs, at_once=False)


def test_clients_that_advance_one_clock_at_once_lose_nothing_and_double_nothing(door: Door) -> None:
    sandbox = SandboxUnderTest(door, Judge())
    sandbox.control("POST", "/clock/freeze")
    began = sandbox.control("GET", "/clock")["now"]
    token = sandbox.access_token()
    for number in range(60):
        sandbox.invite(an_invitation(referenceNumber=str(number)), token=token)
        sandbox.advance("1s")

    def advance(_: int) -> int:
        performed: int = sandbox.control("POST", "/clock/advance", {"by": "10s"})["performed"]
        return performed

    with ThreadPoolExecutor(4) as pool:
        performed = sum(pool.map(advance, range(20)))
    assert performed == 60
    assert len(sandbox.rows("invitation-links")) == 60
    from_start = _seconds(sandbox.control("GET", "/clock")["now"]) - _seconds(began)
    assert from_start == pytest.approx(60 + 200, abs=0.01)
    sandbox.control("DELETE", "")


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
