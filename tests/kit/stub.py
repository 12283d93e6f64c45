"""A mock and a subject in memory, for tests of the runner."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tpmock.common.control_client import ControlClient, RefusedError
from tpmock.kit.cases.case_files import Case, CaseCheck, CaseStep, Clause, Level
from tpmock.kit.cases.claims import EVENTS
from tpmock.kit.run.engine import Run
from tpmock.kit.run.run_events import CaseFinished, RunFinished
from tpmock.kit.subjects.mock_client import Item, SandboxClient
from tpmock.kit.subjects.processes import CannotStartError
from tpmock.kit.subjects.subjects import RunningSubject
from tpmock.kit.vocabulary.findings import CaseOutcome

Act = Callable[["StubMock", Item], int]


def invites(mock: StubMock, event: Item) -> int:
    """What a right destination does."""
    reference = event["properties"]["order_id"]
    if all(item["referenceNumber"] != reference for item in mock.items):
        mock.items.append({"id": str(len(mock.items)), "referenceNumber": reference})
    return 200


class StubMock(ControlClient):
    """Answers the control API from memory, with one sandbox at a time, and delivers every event to ``act`` at once."""

    def __init__(self, act: Act = invites) -> None:
        super().__init__("http://mock.example.com")
        self.act = act
        self.calls: list[str] = []
        self.items: list[Item] = []
        self.deliveries: list[Item] = []
        self.variants = {"delivery_timeout": "PT10S"}
        self.problems: dict[str, Exception] = {}

    def request(self, method: str, url: str, body: Any = None, *_more: Any, **_options: Any) -> Item:
        path, query = urlsplit(url).path, dict(parse_qsl(urlsplit(url).query))
        name = f"{method} {path.rpartition('/sandboxes/main')[2] or path}"
        self.calls.append(name)
        if name in self.problems:
            raise self.problems[name]
        if path.startswith("/v1/"):
            return self.track(body)
        wanted = {key: value for key, value in query.items() if key not in {"limit", "since"}}
        if name == "PATCH /variants":
            self.variants.update(body)
        listed: dict[str, list[Item]] = {
            "/journal": [],
            "/invitations": self.items,
            "/faults": [],
            "/segment/deliveries": [d for d in self.deliveries if all(d[key] == wanted[key] for key in wanted)],
            "/variants": [{"name": key, "value": value} for key, value in self.variants.items()],
        }
        if name == "GET /clock":
            return {"now": "2026-01-31T13:37:00.000Z"}
        if name == "POST /faults":
            return {"id": 1, "count": 1, **body}
        collection = path.rpartition("/sandboxes/main")[2]
        if collection in listed:
            return {collection.rpartition("/")[2]: listed[collection]}
        credentials = dict.fromkeys(("apiKey", "apiSecret", "password", "integrationKey", "writeKey"), "key")
        return {
            "id": "main",
            "credentials": credentials,
            "urls": dict.fromkeys(("segment", "trustpilot"), "http://mock.example.com"),
        }

    def track(self, body: Item) -> Item:
        for event in body.get("batch", [body]):
            status = self.act(self, json.loads(json.dumps(event)))
            state = "delivered" if status < 300 else "awaiting-retry" if status in {429, 503} else "discarded"
            attempts = [{"status": status, "message": None, "error": None}]
            delivery = {"messageId": event["messageId"], "state": state, "reason": None, "attempts": attempts}
            self.deliveries.append(delivery)
        return {"success": True}


@dataclass
class StubSubject(RunningSubject):
    """A subject that only counts."""

    name: str = "the stub"
    url: str = "http://subject.example.com"
    key: str = "key"
    restarts: bool = True
    kills: bool = True
    restarts_alone: bool = True
    claims: frozenset[str] = EVENTS
    fails_to_start: str = ""
    last_words: str = ""
    history: list[str] = field(default_factory=list)

    def start(self, sandbox: SandboxClient) -> StubSubject:
        self.history.append(f"start in {sandbox.id}")
        if self.fails_to_start:
            raise CannotStartError(self.fails_to_start)
        return self

    def restart(self) -> bool:
        self.history.append("restart")
        return self.restarts

    def kill(self) -> bool:
        self.history.append("kill")
        return self.kills

    def trouble(self) -> str:
        return self.last_words

    def stop(self) -> None:
        self.history.append("stop")


ORDER = CaseStep("send", {"event": "order-completed", "set": {"properties.order_id": "{order}"}})
INVITED = CaseCheck("invitation", {"referenceNumber": "{order}"}, Level.MUST)
NOBODY = CaseCheck("invitation_count", 0, Level.MUST)


def case(
    number: int = 1, *when: CaseStep, then: CaseCheck = INVITED, given: tuple[CaseStep, ...] = (), fresh: bool = False
) -> Case:
    """A case that sends an order and wants an invitation by default."""
    return Case(
        id=f"DEST-{number:03}",
        plan="plan",
        chapter="Chapter",
        title="Title",
        requirement="Requirement.",
        clause=Clause("Source", "Section", "https://example.com/"),
        evidence="seed",
        fresh=fresh,
        given=given,
        when=when or (ORDER,),
        then=(then,),
    )


def run(mock: StubMock, subject: StubSubject, *cases: Case, sandbox: str | None = None) -> Run:
    """A run of some cases."""

    def open_mock(stack: ExitStack) -> ControlClient:
        return mock

    return Run("plan", cases, subject, open_mock, 1, sandbox)


def outcomes(a_run: Run) -> tuple[list[CaseOutcome], RunFinished]:
    """What the cases came to, and how the run ended."""
    events = list(a_run.events())
    last = events[-1]
    if not isinstance(last, RunFinished):
        raise TypeError("The last event must be RunFinished.")
    return [event.outcome for event in events if isinstance(event, CaseFinished)], last


def refusal() -> RefusedError:
    """A refusal by the mock."""
    return RefusedError(400, "The mock said no.")
