"""Made-up histories: the right destination passes them, wrong ones are found, and what is found replays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, seed, settings
from tpmock.common.control_client import ControlClient
from tpmock.common.installation import install_command
from tpmock.kit.cases import base_events, case_files
from tpmock.kit.cli.test_command import test as command
from tpmock.kit.generated import search as searching
from tpmock.kit.generated.events import odd
from tpmock.kit.generated.invariants import INVARIANTS, demanded
from tpmock.kit.generated.search import Search, as_case
from tpmock.kit.run.case_environment import CaseEnvironment
from tpmock.kit.run.engine import Run
from tpmock.kit.run.run_events import CaseFinished, ExampleTried
from tpmock.kit.vocabulary.findings import CaseOutcome, Result
from tpmock.kit.vocabulary.observation import Observation
from tpmock.kit.vocabulary.steps import NotRunError

from tests.kit.in_process import InProcess

# What breaks which invariant, and in how many steps at most.
WRONG = {
    "no-dedupe": ("GEN-001", 1),
    "forgets-at-restart": ("GEN-001", 3),
    "invites-on-identify": ("GEN-002", 1),
    "ignores-missing-order-id": ("GEN-002", 1),
    "fails-on-bad-input": ("GEN-003", 1),
    "leaks-email": ("GEN-004", 1),
}


#: Histories of a search. ``TPMOCK_HISTORIES=2500 pytest tests/kit/generated`` plays more of them.
MORE = os.environ.get("TPMOCK_HISTORIES")
HISTORIES = int(MORE or "30")
#: A mistake that only one history in a hundred shows is searched for by command.
RARE = ("forgets-at-restart",)
#: How often a search for another one begins anew: each finds it in about half of the searches.
ROUNDS = 10


def search(name: str, mock: ControlClient, *, examples: int = HISTORIES, seconds: float = 90, seed: int = 1) -> Search:
    return Search(InProcess(name), lambda _stack: mock, seed, examples, seconds)


def outcomes(run: Search) -> dict[str, CaseOutcome]:
    return {event.case.id: event.outcome for event in run.events() if isinstance(event, CaseFinished)}


def replayed(name: str, mock: ControlClient, file: Path) -> Result:
    (case,) = case_files.load_file("replay", file)
    run = Run("replay", [case], InProcess(name), lambda _stack: mock, 2)
    (finished,) = [event for event in run.events() if isinstance(event, CaseFinished)]
    return finished.outcome.result


def test_the_right_destination_holds_in_every_history(mock: ControlClient) -> None:
    run = search("right", mock)
    assert {case: (outcome.result, outcome.breaches) for case, outcome in outcomes(run).items()} == {
        case.id: (Result.PASSED, ()) for case in INVARIANTS
    }
    assert (run.played, run.found) == (HISTORIES, {})


@pytest.mark.parametrize("name", [name for name in WRONG if MORE or name not in RARE])
def test_a_wrong_destination_is_found_and_told_in_a_file_that_replays(
    name: str, mock: ControlClient, tmp_path: Path
) -> None:
    invariant, most = WRONG[name]
    for number in range(1, ROUNDS + 1):
        run = search(name, mock, seed=number)
        outcome = outcomes(run)[invariant]
        if outcome.result is Result.FAILED:
            break
    assert outcome.result is Result.FAILED
    assert outcome.records
    assert len(run.found[invariant].steps) <= most
    file = tmp_path / "found.yaml"
    text = searching.as_file({invariant: run.found[invariant].steps}, name, 1)
    file.write_text(text, encoding="utf-8")
    assert replayed(name, mock, file) is Result.FAILED
    assert replayed("right", mock, file) is Result.PASSED


@pytest.fixture
def steps_played(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is played, without playing it."""
    played: list[Any] = []

    def play(case: case_files.Case, place: CaseEnvironment, seed: int) -> Any:
        played.append([(step.name, step.args) for step in case.when])
        return (), Observation()

    monkeypatch.setattr(searching, "play", play)
    return played


def test_the_same_seed_makes_the_same_histories(mock: ControlClient, steps_played: list[Any]) -> None:
    drawn = []
    for number in (3, 3, 4):
        steps_played.clear()
        outcomes(search("right", mock, examples=20, seed=number))
        drawn.append(list(steps_played))
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 20


def test_what_could_not_be_played_is_not_run(mock: ControlClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def play(case: case_files.Case, place: CaseEnvironment, seed: int) -> Any:
        raise NotRunError("no such variant")

    monkeypatch.setattr(searching, "play", play)
    found = outcomes(search("right", mock, examples=1))
    assert {outcome.result for outcome in found.values()} == {Result.NOT_RUN}
    assert {outcome.reason for outcome in found.values()} == {"no such variant"}


def test_the_time_is_kept(mock: ControlClient) -> None:
    started = time.monotonic()
    run = search("no-dedupe", mock, examples=2_000, seconds=1)
    tried = [event.tried for event in run.events() if isinstance(event, ExampleTried)]
    assert tried == list(range(1, run.played + 1))
    assert run.played < 1000
    assert time.monotonic() - started < 60


def test_a_search_that_is_broken_off_ends_at_once_with_all_it_has_started(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tpmock.kit", "generated", "--examples", "100000", "--seconds", "600"]
    with subprocess.Popen(  # noqa: S603 - ours
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Plan generated")
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 130
        finally:
            process.kill()
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_of_our_own_is_no_finding(mock: ControlClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def play(case: case_files.Case, place: CaseEnvironment, seed: int) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(searching, "play", play)
    with pytest.raises(ZeroDivisionError):
        outcomes(search("right", mock, examples=3))


def test_everything_that_is_made_up_can_be_written_down_and_read(tmp_path: Path) -> None:
    made: list[dict[str, Any]] = []

    @settings(max_examples=200, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @seed(1)
    @given(odd())
    def note(told: dict[str, Any]) -> None:
        made.append(told)
        event = base_events.load(told["event"])
        base_events.change(event, told["set"], told.get("unset", ()))

    note()
    for told in made:
        steps = [{"deliver": told}]
        file = tmp_path / "found.yaml"
        file.write_text(searching.as_file({"GEN-001": steps}, "any", 1), encoding="utf-8")
        (case,) = case_files.load_file("replay", file)
        assert case.when == as_case(steps).when
        assert [check.name for check in case.then] == [next(iter(check)) for check in demanded(steps)]


def test_a_failure_is_right_where_trustpilot_fails_or_two_come_at_once() -> None:
    assert {"no_failure": True} in demanded([{"deliver": {"event": "page"}}, {"advance": "1m"}])
    for step in ({"fault": "deliver timeout after"}, {"send": {"event": "page", "times": 2, "at_once": True}}):
        assert {"no_failure": True} not in demanded([step])


def test_a_subject_that_sends_again_may_send_twice_after_a_lost_answer() -> None:
    lost: list[dict[str, str]] = [{"fault": "email-invitations cut after"}]
    assert {"once": True, "needs": ["at-most-once"]} in demanded(lost)
    assert {"once": True} in demanded([{"fault": "deliver timeout after"}])


def test_without_hypothesis_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tpmock.kit.generated.search")
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    said = CliRunner().invoke(command, ["generated"])
    assert (said.exit_code, said.stdout) == (2, "")
    run = install_command("generated")
    assert said.stderr == f"Error: Generated events need hypothesis, which is not installed. Run: {run}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["generated", "--plan", "quick"], "No such option '--plan'"),
        (["--generated", "--case", "GEN-001"], "No such option '--case'"),
        (["replay", __file__, "--plan", "quick"], "No such option '--plan'"),
        (["replay", __file__], "test_generated.py"),
    ],
)
def test_options_that_go_badly_together_are_refused(arguments: list[str], complaint: str) -> None:
    said = CliRunner().invoke(command, arguments)
    assert said.exit_code == 2
    assert complaint in said.stderr
