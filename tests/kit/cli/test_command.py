"""The command line, as far as nothing is run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from tpmock.cli.main import tpmock
from tpmock.kit.cases import case_files, kill_matrix
from tpmock.kit.cli import chosen, subject_choice
from tpmock.kit.cli.options import Options
from tpmock.kit.cli.test_command import test as command
from tpmock.kit.subjects.contract_subject import ContractSubject
from tpmock.kit.subjects.subjects import ExternalSubject, Pace
from tpmock.kit.vocabulary import checks

_BOTH = ("events", "deletion")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, prog_name="tpmock test")


EVERY = [command, *command.commands.values()]
OPTIONS = {
    (each.name, option.opts[0]): option for each in EVERY for option in each.params if isinstance(option, click.Option)
}


@pytest.mark.parametrize("name", OPTIONS, ids=" ".join)
def test_every_option_is_explained_with_an_example(name: tuple[str, str]) -> None:
    assert name[1] in (OPTIONS[name].help or "")


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.name)
def test_a_command_shows_few_options(each: click.Command) -> None:
    assert len([option for option in each.params if isinstance(option, click.Option) and not option.hidden]) <= 12


def test_cases_are_listed() -> None:
    lines = invoke("list").stdout.splitlines()
    assert len(lines) == len(case_files.load_plan("segment-destination"))
    assert lines[0] == "DEST-001  The documented order becomes one invitation (seed)"


@pytest.mark.parametrize("arguments", [["--plan"], ["--plan", "--case", "DEST-001"], ["list", "plans"]], ids=" ".join)
def test_plans_are_listed(arguments: list[str]) -> None:
    lines = invoke(*arguments).stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(case_files.choices())
    assert lines[-1] == f"standard  {len(case_files.load_plan(case_files.STANDARD))} cases"


def test_cases_are_chosen_by_id_and_by_prefix() -> None:
    lines = invoke("list", "--case", "DEST-020", "--case", "DEST-09").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["DEST-020", "DEST-090", "DEST-091", "DEST-092"]


@pytest.mark.parametrize("case", case_files.load_plan(case_files.STANDARD), ids=lambda case: case.id)
def test_every_case_can_be_explained(case: case_files.Case) -> None:
    page = invoke("explain", case.id).stdout
    for part in (case.title, case.requirement, case.clause.url, "When", "Then", "Why it matters"):
        assert part in page


def test_steps_and_checks_are_listed() -> None:
    page = invoke("explain").stdout
    for name, meaning in {**case_files.vocabulary("step"), **case_files.vocabulary("check")}.items():
        assert f"  {name}  {meaning}." in page


@pytest.mark.parametrize("check", checks.CHECKS)
def test_every_check_can_be_explained(check: str) -> None:
    assert invoke("explain", check).stdout.startswith(check)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--case", "DEST-999"], "No case of the plan segment-destination has an id that begins with DEST-999"),
        (["explain", "DEST-999"], "neither a case"),
        (["--mutant", "a", "--command", "b"], "--mutant and --command name different subjects"),
        (["running", "http://127.0.0.1:9"], "needs --integration-key, --mock, --sandbox as well"),
        (["generated", "--sandbox", "default"], "--sandbox is for a running destination"),
        (["generated", "--integration-key", "key"], "--integration-key is for a running destination"),
        (["--plan", "quick", "list"], "Write --plan after the subcommand list."),
        (["--command", "a", "--claim", "own-patient"], "no claim is named own-patient. Did you mean 'own-patience'?"),
        (["--command", "a", "--claim", "api"], "no claim is named api"),
        (["--command", "a", "--claim", "partner=3s"], "partner takes no duration"),
        (["--command", "a", "--claim", "own-patience=soon"], "--claim: 'soon' is not a duration"),
        (["--command", "a", "--claim", "own-patience="], "--claim: '' is not a duration"),
        (["--claim", "partner"], "--claim is for the program of --command and for a running destination."),
        (["--mutant", "no-dedupe", "--claim", "partner"], "--claim is for the program of --command"),
        (["lst"], "No such command 'lst'. Did you mean 'list'?"),
        (["--plan", "unknown"], "'unknown' is not one of"),
    ],
)
def test_options_that_make_no_sense_are_refused(arguments: list[str], complaint: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert complaint in re.sub(r"\s+", " ", result.stderr)


@pytest.mark.parametrize(
    ("named", "claims", "pace"),
    [
        ((), {"events", "deletion"}, Pace()),
        (("partner", "own-patience"), {"events", "deletion", "partner", "own-patience"}, Pace(patience=5.0)),
        (("own-patience=8s", "answers-later=PT2S"), {*_BOTH, "own-patience", "answers-later"}, Pace(8.0, 2.0)),
        (("events",), {"events"}, Pace()),
        (("reply", "partner"), {"reply", "partner"}, Pace()),
    ],
)
@pytest.mark.parametrize(
    "way", [Options(command="a"), Options(destination_url="u", integration_key="k", mock_url="m", sandbox="s")]
)
def test_claims_are_stated_by_option(way: Options, named: tuple[str, ...], claims: set[str], pace: Pace) -> None:
    subject = subject_choice.subject(way._replace(claims=named))
    assert subject.claims == claims
    assert isinstance(subject, ContractSubject | ExternalSubject)
    assert (subject.contract if isinstance(subject, ContractSubject) else subject).pace == pace


@pytest.mark.parametrize(
    ("given", "plan"),
    [
        (Options(mutant="no-dedupe"), "segment-destination"),
        (Options(mutant="companion-sends-empty"), "reply"),
        (Options(mutant="api-no-profile"), "provider"),
        (Options(mutant="no-dedupe", wanted=("RES-003",)), "resilience"),
        (Options(mutant="no-dedupe", plan="quick"), "quick"),
        (Options(mutant="perfect"), "segment-destination"),
        (Options(), "segment-destination"),
    ],
)
def test_a_mutant_is_tested_by_the_plan_that_catches_it(given: Options, plan: str) -> None:
    assert chosen.chosen(given).plan == plan


def test_a_contract_states_the_claims_itself(tmp_path: Path) -> None:
    file = tmp_path / "contract.toml"
    file.write_text("", encoding="utf-8")
    result = invoke("--contract", str(file), "--claim", "partner")
    assert "add them to subject.claims, and leave out --claim" in re.sub(r"\s+", " ", result.stderr)


def test_cases_and_plans_are_listed_for_programs() -> None:
    listed = json.loads(invoke("list", "--json", "--plan", "quick").stdout)
    assert [one["id"] for one in listed["cases"]] == [case.id for case in case_files.load_plan("quick")]
    assert {one["plan"]: one["cases"] for one in listed["plans"]} == {
        plan: len(case_files.load_plan(plan)) for plan in case_files.choices()
    }


def test_mutants_are_listed_with_what_catches_them() -> None:
    found = json.loads(invoke("list", "mutants", "--json").stdout)["mutants"]
    assert [(one["name"], one["wrong"]) for one in found] == [(one.name, one.wrong) for one in kill_matrix.load()]
    text = invoke("list", "mutants").stdout
    assert all(f"{one['name']}\n    {one['wrong']}\n    caught by {next(iter(one['caught']))}" in text for one in found)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("--list --plan quick", "list --plan quick", "list"),
        ("--json --list --seed 1", "list --json", "list"),
        ("--mutants", "list mutants", "list mutants"),
        ("--mutants --json --plan=standard", "list mutants --json --plan=standard", "list mutants"),
        ("--explain DEST-003", "explain DEST-003", "explain NAME"),
        ("--plan quick --explain=DEST-003", "explain DEST-003", "explain NAME"),
        ("--generated --help", "generated --help", "generated"),
        ("--replay nowhere.yaml --case A", "replay --case A nowhere.yaml", "replay FILE"),
        ("--live --plan quick", "live --plan quick", "live"),
        ("--destination-url http://127.0.0.1:9", "running http://127.0.0.1:9", "running URL"),
        ("--case --list --list", "list --case --list", "list"),
    ],
)
def test_an_old_spelling_goes_on_with_a_hint(old: str, new: str, hint: str) -> None:
    before, now = invoke(*old.split()), invoke(*new.split())
    told, _, rest = before.stderr.partition("\n")
    assert re.fullmatch(rf"Hint: --[a-z-]+ is now: tpmock test {hint}", told)
    assert (before.exit_code, before.stdout, rest) == (now.exit_code, now.stdout, now.stderr)


def test_today_s_spelling_has_no_hint() -> None:
    assert "Hint" not in invoke("list", "--case", "DEST-001").stderr
    assert "Hint" not in invoke("--mutant", "--list", "--command", "x").stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", "explain"),
        ("--ev", "--evidence"),
        ("--plan q", "quick"),
        ("explain --r", "--replay"),
        ("--list --pl", "--plan"),
    ],
)
def test_a_shell_completes_subcommands_options_and_plans(typed: str, offered: str) -> None:
    words = f"tpmock test {typed}".split(" ")
    asked = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "_TPMOCK_COMPLETE": "bash_complete"}
    shown = CliRunner().invoke(tpmock, [], prog_name="tpmock", env=asked)
    assert offered in shown.output
    assert shown.stderr == ""
