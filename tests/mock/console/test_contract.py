"""Runs of the contract kit from the page, and the kill matrix."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from html import unescape
from pathlib import Path

import psutil
import pytest
from tpmock.console import contract, contract_runs, kill_picture
from tpmock.console.contract_runs import ContractRun, RunError, RunRequest
from tpmock.kit.cases import case_files, kill_matrix
from tpmock.server.app import MockApp, MockSettings
from werkzeug.test import TestResponse

from tests.mock.console.conftest import HOST, Visitor

#: A run takes some seconds; the rest is for a machine that has other things to do.
PATIENCE = 120
#: What no case with an assumed requirement catches, which would be a warning.
SURE = {case.id for case in case_files.load_plan("standard") if case.evidence != "assumed"}
#: The mutant that is caught by the fewest cases, which makes a short run.
SHORT = min((one for one in kill_matrix.load() if SURE.issuperset(one.caught)), key=lambda one: len(one.caught)).name


def newest(visitor: Visitor) -> ContractRun:
    mock = visitor.client.application
    assert isinstance(mock, MockApp)
    run = mock._console._runs.latest
    assert run is not None
    return run


def ended(visitor: Visitor) -> str:
    """The page once the run is over."""
    assert newest(visitor).wait(PATIENCE)
    return unescape(visitor.see("/contract/"))


def start(visitor: Visitor, **form: str) -> TestResponse:
    return visitor.send("/contract/", **form)


def test_plans_are_offered_with_their_cases(visitor: Visitor) -> None:
    page = visitor.see("/contract/")
    for plan in case_files.choices():
        assert f'<option value="{plan}"' in page
        assert f"{plan} ({len(case_files.load_plan(plan))} case" in page
    assert "No run yet" in page


def test_the_kill_matrix_is_a_table(visitor: Visitor) -> None:
    page = unescape(visitor.see("/contract/matrix"))
    for one in kill_matrix.load():
        row = page.partition(f"<code>{one.name}</code>")[2].partition("</tr>")[0]
        assert one.wrong in row
        for case, checks in one.caught.items():
            assert f"{case} <small>{', '.join(checks)}</small>" in row
    assert visitor.see(f"/contract/matrix?word={SHORT}").count("<code>") == 1
    assert page.count("<path ") == len(kill_matrix.load())


def test_the_picture_has_a_dot_for_each_kill() -> None:
    mutants = [
        {"name": "a", "wrong": "", "caught": {"X-1": ["c"], "Y-2": ["c"]}},
        {"name": "b", "wrong": "", "caught": {"X-1": ["c"]}},
    ]
    picture = kill_picture.drawn(mutants)
    cell = kill_picture.CELL
    first, second = (row["path"] for row in picture["rows"])
    assert (first.count("M"), second.count("M")) == (2, 1)
    assert second == f"M1 {kill_picture.BARS + cell + 1}h5v5h-5z"
    assert [(bar["case"], bar["kills"], bar["height"]) for bar in picture["bars"]] == [
        ("X-1", 2, 40.0),
        ("Y-2", 1, 20.0),
    ]
    assert [(one["prefix"], one["x"], one["width"]) for one in picture["groups"]] == [
        ("X", 0, cell),
        ("Y", cell, cell),
    ]
    assert (picture["kills"], picture["once"]) == (3, 1)


def test_progress_is_a_part_per_result() -> None:
    counts = {"passed": 3, "failed": 1, "warning": 0}
    assert [(part["result"], part["tone"], part["x"], part["width"]) for part in contract.progress(counts, 8)] == [
        ("passed", "good", 0.0, 37.5),
        ("failed", "bad", 37.5, 12.5),
    ]
    assert [part["width"] for part in contract.progress(counts, None)] == [75.0, 25.0]
    assert contract.progress({"passed": 0}, None) == []


def test_a_word_that_no_mutant_has(visitor: Visitor) -> None:
    assert "No mutant contains" in visitor.see("/contract/matrix?word=nothing-like-it")


def test_a_mutant_is_run_and_its_report_opened(visitor: Visitor) -> None:
    for name in ("report", "report.html", "results", "evidence"):
        assert visitor.get(f"/contract/{name}").status_code == 404
    assert "running" in start(visitor, mutant=SHORT).text
    page = ended(visitor)
    assert "This is the expected result" in page
    assert '<span class="chip bad">failed</span>' in page
    framed = visitor.see("/contract/report")
    assert 'src="/_mock/console/default/contract/report.html"' in framed
    assert "frame-src 'self'" in visitor.get("/contract/report").headers["Content-Security-Policy"]
    report = visitor.get("/contract/report.html")
    assert report.headers["Content-Security-Policy"] == contract.REPORT_POLICY
    assert f"Contract report: the mutant {SHORT}" in report.text
    assert '<html data-theme="dark" lang="en">' in visitor.see("/contract/report.html?theme=dark")
    assert visitor.see('/contract/report.html?theme="><script>') == report.text
    results = json.loads(visitor.get("/contract/results").data)
    expected = next(one for one in kill_matrix.load() if one.name == SHORT)
    assert {one["id"] for one in results["cases"] if one["result"] == "failed"} == set(expected.caught)
    evidence = visitor.get("/contract/evidence")
    assert "attachment" in evidence.headers["Content-Disposition"]
    assert "results.json" in zipfile.ZipFile(io.BytesIO(evidence.data)).namelist()


def test_one_run_at_a_time_and_it_can_be_stopped(visitor: Visitor) -> None:
    assert "No run is in progress" in visitor.send("/contract/stop").text
    start(visitor, plan="standard")
    assert "A run is in progress" in start(visitor, plan="quick").text
    assert "being stopped" in visitor.send("/contract/stop").text
    assert "The run was stopped" in ended(visitor)
    assert newest(visitor).exit_code == 130


def test_what_cannot_be_run_is_said(visitor: Visitor, tmp_path: Path) -> None:
    assert "No plan has the name" in start(visitor, plan="nothing").text
    assert "No mutant has the name" in start(visitor, mutant="nothing").text
    unfit = tmp_path / "contract.toml"
    assert "cannot be read" in start(visitor, contract=str(unfit)).text
    unfit.write_text("plan = 7\n", encoding="utf-8")
    start(visitor, contract=str(unfit))
    page = ended(visitor)
    assert "The run was impossible" in page
    assert "contract.toml" in page


def test_pages_of_elsewhere_start_nothing(visitor: Visitor) -> None:
    visitor.see("/contract/")
    answer = visitor.send("/contract/", "https://evil.example", plan="quick")
    assert answer.status_code == 403
    assert visitor.client.post("/_mock/console/default/contract/", headers={"Host": "evil.example"}).status_code == 403
    assert "No run yet" in visitor.see("/contract/")


def test_a_run_ends_with_the_mock_and_leaves_nothing() -> None:
    before = set(psutil.Process().children(recursive=True))
    with MockApp(MockSettings()) as mock:
        visitor = Visitor(mock)
        start(visitor, plan="standard")
        run = newest(visitor)
        started = set(psutil.Process().children(recursive=True)) - before
        assert started
        folder = run.folder
        assert folder.exists()
    assert psutil.wait_procs(list(started), timeout=PATIENCE)[1] == []
    assert not folder.exists()


def test_the_control_token_and_a_users_wish_to_end_are_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []

    def popen(*_: object, env: dict[str, str], **__: object) -> None:
        seen.append(env)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(subprocess, "Popen", popen)
    runs = contract_runs.Runs({"TPMOCK_CONTROL_TOKEN": "secret", "PATH": "/bin"})
    with pytest.raises(RunError, match="could not be started: Permission denied"):
        runs.start(RunRequest("quick"))
    assert seen[0]["PATH"] == "/bin"
    assert "secret" not in seen[0].values()
    assert runs.latest is None
    runs.close()


def test_what_is_chosen_cannot_be_taken_for_an_option() -> None:
    assert RunRequest("", contract="--list").arguments == ["--contract=--list"]
    assert RunRequest("quick", "x", cases=("A", "B")).arguments == [
        "--plan=quick",
        "--mutant=x",
        "--case=A",
        "--case=B",
    ]


def test_with_a_control_token_runs_are_behind_it() -> None:
    with MockApp(MockSettings(control_token="a-token-for-tests")) as mock:
        asked = Visitor(mock).client.post(
            "/_mock/console/default/contract/", headers={"Host": HOST}, data={"plan": "quick"}
        )
        assert (asked.status_code, "/token" in asked.headers["Location"]) == (302, True)
        assert mock._console._runs.latest is None


def test_commands_of_others_are_not_run(tmp_path: Path) -> None:
    runs = contract_runs.Runs({})
    theirs = tmp_path / "contract.toml"
    with pytest.raises(RunError, match="cannot be read: No such file"):
        runs.start(RunRequest("", contract=str(theirs)))
    theirs.touch()
    theirs.chmod(0o666)
    with pytest.raises(RunError, match="can be written by all"):
        runs.start(RunRequest("", contract=str(theirs)))
    assert runs.latest is None
