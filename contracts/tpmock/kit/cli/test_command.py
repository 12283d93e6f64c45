"""The command ``test``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from msgspec.structs import asdict
from tpmock.kit.cases import case_files, kill_matrix
from tpmock.kit.cases.case_files import Case, CaseError
from tpmock.kit.cases.wording import spelled
from tpmock.kit.cli.options import DEFAULT_PLAN, Options, options

if TYPE_CHECKING:
    from tpmock.kit.run.expectations import Expectation
    from tpmock.kit.subjects.contract import Contract

_REPLAY = "replay"

# Options that do not go with others, and why.
_ALONE = {
    "--generated": ("generates its own cases", "--plan --case --list --explain --evidence --expected --replay"),
    "--replay": ("has cases of its own", "--plan --evidence"),
    "--live": (
        "tests the real API and nothing else",
        "--generated --replay --evidence --mock --mutant --command --destination-url --contract",
    ),
}

_EPILOG = """\b
Examples:
  tpmock test
  tpmock test --case DEST-003 --case DEST-01
  tpmock test --command "node server.js --port {port}"
  tpmock test --mutant no-dedupe
  tpmock test --generated --examples 2000
  tpmock test --mock http://127.0.0.1:8080 --sandbox default \\
      --destination-url http://127.0.0.1:8090 --integration-key KEY

\b
Exit code: 0 nothing failed, 1 a case failed or could not be
judged, 2 the run itself was impossible.
"""


@click.command(epilog=_EPILOG)
@options
def test(given: Options) -> None:
    """Run contract tests against a destination.

    Without options: the bundled destination, with a mock started for the run.
    """
    _check_together(click.get_current_context())
    try:
        contract = None if given.contract_file is None else _contract(given)
        plan, chosen = _chosen(given, contract)
        if given.explained:
            click.echo(_explained(given.explained, _every(chosen)))
            return
        expected_file = given.expected_file or (contract.expected if contract else None)
        expected = _expected(expected_file, {case.id for case in _every(chosen)}) if expected_file else {}
    except CaseError as problem:
        raise click.UsageError(str(problem)) from None
    if given.listed or given.mutants:
        click.echo(_listed_mutants(given) if given.mutants else _listed_cases(given, chosen))
        return
    from tpmock.kit.cli.playing import play  # noqa: PLC0415 - what lists and explains needs nothing of it

    sys.exit(play(given, plan, chosen, contract, expected))


def _contract(given: Options) -> Contract | None:
    from tpmock.kit.cli import subject_choice  # noqa: PLC0415 - only where a file holds a contract

    return subject_choice.contract(given)


def _expected(file: Path, known: set[str]) -> dict[str, Expectation]:
    from tpmock.kit.run import expectations  # noqa: PLC0415 - only where a file has some

    try:
        return expectations.load(file, known)
    except expectations.ExpectationError as problem:
        raise click.UsageError(str(problem)) from None


def _chosen(given: Options, contract: Contract | None) -> tuple[str, tuple[Case, ...]]:
    """Return the name of the set of cases, and the cases.

    :raises CaseError: when a file cannot be used, or no case is wanted
    """
    if given.replayed is not None:
        name, cases = _REPLAY, tuple(case_files.load_file(_REPLAY, given.replayed))
    elif contract is not None:
        name, cases = " and ".join(contract.plans), contract.cases()
    else:
        name = given.plan or DEFAULT_PLAN
        cases = case_files.load_plan(name)
    return name, case_files.beginning_with(given.wanted, cases)


def _explained(topic: str, plan: Sequence[Case]) -> str:
    """Return the explanation of a case or a check.

    :raises CaseError: when neither has that name
    """
    from tpmock.kit.reports import pages  # noqa: PLC0415 - only where something is explained
    from tpmock.kit.vocabulary import checks  # noqa: PLC0415 - likewise

    if topic in checks.CHECKS:
        return f"{topic}\n\n{checks.explanation(topic)}"
    case = next((case for case in plan if case.id == topic), None)
    if case is None:
        every = ", ".join(checks.CHECKS)
        raise CaseError(f"{topic} is neither a case (see tpmock test --list) nor a check ({every}).")
    sentences = case_files.vocabulary("step")
    text = pages.page("case.txt", case=case, sentences=sentences, spelled=_spelled, explanation=checks.explanation)
    return text.rstrip("\n")


def _spelled(args: Any) -> str:
    if isinstance(args, Mapping):
        return ", ".join(f"{name} {_spelled(value)}" for name, value in args.items())
    return "yes" if args is True else spelled(args)


def _every(chosen: tuple[Case, ...]) -> tuple[Case, ...]:
    return (*chosen, *case_files.load_plan(case_files.STANDARD))


def _listed_cases(given: Options, chosen: Sequence[Case]) -> str:
    """Return a list of cases; for programs also every plan with its number of cases."""
    if not given.as_json:
        return "\n".join(f"{case.id}  {case.title} ({case.evidence})" for case in chosen)
    found = [{name: getattr(one, name) for name in ("id", "plan", "title", "evidence")} for one in chosen]
    plans = [{"plan": plan, "cases": len(case_files.load_plan(plan))} for plan in case_files.choices()]
    return json.dumps({"plans": plans, "cases": found}, indent=1)


def _listed_mutants(given: Options) -> str:
    every = kill_matrix.load()
    if given.as_json:
        return json.dumps({"mutants": [asdict(one) for one in every]}, indent=1)
    return "\n".join(map(str, every))


def _check_together(context: click.Context) -> None:
    """Refuse options that contradict each other."""
    given = {option.opts[0] for option in context.command.params if _is_given(context, option)}
    for name, (why, others) in _ALONE.items():
        for other in others.split():
            if {name, other} <= given:
                raise click.UsageError(f"{name} {why}; leave out {other}.")


def _is_given(context: click.Context, option: click.Parameter) -> bool:
    source = context.get_parameter_source(option.name or "")
    return source is not ParameterSource.DEFAULT and bool(context.params[option.name or ""])
