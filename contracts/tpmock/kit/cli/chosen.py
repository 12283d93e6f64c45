"""What the options of the command ``test`` choose: the cases, the contract, the expected failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click
from tpmock.kit.cases import case_files
from tpmock.kit.cases.case_files import Case, CaseError
from tpmock.kit.cli.options import DEFAULT_PLAN, Options

if TYPE_CHECKING:
    from tpmock.kit.run.expectations import Expectation
    from tpmock.kit.subjects.contract import Contract

_REPLAY = "replay"


class Chosen(NamedTuple):
    """What is to be run.

    :ivar plan: the name of the set of cases
    """

    plan: str
    cases: tuple[Case, ...]
    contract: Contract | None


def chosen(given: Options) -> Chosen:
    """Return what is to be run.

    :raises click.UsageError: when a file cannot be used, or no case is wanted
    """
    try:
        found = contract(given)
        if given.replayed is not None:
            name, cases = _REPLAY, tuple(case_files.load_file(_REPLAY, given.replayed))
        elif found is not None:
            name, cases = " and ".join(found.plans), found.cases()
        else:
            name = given.plan or _plan_of(given.mutant, given.wanted) or DEFAULT_PLAN
            cases = case_files.load_plan(name)
        return Chosen(name, case_files.beginning_with(given.wanted, cases), found)
    except CaseError as problem:
        raise click.UsageError(str(problem)) from None


def _plan_of(mutant: str | None, wanted: Sequence[str]) -> str | None:
    """Return the plan that catches a mutant, the default one if it does; None when none of the wanted cases does."""
    if mutant is None:
        return None
    from tpmock.kit.cases import kill_matrix  # noqa: PLC0415 - only where a mutant is tested

    caught = next((set(one.caught) for one in kill_matrix.load() if one.name == mutant), set())
    catching = [
        case.plan
        for case in case_files.load_plan(case_files.STANDARD)
        if case.id in caught and (not wanted or case.id.startswith(tuple(wanted)))
    ]
    return DEFAULT_PLAN if DEFAULT_PLAN in catching else next(iter(catching), None)


def contract(given: Options) -> Contract | None:
    """Return the contract that a file holds; None without a file.

    :raises click.UsageError: when the file cannot be used
    """
    if given.contract_file is None:
        return None
    from tpmock.kit.cli import subject_choice  # noqa: PLC0415 - only where a file holds a contract

    try:
        return subject_choice.contract(given)
    except CaseError as problem:
        raise click.UsageError(str(problem)) from None


def expected(given: Options, what: Chosen) -> dict[str, Expectation]:
    """Return the expected failures, by the id of the case.

    :raises click.UsageError: when their file cannot be used
    """
    file = given.expected_file or (what.contract.expected if what.contract else None)
    if file is None:
        return {}
    from tpmock.kit.run import expectations  # noqa: PLC0415 - only where a file has some

    try:
        return expectations.load(file, {case.id for case in every(what.cases)})
    except expectations.ExpectationError as problem:
        raise click.UsageError(str(problem)) from None


def every(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """Return these cases and those of all plans."""
    return (*cases, *case_files.load_plan(case_files.STANDARD))
