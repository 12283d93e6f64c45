"""The commands ``test list`` and ``test explain``, which run nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import click
from msgspec.structs import asdict
from tpmock.kit.cases import case_files, kill_matrix
from tpmock.kit.cases.case_files import Case
from tpmock.kit.cases.wording import spelled
from tpmock.kit.cli.chosen import chosen, every
from tpmock.kit.cli.options import CHOICE, Options, plan_sizes, sized_plans, takes

_KINDS: Final = ("cases", "plans", "mutants")


@click.command("list")
@click.argument("kind", type=click.Choice(_KINDS), default=_KINDS[0])
@takes(*CHOICE, "contract_file", "replayed", "as_json")
def listing(given: Options, kind: str) -> None:
    """List cases, plans or the deliberately broken destinations (mutants) with what catches each.

    \b
    Examples:
      tpmock test list --plan quick
      tpmock test list plans
      tpmock test list mutants
    """
    if kind == "cases":
        cases = chosen(given).cases
        text = "\n".join(f"{case.id}  {case.title} ({case.evidence})" for case in cases)
        found = [{name: getattr(one, name) for name in ("id", "plan", "title", "evidence")} for one in cases]
        # Programs that list cases offer the plans as well.
        document: dict[str, Any] = {"plans": _plans(), "cases": found}
    elif kind == "plans":
        text, document = sized_plans(), {"plans": _plans()}
    else:
        mutants = kill_matrix.load()
        text, document = "\n".join(map(str, mutants)), {"mutants": [asdict(one) for one in mutants]}
    click.echo(json.dumps(document, indent=1) if given.as_json else text)


@click.command()
@click.argument("name", required=False)
@takes("replayed")
def explain(given: Options, name: str | None) -> None:
    """Explain a case or a check: its meaning, its reason, how to fix a failure. Without a name: list steps and checks.

    \b
    Examples:
      tpmock test explain DEST-003
      tpmock test explain invitation
    """
    click.echo(_vocabulary() if name is None else _explained(name, every(chosen(given).cases)))


def _plans() -> list[dict[str, Any]]:
    return [{"plan": plan, "cases": number} for plan, number in plan_sizes().items()]


def _vocabulary() -> str:
    listed = (
        (f"{kind.capitalize()}s:", *(f"  {name}  {meaning}." for name, meaning in case_files.vocabulary(kind).items()))
        for kind in ("step", "check")
    )
    return "\n\n".join("\n".join(lines) for lines in listed)


def _explained(topic: str, cases: tuple[Case, ...]) -> str:
    from tpmock.kit.reports import pages  # noqa: PLC0415 - only where something is explained
    from tpmock.kit.vocabulary import checks  # noqa: PLC0415 - likewise

    if topic in checks.CHECKS:
        return f"{topic}\n\n{checks.explanation(topic)}"
    case = next((case for case in cases if case.id == topic), None)
    if case is None:
        names = ", ".join(checks.CHECKS)
        raise click.UsageError(f"{topic} is neither a case (see tpmock test list) nor a check ({names}).")
    sentences = case_files.vocabulary("step")
    text = pages.page("case.txt", case=case, sentences=sentences, spelled=_spelled, explanation=checks.explanation)
    return text.rstrip("\n")


def _spelled(args: Any) -> str:
    if isinstance(args, Mapping):
        return ", ".join(f"{name} {_spelled(value)}" for name, value in args.items())
    return "yes" if args is True else spelled(args)
