"""The options of the command ``test``, each with an example."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from contracts.kit import cases

DEFAULT_PLAN = "segment-destination"
LARGEST_SEED = 2**31


_OPTIONS = (
    click.option(
        "--plan",
        type=click.Choice(cases.choices()),
        help=f"Which set of cases, such as --plan quick. Default: {DEFAULT_PLAN}.",
    ),
    click.option(
        "--case",
        "wanted",
        multiple=True,
        metavar="ID",
        help="Only cases whose id begins like this; repeatable. Example: --case DEST-003",
    ),
    click.option("--list", "listed", is_flag=True, help="List the cases and run nothing. Example: tpmock test --list"),
    click.option(
        "--mutants",
        is_flag=True,
        help="List the programs that are wrong on purpose with what catches each, and run nothing. "
        "Example: tpmock test --mutants",
    ),
    click.option(
        "--explain",
        "explained",
        metavar="ID",
        help="Explain a case or a check and run nothing. Example: --explain DEST-003, --explain invitation",
    ),
    click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print one JSON document on standard output, lists too. Example: tpmock test --json | jq .summary",
    ),
    click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="NAME[=FILE]",
        help="Write a report: html, json, junit, har or github; repeatable. Example: --report junit=results.xml. "
        "github alone prints annotations and adds to the summary of the step.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, LARGEST_SEED - 1),
        metavar="N",
        help="Repeat a run: same seed, same order ids. Example: --seed 7. Default: by chance, and shown.",
    ),
    click.option(
        "--mock",
        "mock_url",
        metavar="URL",
        help="Use a mock that runs, such as --mock http://127.0.0.1:8080. Default: start one for the run.",
    ),
    click.option(
        "--mutant", metavar="NAME", help="Judge a destination that is wrong on purpose. Example: --mutant no-dedupe"
    ),
    click.option(
        "--command",
        metavar="COMMAND",
        help="Judge any program. {port}, {workdir} and {python} are filled in; the environment holds PORT, "
        'INTEGRATION_KEY, TRUSTPILOT_..., DATABASE_URL. Example: --command "node server.js {port}"',
    ),
    click.option(
        "--destination-url",
        metavar="URL",
        help="Judge a destination that runs. Needs --integration-key, --mock and --sandbox. "
        "Example: --destination-url http://127.0.0.1:8090",
    ),
    click.option(
        "--evidence",
        "evidence_file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the evidence pack, which tpmock evidence verify checks. Example: --evidence out.zip",
    ),
    click.option(
        "--contract",
        "contract_file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Judge what a contract.toml describes: any program, in any language. Example: --contract contract.toml",
    ),
    click.option(
        "--integration-key",
        metavar="KEY",
        help="The key that the running destination expects. Example: --integration-key segment-key",
    ),
    click.option(
        "--expected",
        "expected_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Cases that are known not to pass, each with a reason; one that passes all the same is a failure. "
        "Example: --expected expected.yaml",
    ),
    click.option(
        "--sandbox",
        metavar="ID",
        help="The sandbox that the running destination is configured for. Example: --sandbox default",
    ),
    click.option(
        "--generated",
        is_flag=True,
        help="Make up events and histories, and see that four things hold whatever happens. Example: --generated",
    ),
    click.option(
        "--examples",
        type=click.IntRange(1, 100_000),
        default=200,
        show_default=True,
        metavar="N",
        help="How many histories --generated makes up. Example: --examples 5000",
    ),
    click.option(
        "--seconds",
        type=click.FloatRange(1, 86_400),
        default=120,
        show_default=True,
        metavar="N",
        help="After so long --generated plays nothing new. Example: --seconds 600",
    ),
    click.option(
        "--found",
        "found_file",
        type=click.Path(dir_okay=False, path_type=Path),
        default="tpmock-found.yaml",
        show_default=True,
        help="Where --generated writes what it has found, as cases to replay. Example: --found found.yaml",
    ),
    click.option(
        "--replay",
        "replayed",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Judge by the cases of a file: what --generated found, or some of your own. Example: --replay found.yaml",
    ),
    click.option(
        "--live",
        is_flag=True,
        help="Run a plan of the API on the real one, which the environment names (TPMOCK_LIVE_URL and others): what "
        "only reads, and nothing that is not on a list. Example: --plan provider --live",
    ),
    click.option(
        "--allow-writes",
        is_flag=True,
        help="With --live: run cases that change something there, too. Example: --live --allow-writes",
    ),
    click.option(
        "--recording",
        "recording_file",
        type=click.Path(dir_okay=False, path_type=Path),
        default="tpmock-recording.json",
        show_default=True,
        help="Where --live writes what it has seen, without a value, for tpmock drift. Example: --recording seen.json",
    ),
)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command all of them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
