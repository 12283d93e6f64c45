"""The options of the command ``test`` and its subcommands, each with an example. Every command takes some of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
from tpmock.kit.cases import case_files
from tpmock.kit.cases.wording import counted

DEFAULT_PLAN = "segment-destination"
LARGEST_SEED = 2**31

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
#: The value of ``--plan`` without a value; no plan can have this name.
_NO_VALUE: Final = "?"


class RunImpossibleError(click.ClickException):
    """The run itself is impossible."""

    exit_code = 2


class Options(NamedTuple):
    """Values of the options; those that a command does not take keep their default."""

    plan: str | None = None
    wanted: tuple[str, ...] = ()
    as_json: bool = False
    reports: tuple[str, ...] = ()
    seed: int | None = None
    mock_url: str | None = None
    mutant: str | None = None
    command: str | None = None
    claims: tuple[str, ...] = ()
    destination_url: str | None = None
    evidence_file: Path | None = None
    contract_file: Path | None = None
    integration_key: str | None = None
    expected_file: Path | None = None
    sandbox: str | None = None
    examples: int = 200
    seconds: float = 120
    found_file: Path = Path("tpmock-found.yaml")
    replayed: Path | None = None
    allow_writes: bool = False
    recording_file: Path = Path("tpmock-recording.json")


class _PlanName(click.Choice[str]):
    """The name of a plan; without a name the option lists the plans and ends the command."""

    def __init__(self) -> None:
        super().__init__(case_files.choices())

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name of a plan that exists."""
        return value if value == _NO_VALUE else super().convert(value, param, ctx)


def _listed_at_once(context: click.Context, _: click.Parameter, value: str | None) -> str | None:
    if value == _NO_VALUE and not context.resilient_parsing:
        click.echo(sized_plans())
        context.exit()
    return value


def plan_sizes() -> dict[str, int]:
    """Return the number of cases of every plan, by its name."""
    return {plan: len(case_files.load_plan(plan)) for plan in case_files.choices()}


def sized_plans() -> str:
    """Return a line for each plan, with its number of cases."""
    return "\n".join(f"{plan}  {counted(number, 'case')}" for plan, number in plan_sizes().items())


def _option(name: str, meaning: str, **settings: Any) -> Any:
    return partial(click.option, name, help=meaning, **settings)


# fmt: off
OPTIONS: Final[dict[str, Any]] = {
    "plan": _option("--plan",
        f"Which set of cases, such as --plan quick; without a name it lists them. Default: {DEFAULT_PLAN}.",
        type=_PlanName(), metavar="NAME", is_flag=False, flag_value=_NO_VALUE, callback=_listed_at_once),
    "wanted": _option("--case",
        "Only cases whose id begins like this; repeatable. Example: --case DEST-003", multiple=True, metavar="ID"),
    "as_json": _option("--json",
        "Print one JSON document on standard output. Example: tpmock test --json | jq .summary", is_flag=True),
    "reports": _option("--report",
        "Write a report: html, json, junit, har or github; repeatable. Example: --report junit=results.xml. github "
        "alone prints annotations and adds to the summary of the step.", multiple=True, metavar="NAME[=FILE]"),
    "seed": _option("--seed",
        "Repeat a run: same seed, same order ids. Example: --seed 7. Default: random, and shown.",
        type=click.IntRange(0, LARGEST_SEED - 1), metavar="N"),
    "mock_url": _option("--mock",
        "Use a running mock, such as --mock http://127.0.0.1:8080. Default: start one for the run.", metavar="URL"),
    "mutant": _option("--mutant",
        "Test a deliberately broken destination (mutant), by the plan that catches it. Example: --mutant no-dedupe",
        metavar="NAME"),
    "command": _option("--command",
        "Test any program. {port}, {workdir} and {python} are filled in; the environment holds PORT, "
        'INTEGRATION_KEY, TRUSTPILOT_..., DATABASE_URL. Example: --command "node server.js {port}"',
        metavar="COMMAND"),
    "claims": _option("--claim",
        "A claim of the program of --command, or of the running one, as in contract.toml; repeatable. Example: --claim "
        "own-patience=8s", multiple=True, metavar="NAME[=DURATION]"),
    "evidence_file": _option("--evidence",
        "Write the evidence pack, which tpmock evidence verify checks. Example: --evidence out.zip", type=_FILE),
    "contract_file": _option("--contract",
        "Test the subject of a contract.toml: any program, in any language. Example: --contract contract.toml",
        type=_FILE),
    "expected_file": _option("--expected",
        "Cases that are known not to pass, each with a reason; one that passes is a failure. Example: "
        "--expected expected.yaml", type=_EXISTING_FILE),
    "destination_url": _option("--destination-url",
        "Test a running destination, as tpmock test running does. Example: --destination-url http://127.0.0.1:8090",
        metavar="URL"),
    "integration_key": _option("--integration-key",
        "The key that the running destination expects. Example: --integration-key segment-key", metavar="KEY"),
    "sandbox": _option("--sandbox",
        "The sandbox that the running destination is configured for. Example: --sandbox default", metavar="ID"),
    "examples": _option("--examples",
        "How many histories to generate. Example: --examples 5000",
        type=click.IntRange(1, 100_000), default=Options().examples, show_default=True, metavar="N"),
    "seconds": _option("--seconds",
        "Seconds after which no new history is started. Example: --seconds 600",
        type=click.FloatRange(1, 86_400), default=Options().seconds, show_default=True, metavar="N"),
    "found_file": _option("--found",
        "Where to write the findings, as cases to replay. Example: --found found.yaml",
        type=_FILE, default=Options().found_file, show_default=True),
    "replayed": _option("--replay",
        "Cases of this file instead of a plan's. Example: --replay found.yaml", type=_EXISTING_FILE),
    "allow_writes": _option("--allow-writes",
        "Also run cases that change data there. Example: --allow-writes", is_flag=True),
    "recording_file": _option("--recording",
        "Where to write the recording, without values, for tpmock drift. Example: --recording seen.json",
        type=_FILE, default=Options().recording_file, show_default=True),
}
# fmt: on

CHOICE: Final = ("plan", "wanted")
SUBJECT: Final = ("contract_file", "command", "claims", "mutant", "mock_url")
RESULT: Final = ("reports", "as_json", "seed")
#: A running subject, as options: tpmock test running is for it, and a ``[running]`` of a contract.toml.
RUNNING: Final = ("destination_url", "integration_key", "sandbox")


def takes(
    *names: str, hidden: tuple[str, ...] = (), **fixed: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command some of the options, as one record, its first argument.

    :param names: fields of :class:`Options`
    :param hidden: fields whose options are taken and not shown
    :param fixed: fields that have another value than the default
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**given: Any) -> None:
            values = {name: given.pop(name) for name in Options._fields if name in given}
            command(
                Options(**{**fixed, **{name: value for name, value in values.items() if value is not None}}), **given
            )

        for name in reversed((*names, *hidden)):
            run = OPTIONS[name](name, hidden=name in hidden)(run)
        return run

    return decorate
