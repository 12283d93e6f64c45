"""The command line, as far as nothing is run."""

from __future__ import annotations

import json
import re

import click
import pytest
from click.testing import CliRunner, Result
from tpmock.kit.cases import case_files, kill_matrix
from tpmock.kit.cli.test_command import test as command
from tpmock.kit.vocabulary import checks


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, prog_name="tpmock test")


@pytest.mark.parametrize("option", [parameter for parameter in command.params if isinstance(parameter, click.Option)])
def test_every_option_is_explained_with_an_example(option: click.Option) -> None:
    assert option.opts[0] in (option.help or "")


def test_cases_are_listed() -> None:
    lines = invoke("--list").stdout.splitlines()
    assert len(lines) == len(case_files.load_plan("segment-destination"))
    assert lines[0] == "DEST-001  The documented order becomes one invitation (seed)"


def test_cases_are_chosen_by_id_and_by_prefix() -> None:
    lines = invoke("--list", "--case", "DEST-020", "--case", "DEST-09").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["DEST-020", "DEST-090", "DEST-091", "DEST-092"]


@pytest.mark.parametrize("case", case_files.load_plan(case_files.STANDARD), ids=lambda case: case.id)
def test_every_case_can_be_explained(case: case_files.Case) -> None:
    page = invoke("--explain", case.id).stdout
    for part in (case.title, case.requirement, case.clause.url, "When", "Then", "Why it matters"):
        assert part in page


@pytest.mark.parametrize("check", checks.CHECKS)
def test_every_check_can_be_explained(check: str) -> None:
    assert invoke("--explain", check).stdout.startswith(check)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--case", "DEST-999"], "No case of the plan segment-destination has an id that begins with DEST-999"),
        (["--explain", "DEST-999"], "neither a case"),
        (["--mutant", "a", "--command", "b"], "--mutant and --command name different subjects"),
        (["--destination-url", "http://127.0.0.1:9"], "needs --integration-key, --mock, --sandbox as well"),
        (["--sandbox", "default"], "--sandbox goes with --destination-url"),
        (["--integration-key", "key"], "--integration-key goes with --destination-url"),
        (["--plan", "unknown"], "'unknown' is not one of"),
    ],
)
def test_options_that_make_no_sense_are_refused(arguments: list[str], complaint: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert complaint in re.sub(r"\s+", " ", result.stderr)


def test_cases_and_plans_are_listed_for_programs() -> None:
    listed = json.loads(invoke("--list", "--json", "--plan", "quick").stdout)
    assert [one["id"] for one in listed["cases"]] == [case.id for case in case_files.load_plan("quick")]
    assert {one["plan"]: one["cases"] for one in listed["plans"]} == {
        plan: len(case_files.load_plan(plan)) for plan in case_files.choices()
    }


def test_mutants_are_listed_with_what_catches_them() -> None:
    found = json.loads(invoke("--mutants", "--json").stdout)["mutants"]
    assert [(one["name"], one["wrong"]) for one in found] == [(one.name, one.wrong) for one in kill_matrix.load()]
    text = invoke("--mutants").stdout
    assert all(f"{one['name']}\n    {one['wrong']}\n    caught by {next(iter(one['caught']))}" in text for one in found)
