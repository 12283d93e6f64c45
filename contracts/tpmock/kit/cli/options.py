"""The options of the command ``test``, each with an example."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any, NamedTuple

import click
from tpmock.kit.cases import case_files

DEFAULT_PLAN = "segment-destination"
LARGEST_SEED = 2**31

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class RunImpossibleError(click.ClickException):
    """The run itself is impossible."""

    exit_code = 2


def _option(name: str, meaning: str, **settings: Any) -> Any:
    return partial(click.option, name, help=meaning, **settings)


# fmt: off
class Options(NamedTuple):
    """Values of the options of the command."""

    plan: str | None = _option("--plan",
        f"Which set of cases, such as --plan quick. Default: {DEFAULT_PLAN}.", type=click.Choice(case_files.choices()))
    wanted: tuple[str, ...] = _option("--case",
        "Only cases whose id begins like this; repeatable. Example: --case DEST-003", multiple=True, metavar="ID")
    listed: bool = _option("--list", "List the cases and run nothing. Example: tpmock test --list", is_flag=True)
    mutants: bool = _option("--mutants",
        "List the deliberately broken destinations with what catches each, and run nothing. Example: tpmock test "
        "--mutants", is_flag=True)
    explained: str | None = _option("--explain",
        "Explain a case or a check and run nothing. Example: --explain DEST-003, --explain invitation", metavar="ID")
    as_json: bool = _option("--json",
        "Print one JSON document on standard output, lists too. Example: tpmock test --json | jq .summary",
        is_flag=True)
    reports: tuple[str, ...] = _option("--report",
        "Write a report: html, json, junit, har or github; repeatable. Example: --report junit=results.xml. github "
        "alone prints annotations and adds to the summary of the step.", multiple=True, metavar="NAME[=FILE]")
    seed: int | None = _option("--seed",
        "Repeat a run: same seed, same order ids. Example: --seed 7. Default: random, and shown.",
        type=click.IntRange(0, LARGEST_SEED - 1), metavar="N")
    mock_url: str | None = _option("--mock",
        "Use a mock that runs, such as --mock http://127.0.0.1:8080. Default: start one for the run.", metavar="URL")
    mutant: str | None = _option("--mutant",
        "Test a deliberately broken destination (mutant). Example: --mutant no-dedupe", metavar="NAME")
    command: str | None = _option("--command",
        "Test any program. {port}, {workdir} and {python} are filled in; the environment holds PORT, "
        'INTEGRATION_KEY, TRUSTPILOT_..., DATABASE_URL. Example: --command "node server.js {port}"', metavar="COMMAND")
    destination_url: str | None = _option("--destination-url",
        "Test a running destination. Needs --integration-key, --mock and --sandbox. Example: --destination-url "
        "http://127.0.0.1:8090", metavar="URL")
    evidence_file: Path | None = _option("--evidence",
        "Write the evidence pack, which tpmock evidence verify checks. Example: --evidence out.zip", type=_FILE)
    contract_file: Path | None = _option("--contract",
        "Test the subject of a contract.toml: any program, in any language. Example: --contract contract.toml",
        type=_FILE)
    integration_key: str | None = _option("--integration-key",
        "The key that the running destination expects. Example: --integration-key segment-key", metavar="KEY")
    expected_file: Path | None = _option("--expected",
        "Cases that are known not to pass, each with a reason; one that passes all the same is a failure. Example: "
        "--expected expected.yaml", type=_EXISTING_FILE)
    sandbox: str | None = _option("--sandbox",
        "The sandbox that the running destination is configured for. Example: --sandbox default", metavar="ID")
    generated: bool = _option("--generated",
        "Generate events and histories, and check four invariants. Example: --generated",
        is_flag=True)
    examples: int = _option("--examples",
        "How many histories --generated generates. Example: --examples 5000",
        type=click.IntRange(1, 100_000), default=200, show_default=True, metavar="N")
    seconds: float = _option("--seconds",
        "Seconds after which --generated runs no new history. Example: --seconds 600",
        type=click.FloatRange(1, 86_400), default=120, show_default=True, metavar="N")
    found_file: Path = _option("--found",
        "Where --generated writes its findings, as cases to replay. Example: --found found.yaml",
        type=_FILE, default="tpmock-found.yaml", show_default=True)
    replayed: Path | None = _option("--replay",
        "Run the cases of a file: findings of --generated, or your own cases. Example: --replay found.yaml",
        type=_EXISTING_FILE)
    live: bool = _option("--live",
        "Run a plan of the API on the real one, which the environment names (TPMOCK_LIVE_URL and others): what only "
        "reads, and nothing that is not on a list. Example: --plan provider --live", is_flag=True)
    allow_writes: bool = _option("--allow-writes",
        "With --live: run cases that change something there, too. Example: --live --allow-writes", is_flag=True)
    recording_file: Path = _option("--recording",
        "Where --live writes its recording, without values, for tpmock drift. Example: --recording seen.json",
        type=_FILE, default="tpmock-recording.json", show_default=True)
# fmt: on


def options(command: Callable[[Options], None]) -> Callable[..., None]:
    """Give a command all of them, as one record."""

    @wraps(command)
    def run(**given: Any) -> None:
        command(Options(**given))

    for name, option in reversed(Options._field_defaults.items()):
        run = option(name)(run)
    return run
