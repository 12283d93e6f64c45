from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from rich.console import Console
from tpmock.kit.cases import template
from tpmock.kit.reports.as_json import json_report
from tpmock.kit.reports.terminal import TerminalReport
from tpmock.kit.run.run_events import CaseFinished, Reporter, RunEvent
from tpmock.kit.vocabulary.findings import CaseOutcome, ExchangeSummary, Finding, Result

from tests.kit import records
from tests.kit.stub import NOBODY, StubMock, StubSubject, case, run


def report(make: Callable[[io.StringIO], Reporter], *events: RunEvent) -> str:
    out = io.StringIO()
    reporter = make(out)
    for event in events:
        reporter(event)
    return out.getvalue()


def terminal(out: io.StringIO) -> Reporter:
    return TerminalReport(Console(file=out, width=80))


def events(*, broken: bool = False, fails_to_start: str = "") -> list[RunEvent]:
    first = case(1, then=NOBODY) if broken else case(1)
    return list(run(StubMock(), StubSubject(fails_to_start=fails_to_start), first, case(2)).events())


def test_the_json_report_is_one_document() -> None:
    document = json.loads(report(json_report, *events(broken=True)))
    assert [(item["id"], item["plan"], item["result"]) for item in document["cases"]] == [
        ("DEST-001", "plan", "failed"),
        ("DEST-002", "plan", "passed"),
    ]
    summary = document["summary"]
    assert {name: summary[name] for name in ("subject", "seed", "cases", "passed", "failed", "not-run")} == {
        "subject": "the stub",
        "seed": 1,
        "cases": 2,
        "passed": 1,
        "failed": 1,
        "not-run": 0,
    }


def test_the_json_report_says_what_was_expected_and_found() -> None:
    (finding,) = json.loads(report(json_report, *events(broken=True)))["cases"][0]["findings"]
    assert finding["check"] == "invitation_count"
    assert (finding["passed"], finding["expected"]) == (False, "no invitations")
    assert finding["found"].startswith(f"1 invitation: for {template.values('DEST-001', 1, '')['order']}")


def test_the_json_report_of_an_impossible_run_has_every_case() -> None:
    document = json.loads(report(json_report, *events(fails_to_start="port taken")))
    assert document["summary"]["impossible"] == "port taken"
    assert [item["result"] for item in document["cases"]] == ["failed", "not-run"]
    assert [finding["found"] for item in document["cases"] for finding in item["findings"]] == ["port taken"]
    assert document["cases"][1]["reason"] == "Not run: the run ended earlier."


def test_the_terminal_report_has_one_line_for_each_case_that_passes() -> None:
    lines = report(terminal, *events()).splitlines()
    assert lines[0] == "Plan plan, 2 cases, seed 1. Subject: the stub."
    assert [line.split()[:2] for line in lines[1:3]] == [["passed", "DEST-001"], ["passed", "DEST-002"]]
    assert lines[3].startswith("2 passed in ")


def test_the_terminal_report_gives_reasons_and_the_clause() -> None:
    text = report(terminal, *events(broken=True))
    for part in (
        "failed",
        "expected   no invitations",
        "found      1 invitation",
        "to do      Invite once",
        "Source, Section",
    ):
        assert part in text


def test_the_terminal_report_says_why_a_run_was_impossible() -> None:
    assert "The run was impossible. port taken" in report(terminal, *events(fails_to_start="port taken"))


def test_the_terminal_report_says_once_why_a_subject_does_not_start() -> None:
    last_lines = "\n".join(f"line {number}" for number in range(20))
    text = report(terminal, *events(fails_to_start=f"It ended with exit code 3.\n{last_lines}"))
    assert text.count("line 7") == 1
    assert text.count("It ended with exit code 3.") == 2
    assert "DEST-002" not in text
    assert "1 case not run: the run ended earlier." in text


def test_text_in_brackets_is_shown_and_not_taken_for_markup() -> None:
    assert "port [bold]taken" in report(terminal, *events(fails_to_start="port [bold]taken"))


def test_the_terminal_report_shows_calls_per_order_and_coverage() -> None:
    whole = records.report(Result.PASSED, Result.PASSED)
    told: list[RunEvent] = [
        whole.started,
        *(CaseFinished(one.case, one.outcome) for one in whole.judged),
        whole.finished,
    ]
    lines = report(terminal, *told).splitlines()
    assert lines[-3].startswith("2 calls to Trustpilot for 4 orders: 0.5 an order")
    assert " operations of the contract were called, and 2 of the " in lines[-2]
    assert lines[-1].startswith("2 passed")


@pytest.mark.parametrize(("exchanges", "shown"), [(3, 3), (20, 12)])
def test_exchanges_are_shown_once_and_not_endlessly(exchanges: int, shown: int) -> None:
    some = tuple(
        ExchangeSummary(number, "to trustpilot: createAccessToken", 503, "[hint]") for number in range(exchanges)
    )
    breach = Finding(check="calls", passed=False, expected="a", found="b", where="c", advice="d")
    started, begun, finished, end = (list(run(StubMock(), StubSubject(), case(1)).events()))[:4]
    outcome = CaseOutcome(result=Result.FAILED, findings=(breach, breach), exchanges=some)
    finished = type(finished)(case(1), outcome)  # type: ignore[call-arg,arg-type]
    text = report(terminal, started, begun, finished, end)
    assert text.count("createAccessToken -> 503 ([hint])") == shown
    assert ("and 8 more" in text) == (exchanges > shown)
