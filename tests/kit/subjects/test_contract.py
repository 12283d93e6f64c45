"""contract.toml: what can be said in it, what is refused, and the examples, judged by the kit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tpmock.common.control_client import ControlClient
from tpmock.kit.cases import case_files
from tpmock.kit.cases.claims import STATABLE
from tpmock.kit.subjects import contract
from tpmock.kit.subjects.contract_subject import ContractSubject
from tpmock.kit.subjects.mock_client import NoRestError, SandboxClient
from tpmock.kit.subjects.processes import CannotStartError
from tpmock.kit.subjects.subjects import Pace
from tpmock.kit.subjects.triggers import by_command

from tests.support import ROOT
from tests.support.programs import node_first

EXAMPLES = ROOT / "fixtures" / "subjects"

HEAD = 'plans = ["segment-destination"]\n[subject]\nname = "mine"\n'
START = '[start]\ncommand = ["true"]\n'
EVENTS = '[events]\nto = "http://127.0.0.1:{port}/"\n'


def read(tmp_path: Path, text: str) -> contract.Contract:
    file = tmp_path / "contract.toml"
    file.write_text(text, encoding="utf-8")
    return contract.read(file)


def nobody(text: str) -> None:
    raise AssertionError(text)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(case_files.schema("contract"))


def test_what_is_left_out_has_its_usual_value(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + START + EVENTS)
    assert (found.name, sorted(found.claims)) == ("mine", ["deletion", "events"])
    assert found.cases() == case_files.load_plan("segment-destination")
    assert found.target(None, None) == (None, None, None)


@pytest.mark.parametrize(
    ("members", "pace"),
    [
        ('claims = ["events"]', Pace()),
        ('claims = ["events", "own-patience"]', Pace(patience=5.0)),
        ('claims = ["own-patience", "answers-later"]\npatience = "300ms"\nquiet = "2s"', Pace(patience=0.3, quiet=2.0)),
    ],
)
def test_what_the_subject_does_by_its_own_clock_has_a_bound(tmp_path: Path, members: str, pace: Pace) -> None:
    assert read(tmp_path, HEAD + members + "\n" + START + EVENTS).pace == pace


@pytest.mark.parametrize(
    ("claims", "every"),
    [
        ('["partner"]', {"events", "deletion", "partner"}),
        ('["events", "partner"]', {"events", "partner"}),
        ('["reply"]', {"reply"}),
    ],
)
def test_choices_alone_leave_it_a_destination(tmp_path: Path, claims: str, every: set[str]) -> None:
    assert read(tmp_path, f"{HEAD}claims = {claims}\n{START}{EVENTS}").claims == every


def test_every_claim_that_can_be_stated_is_in_the_schema() -> None:
    stated = case_files.schema("contract")["properties"]["subject"]["properties"]["claims"]
    assert set(stated["items"]["enum"]) == set(STATABLE)


def test_cases_are_chosen(tmp_path: Path) -> None:
    found = read(tmp_path, 'cases = ["DEST-00"]\n' + HEAD + START + EVENTS)
    assert {case.id[:7] for case in found.cases()} == {"DEST-00"}
    with pytest.raises(contract.ContractError, match="plan segment-destination has an id that begins with X"):
        read(tmp_path, 'cases = ["X"]\n' + HEAD + START + EVENTS).cases()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("plans = [", "not TOML"),
        ("", "plans is missing: sets of cases"),
        ('plans = ["x"]\n[subject]\nname = "x"\n' + START + EVENTS, "no plan is named x. There are"),
        (HEAD.replace("destination", "destnation") + START + EVENTS, "Did you mean 'segment-destination'?"),
        (HEAD + "[strat]\n" + EVENTS, "there is no strat. Did you mean 'start'?"),
        (HEAD + '[start]\ncommand = "node"\n' + EVENTS, "start.command: 'node' must be of the type array."),
        (HEAD + START + '[events]\nto = "localhost"\n', "events.to: 'localhost' must begin with http"),
        (HEAD + EVENTS, "[start] is missing"),
        (HEAD + START, "[events] is missing"),
        (HEAD + START + EVENTS + '[trigger]\nmanual = "x"\n', "both say how orders reach the subject"),
        (HEAD + START + EVENTS + '[manual]\nstart = "x"\n', "[start] and [manual] both say where"),
        ('claims = "x"\n' + HEAD, "there is no claims"),
        (HEAD + 'patience = "2s"\n' + START + EVENTS, "subject.patience belongs to the claim own-patience."),
        (HEAD + 'quiet = "2s"\n' + START + EVENTS, "subject.quiet belongs to the claim answers-later."),
        (HEAD + 'claims = ["everything"]\n' + START, "subject.claims.0: 'everything' is none of events, deletion"),
    ],
)
def test_mistakes_are_sentences(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(contract.ContractError) as refused:
        read(tmp_path, text)
    assert complaint in str(refused.value)
    assert str(tmp_path / "contract.toml") in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(contract.ContractError, match="there is no such file"):
        contract.read(tmp_path / "none.toml")


def kit(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tpmock.kit", *arguments]
    options: dict[str, Any] = {"cwd": ROOT, "input": said, "env": node_first(), "timeout": 120}
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # noqa: S603 - ours


@pytest.mark.parametrize("name", ["node", "python", "job"])
def test_the_examples_pass(name: str) -> None:
    ran = kit("--contract", str(EXAMPLES / name / "contract.toml"), "--json", "--seed", "1")
    document = json.loads(ran.stdout)
    other = "The subject does not claim strict-names."
    bad = [case for case in document["cases"] if case["result"] != "passed" and case["reason"] != other]
    assert (ran.returncode, bad) == (0, [])
    assert len(document["cases"]) == (4 if name == "job" else len(case_files.load_plan("segment-destination")))


def test_a_subject_without_a_door_is_not_judged_at_one(tmp_path: Path) -> None:
    text = (EXAMPLES / "job" / "contract.toml").read_text(encoding="utf-8").replace('"DEST-002"', '"DEST-020"')
    shutil.copytree(EXAMPLES, tmp_path / "subjects")
    (tmp_path / "subjects" / "job" / "contract.toml").write_text(text, encoding="utf-8")
    ran = kit("--contract", str(tmp_path / "subjects" / "job" / "contract.toml"), "--json", "--case", "DEST-020")
    [case] = json.loads(ran.stdout)["cases"]
    assert (case["result"], case["reason"]) == (
        "not-applicable",
        "The case posts events to a destination directly, and this subject does not accept them.",
    )


MANUAL = HEAD + '[manual]\nstart = "Start it at {mock}."\n[trigger]\nmanual = "Place this order in {domain}."\n'


def test_a_person_is_told_what_to_do(tmp_path: Path, mock: ControlClient) -> None:
    said: list[str] = []
    running = ContractSubject(read(tmp_path, MANUAL), said.append).start(SandboxClient.create(mock, 1))
    try:
        event = {"type": "track", "messageId": "m", "event": "Order Completed", "properties": {"order_id": "1001"}}
        assert running.sandbox is not None
        running.sandbox.track([event])
        assert running.restart()
        assert running.trouble() == ""
    finally:
        running.stop()
    assert [text.splitlines()[0] for text in said] == [
        f"Start it at {mock.url}.",
        "Place this order in trustpilotdemo.com.",
        f"Start it at {mock.url}.",
    ]
    assert "INTEGRATION_KEY=" in said[0]
    assert "order_id: 1001" in said[1]


def test_without_a_person_the_run_is_impossible(tmp_path: Path) -> None:
    read(tmp_path, MANUAL)
    ran = kit("--contract", str(tmp_path / "contract.toml"), "--case", "DEST-002")
    assert ran.returncode == 2
    assert "needs a person at the terminal" in ran.stdout
    assert "Press Enter when it is done." in ran.stderr


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (HEAD + START + 'folder = "none"\n' + EVENTS, "start.folder: there is no folder"),
        (HEAD + START + EVENTS, "Mine ended with exit code 0 before it was ready"),
        (HEAD + '[start]\ncommand = ["sleep", "60"]\nwithin = 0.2\n' + EVENTS, "Mine was not ready after 0.2 s"),
        (
            HEAD + '[running]\nmock = "http://m"\nsandbox = "x"\n[events]\nto = "http://127.0.0.1:9"\n',
            "Nothing answers",
        ),
    ],
)
def test_a_subject_that_cannot_start_says_why(tmp_path: Path, mock: ControlClient, text: str, complaint: str) -> None:
    with pytest.raises(CannotStartError, match=complaint):
        ContractSubject(read(tmp_path, text), nobody).start(SandboxClient.create(mock, 1))


def test_stop_is_run_before_the_end(tmp_path: Path, mock: ControlClient) -> None:
    server = '["{python}", "-m", "http.server", "--bind", "127.0.0.1", "{port}"]'
    stop = 'stop = ["touch", "stopped-{sandbox}"]\n'
    text = HEAD + f"[start]\ncommand = {server}\n{stop}" + EVENTS
    sandbox = SandboxClient.create(mock, 1)
    ContractSubject(read(tmp_path, text), nobody).start(sandbox).stop()
    assert (tmp_path / f"stopped-{sandbox.id}").exists()


def test_a_command_that_refuses_gives_its_last_line(tmp_path: Path) -> None:
    do = by_command([sys.executable, "-c", "raise SystemExit('a\\nno')"], tmp_path, {})
    assert do({}) == {"status": 400, "error": None, "message": "no"}
    assert "could not be run" in by_command([str(tmp_path / "none")], tmp_path, {})({})["message"]


def test_a_command_that_hangs_is_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tpmock.kit.subjects.triggers._PATIENCE", 0.1)
    with pytest.raises(NoRestError, match="did not finish an event"):
        by_command(["sleep", "30"], tmp_path, {})({})
