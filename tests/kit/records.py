"""Runs made up for tests of reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tpmock.kit.cases.case_files import Case, Level
from tpmock.kit.reports.collector import RunReport
from tpmock.kit.run.run_events import CaseFinished, RunFinished, RunStarted
from tpmock.kit.vocabulary.findings import CaseOutcome, ExchangeSummary, Finding, RecordedExchange, Result
from tpmock.kit.vocabulary.observation import KitRequest, Observation, ReceivedAnswer, Sent
from tpmock.kit.vocabulary.transcript import written

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
    posted = KitRequest("http://127.0.0.1:4712/", {"Authorization": "Basic the-key:"}, body)
    answer = ReceivedAnswer(
        400, "application/json", '{"message": "No, Lovelace: the-key"}', "", "1001", "an event", posted
    )
    return Observation(
        answers=[answer],
        sent=[Sent("m1", "1001"), Sent("m2", "1002")],
        personal={"ada@example.com", "Lovelace"},
        secrets={"the-key"},
        journal=[entry()],
    )


def judged(result: Result, a_case: Case | None = None) -> CaseFinished:
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
    outcome = CaseOutcome(
        result=result,
        findings=(finding,),
        exchanges=(ExchangeSummary(1, "to trustpilot: x", 503, NASTY),),
        reason=reason,
        milliseconds=1234.5,
    )
    return CaseFinished(a_case or case(1), written(outcome, seen(), "http://127.0.0.1:4711", "http://127.0.0.1:4712"))


def report(*results: Result, subject: str = "the stub", cases: Sequence[Case] = ()) -> RunReport:
    """A run whose cases came to these results.

    :param cases: the cases; without them some that are made up
    """
    chosen = cases or [case(number) for number in range(1, len(results) + 1)]
    every = tuple(judged(result, one) for result, one in zip(results, chosen, strict=True))
    started = RunStarted("plan", subject, 7, tuple(one.case for one in every))
    return RunReport(started, RunFinished(Counter(results), 5000.0), every)


def records() -> tuple[RecordedExchange, ...]:
    """The exchanges of such a case."""
    return judged(Result.PASSED).outcome.records
