from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from tpmock.common.control_client import UnreachableError
from tpmock.kit.cases.case_files import CaseCheck, CaseStep, Level
from tpmock.kit.cases.claims import EVENTS
from tpmock.kit.run.engine import CaseByCase
from tpmock.kit.run.expectations import Expectation
from tpmock.kit.run.run_events import CaseFinished, CaseStarted, RunFinished, RunStarted
from tpmock.kit.subjects.mock_client import Item, NoRestError
from tpmock.kit.vocabulary.findings import Result

from tests.kit.records import entry
from tests.kit.stub import NOBODY, ORDER, StubMock, StubSubject, case, outcomes, refusal, run


def test_a_run_tells_what_happens_in_order() -> None:
    events = list(run(StubMock(), StubSubject(), case(1)).events())
    assert [type(event) for event in events] == [RunStarted, CaseStarted, CaseFinished, RunFinished]


def test_cases_that_pass_share_a_sandbox_and_a_subject() -> None:
    mock, subject = StubMock(), StubSubject()
    found, end = outcomes(run(mock, subject, case(1), case(2)))
    assert [outcome.result for outcome in found] == [Result.PASSED, Result.PASSED]
    assert subject.history == ["start in main", "stop"]
    assert mock.calls.count("POST /_mock/sandboxes") == mock.calls.count("DELETE /_mock/sandboxes/main") == 1
    assert end.exit_code == 0


def test_after_a_failed_case_everything_is_made_anew() -> None:
    subject = StubSubject()
    found, end = outcomes(run(StubMock(), subject, case(1, then=NOBODY), case(2)))
    assert [outcome.result for outcome in found] == [Result.FAILED, Result.PASSED]
    assert subject.history == ["start in main", "stop", "start in main", "stop"]
    assert end.exit_code == 1


def test_a_case_may_ask_for_everything_anew() -> None:
    subject = StubSubject()
    outcomes(run(StubMock(), subject, case(1), case(2, fresh=True), case(3)))
    assert subject.history == ["start in main", "stop", "start in main", "stop"]


def test_a_fresh_case_does_not_apply_where_everything_is_given() -> None:
    found, end = outcomes(run(StubMock(), StubSubject(), case(1), case(2, fresh=True), sandbox="main"))
    assert found[1].result is Result.NOT_APPLICABLE
    assert end.exit_code == 0


def test_a_given_sandbox_is_not_removed() -> None:
    mock = StubMock()
    outcomes(run(mock, StubSubject(), case(1), sandbox="main"))
    assert "DELETE /_mock/sandboxes/main" not in mock.calls


def test_retries_that_are_left_over_do_not_reach_the_next_case() -> None:
    subject = StubSubject()
    mock = StubMock(lambda _mock, _event: 503)
    outcomes(run(mock, subject, case(1, then=NOBODY), case(2, then=NOBODY)))
    assert subject.history == ["start in main", "stop"] * 2


def test_faults_and_variants_are_taken_back_even_when_the_case_fails() -> None:
    mock = StubMock()
    steps = (
        CaseStep("fault", {"operation": "createEmailInvitations", "status": 500}),
        CaseStep("variant", {"delivery_timeout": "PT0.3S"}),
        ORDER,
    )
    outcomes(run(mock, StubSubject(), case(1, *steps, then=NOBODY)))
    assert "DELETE /faults" in mock.calls
    assert mock.variants == {"delivery_timeout": "PT10S"}


def test_a_variant_that_the_mock_does_not_have_is_not_run() -> None:
    found, end = outcomes(run(StubMock(), StubSubject(), case(1, CaseStep("variant", {"gravity": "low"}), ORDER)))
    assert found[0].result is Result.NOT_RUN
    assert "no variant gravity" in found[0].reason
    assert end.exit_code == 1


def test_a_step_that_the_mock_refuses_is_not_run() -> None:
    mock = StubMock()
    mock.problems["POST /clock/advance"] = refusal()
    found, _ = outcomes(run(mock, StubSubject(), case(1, CaseStep("advance", "PT1H")), case(2)))
    assert [outcome.result for outcome in found] == [Result.NOT_RUN, Result.PASSED]


def test_a_restart_does_not_apply_to_a_subject_that_runs_elsewhere() -> None:
    found, _ = outcomes(run(StubMock(), StubSubject(restarts=False), case(1, CaseStep("restart", args=True), ORDER)))
    assert found[0].result is Result.NOT_APPLICABLE


def test_an_order_that_exists_already_is_not_judged() -> None:
    mock = StubMock()
    mock.items.append({"id": "0", "referenceNumber": "A-1"})
    found, _ = outcomes(run(mock, StubSubject(), case(1, ORDER, given=(CaseStep("unused", "A-1"),))))
    assert found[0].result is Result.NOT_RUN


def test_what_a_case_builds_on_must_be_true() -> None:
    mock = StubMock(lambda _mock, _event: 400)
    found, _ = outcomes(run(mock, StubSubject(), case(1, then=NOBODY, given=(ORDER,))))
    assert found[0].result is Result.FAILED
    assert [finding.check for finding in found[0].breaches] == ["given"]


def test_what_was_given_does_not_count_as_an_effect() -> None:
    found, _ = outcomes(run(StubMock(), StubSubject(), case(1, then=NOBODY, given=(ORDER,))))
    assert found[0].result is Result.PASSED


def test_a_sandbox_without_rest_is_a_failure_of_the_subject() -> None:
    mock = StubMock()
    mock.problems["POST /settle"] = refusal()
    found, _ = outcomes(run(mock, StubSubject(), case(1)))
    assert found[0].breaches[0].check == "rest"


def test_a_call_that_takes_too_long_is_a_failure_of_the_subject() -> None:
    mock = StubMock()
    mock.problems["GET /invitations"] = NoRestError("too long")
    found, _ = outcomes(run(mock, StubSubject(), case(1)))
    assert found[0].breaches[0].check == "rest"


def test_a_subject_that_dies_fails_the_case() -> None:
    found, _ = outcomes(run(StubMock(), StubSubject(last_words="exit code 1"), case(1)))
    assert "exit code 1" in found[0].breaches[0].found


def test_cases_run_side_by_side_each_group_in_a_place_of_its_own() -> None:
    subject = StubSubject()
    a_run = run(StubMock(), subject, *(case(number) for number in range(1, 7)))
    a_run.groups = 3
    found, _ = outcomes(a_run)
    assert [outcome.result for outcome in found] == [Result.PASSED] * 6
    assert subject.history.count("start in main") == subject.history.count("stop") == 3


def test_what_a_subject_does_not_claim_is_not_applicable() -> None:
    subject = StubSubject(claims=frozenset({"showcase"}))
    found, end = outcomes(run(StubMock(), subject, case(1)))
    assert (found[0].result, found[0].reason) == (Result.NOT_APPLICABLE, "The subject does not claim events.")
    assert (subject.history, end.exit_code) == ([], 0)


def test_cases_about_the_api_never_play_in_the_sandbox_of_a_subject_that_runs() -> None:
    mock = StubMock()
    api_case = replace(case(1, CaseStep("settle", args=True), then=NOBODY), needs=("api",))
    outcomes(run(mock, StubSubject(), api_case, replace(api_case, fresh=True), sandbox="main"))
    assert mock.calls.count("POST /_mock/sandboxes") == mock.calls.count("DELETE /_mock/sandboxes/main") == 2
    assert "GET /_mock/sandboxes/main" not in mock.calls


def test_a_subject_that_hangs_twice_in_a_row_is_given_up() -> None:
    mock = StubMock()
    mock.problems["POST /settle"] = refusal()
    found, end = outcomes(run(mock, StubSubject(), *(case(number) for number in range(1, 6))))
    assert [outcome.result for outcome in found] == [Result.FAILED] * 2 + [Result.NOT_RUN] * 3
    assert (end.exit_code, end.impossible) == (1, "")


def test_a_subject_that_hangs_now_and_then_is_not_given_up() -> None:
    mock = StubMock()
    hanging = CaseStep("advance", "PT1H")
    mock.problems["POST /clock/advance"] = NoRestError("too long")
    cases = [case(number, *([hanging] if number % 2 else []), ORDER) for number in range(1, 6)]
    found, _ = outcomes(run(mock, StubSubject(), *cases))
    assert [outcome.result for outcome in found].count(Result.FAILED) == 3
    assert all(outcome.played for outcome in found)


def test_cases_about_the_api_need_no_subject() -> None:
    subject = StubSubject(fails_to_start="never asked")
    api_case = replace(case(1, CaseStep("settle", args=True), then=NOBODY), needs=("api",))
    found, _ = outcomes(run(StubMock(), subject, api_case))
    assert (found[0].result, subject.history) == (Result.PASSED, [])


def test_a_failure_that_is_expected_is_excused() -> None:
    a_run = run(StubMock(), StubSubject(), case(1, then=NOBODY))
    a_run.expected = {"DEST-001": Expectation("DEST-001", Result.FAILED, "The shop wants it so.")}
    found, end = outcomes(a_run)
    assert (found[0].result, found[0].excuse, end.exit_code) == (Result.FAILED, "The shop wants it so.", 0)


def test_an_expected_failure_that_passes_is_a_failure() -> None:
    a_run = run(StubMock(), StubSubject(), case(1))
    a_run.expected = {"DEST-001": Expectation("DEST-001", Result.FAILED, "Long mended.")}
    found, end = outcomes(a_run)
    assert [breach.check for breach in found[0].breaches] == ["expectation"]
    assert end.exit_code == 1


def test_a_step_that_finds_no_answer_to_go_on_with_fails_the_case() -> None:
    mock = StubMock()
    steps = (CaseStep("login", {"at": "http://127.0.0.1:9/", "username": "u", "password": "p"}), ORDER)
    found, _ = outcomes(run(mock, StubSubject(), case(1, *steps)))
    assert found[0].result is Result.FAILED
    assert "no login page" in found[0].breaches[0].found


def test_a_broken_should_is_a_warning() -> None:
    should = CaseCheck("invitation_count", 0, Level.SHOULD)
    found, end = outcomes(run(StubMock(), StubSubject(), case(1, then=should)))
    assert found[0].result is Result.WARNING
    assert end.exit_code == 0


def test_a_subject_that_cannot_start_ends_the_run_at_once() -> None:
    subject = StubSubject(fails_to_start="port taken")
    found, end = outcomes(run(StubMock(), subject, case(1), case(2), case(3)))
    assert [outcome.result for outcome in found] == [Result.FAILED, Result.NOT_RUN, Result.NOT_RUN]
    assert [breach.found for outcome in found for breach in outcome.breaches] == ["port taken"]
    assert subject.history == ["start in main"]
    assert (end.exit_code, end.impossible) == (2, "port taken")


def test_a_mock_that_goes_away_ends_the_run() -> None:
    mock, subject = StubMock(), StubSubject()

    def vanish(stub: StubMock, _event: Item) -> int:
        stub.problems["POST /settle"] = UnreachableError("gone")
        return 200

    mock.act = vanish
    found, end = outcomes(run(mock, subject, case(1), case(2)))
    assert end.exit_code == 2
    assert {outcome.result for outcome in found} == {Result.NOT_RUN}
    assert subject.history == ["start in main", "stop"]


def test_a_run_that_is_broken_off_ends_the_subject() -> None:
    subject = StubSubject()
    events = run(StubMock(), subject, case(1), case(2)).events()
    while not isinstance(next(events), CaseFinished):
        pass
    events.close()
    assert subject.history == ["start in main", "stop"]


def test_a_sandbox_whose_subject_cannot_start_is_removed() -> None:
    mock = StubMock()
    outcomes(run(mock, StubSubject(fails_to_start="no"), case(1)))
    assert mock.calls[-1] == "DELETE /_mock/sandboxes/main"


def test_a_check_that_needs_a_claim_is_demanded_of_those_who_claim_it() -> None:
    wanted = CaseCheck("invitation_count", 0, Level.MUST, needs=("answers-later",))
    at_once, later = StubSubject(), StubSubject(claims=EVENTS | {"answers-later"})
    found = [outcomes(run(StubMock(), subject, case(then=wanted)))[0][0].result for subject in (at_once, later)]
    assert found == [Result.PASSED, Result.FAILED]


def test_a_subject_that_refuses_by_itself_is_told_of_the_claim() -> None:
    class Refusing(StubMock):
        def request(self, method: str, url: str, body: Any = None, *more: Any, **options: Any) -> Item:
            if "/journal" not in url or not self.deliveries:
                return super().request(method, url, body, *more, **options)
            delivered = {"direction": "out", "api": "segment-destination", "operation": "deliver", "status": 503}
            return {"journal": [entry(number, **delivered) for number in range(1, 4)]}

    found, _ = outcomes(run(Refusing(lambda _mock, _event: 503), StubSubject(), case()))
    assert "refused 3 deliveries without a call to Trustpilot" in found[0].breaches[0].advice
    assert "claim own-patience" in found[0].breaches[0].advice


def test_a_kill_does_not_apply_to_a_subject_that_runs_elsewhere() -> None:
    found, end = outcomes(run(StubMock(), StubSubject(kills=False), case(1, CaseStep("kill", args=True), ORDER)))
    assert found[0].result is Result.NOT_APPLICABLE
    assert found[0].reason.startswith("Not run: the kit kills only programs that it has started itself")
    assert end.exit_code == 0


def test_a_kill_is_a_crash_and_a_start() -> None:
    subject = StubSubject()
    found, _ = outcomes(run(StubMock(), subject, case(1, CaseStep("kill", args=True), ORDER)))
    assert found[0].result is Result.PASSED
    assert subject.history == ["start in main", "kill", "stop"]


def test_an_order_that_was_given_has_to_exist() -> None:
    mock = StubMock(lambda _mock, _event: 200)
    found, _ = outcomes(run(mock, StubSubject(), case(1, then=NOBODY, given=(ORDER,))))
    assert [(breach.check, "no invitation for" in breach.found) for breach in found[0].breaches] == [("given", True)]


def test_what_judges_the_mock_is_not_counted_for_the_subject() -> None:
    of_mock = replace(case(2, CaseStep("settle", args=True), then=NOBODY), needs=("api",))
    found, end = outcomes(run(StubMock(), StubSubject(), case(1), of_mock))
    assert [outcome.of_mock for outcome in found] == [False, True]
    assert end.results == {Result.PASSED: 1}
    assert end.of_mock == {Result.PASSED: 1}
    assert end.exit_code == 0


def test_case_by_case_too_it_is_known_what_judges_the_mock() -> None:
    of_mock = replace(case(2, CaseStep("settle", args=True), then=NOBODY), needs=("api",))
    played = CaseByCase(run(StubMock(), StubSubject(), case(1), of_mock), "pytest")
    assert [played.outcome(one).of_mock for one in (case(1), of_mock)] == [False, True]
    played.close()
