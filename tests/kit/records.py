"""Runs made up for tests of reports."""

from __future__ import annotations

from collections import Counter
from typing import Any

from contracts.kit.cases import Case, Level
from contracts.kit.findings import Exchange, Finding, Outcome, Result
from contracts.kit.observation import Answer, Observation, Posted, Sent
from contracts.kit.reports.gathered import Judged, Report
from contracts.kit.run_events import RunFinished, RunStarted
from contracts.kit.transcript import Record, written
from tests.kit.stub import case

NASTY = 'a <script>alert(1)</script> & "quotes" `ticks` | ]]> \x0b ü 100%\nsecond line'


def entry(number: int = 1, **more: Any) -> dict[str, Any]:
    """An entry of the journal."""
    return {
        "id": number,
        "at": "2026-01-01T00:00:00.000Z",
        "direction": "in",
        "api": "trustpilot",
        "operation": "createEmailInvitations",
        "method": "POST",
        "url": "http://127.0.0.1:4711/v1/private/business-units/1/email-invitations",
        "status": 202,
        "hint": "Queued for ada@example.com.",
        "error": None,
        "fault": None,
        "milliseconds": 1.5,
        "request": {
            "headers": {"Authorization": "Bearer tpa-…", "Content-Type": "application/json", "Host": "127.0.0.1:4711"},
            "body": {"consumerEmail": "Ada@example.com", "consumerName": "Ada Lovelace", "referenceNumber": "1001"},
        },
        "response": {"headers": {"X-Mock": "1"}, "body": None},
        **more,
    }


def seen() -> Observation:
    """What was seen when an order was posted by the kit, and invited."""
    body = '{"event": "Order Completed", "properties": {"email": "ada@example.com", "name": "Love\\u006cace"}}'
    posted = Posted("http://127.0.0.1:4712/", {"Authorization": "Basic the-key:"}, body)
    answer = Answer(400, "application/json", '{"message": "No, Lovelace: the-key"}', "", "1001", "an event", posted)
    return Observation(
        answers=[answer],
        sent=[Sent("m1", "1001"), Sent("m2", "1002")],
        personal={"ada@example.com", "Lovelace"},
        secrets={"the-key"},
        journal=[entry()],
    )


def judged(result: Result, a_case: Case | None = None) -> Judged:
    """A case with a result, everything in it hard to write down."""
    broken = result in {Result.FAILED, Result.WARNING}
    finding = Finding(
        check="calls",
        passed=not broken,
        expected="email ada@example.com",
        found=NASTY,
        where="here",
        advice="Do it.",
        level=Level.SHOULD if result is Result.WARNING else Level.MUST,
    )
    reason = NASTY if result in {Result.NOT_RUN, Result.NOT_APPLICABLE} else ""
    outcome = Outcome(
        result=result,
        findings=(finding,),
        exchanges=(Exchange(1, "to trustpilot: x", 503, NASTY),),
        reason=reason,
        milliseconds=1234.5,
    )
    return Judged(a_case or case(1), written(outcome, seen(), "http://127.0.0.1:4711", "http://127.0.0.1:4712"))


def report(*results: Result, subject: str = "the stub") -> Report:
    """A run whose cases came to these results."""
    every = tuple(judged(result, case(number)) for number, result in enumerate(results, 1))
    started = RunStarted("plan", subject, 7, tuple(one.case for one in every))
    return Report(started, RunFinished(Counter(results), 5000.0), every)


def records() -> tuple[Record, ...]:
    """The exchanges of such a case."""
    return judged(Result.PASSED).outcome.records
