"""The command ``test``. Without a subcommand it runs a plan."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource
from tpmock.common.command_group import CommandGroup
from tpmock.kit.cli import looking, old_spellings
from tpmock.kit.cli.chosen import chosen, contract, expected
from tpmock.kit.cli.options import CHOICE, RESULT, RUNNING, SUBJECT, Options, takes

if TYPE_CHECKING:
    from tpmock.kit.subjects.contract import Contract
    from tpmock.kit.subjects.local_mock import MockOpener

_EPILOG = """\b
Examples:
  tpmock test
  tpmock test --plan quick
  tpmock test --case DEST-003 --case DEST-01
  tpmock test --command "node server.js --port {port}"
  tpmock test --mutant no-dedupe
  tpmock test list
  tpmock test explain DEST-003
  tpmock test generated --examples 2000

\b
Exit code: 0 nothing failed, 1 a case failed or could not
be run, 2 the run itself was impossible.
"""


class _TestCommand(CommandGroup):
    """The group, which still takes the options of which it has made subcommands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read an old spelling as what it is called today, and say so in one line."""
        new = old_spellings.translated(args, self)
        if new is not None:
            if not ctx.resilient_parsing:
                click.echo(new.hint, err=True)
            args = new.args
        return super().parse_args(ctx, args)


@click.group(cls=_TestCommand, invoke_without_command=True, epilog=_EPILOG)
@takes(*CHOICE, *SUBJECT, *RESULT, "evidence_file", "expected_file")
def test(given: Options) -> None:
    """Run contract tests against a destination.

    Without options: the bundled destination, with a mock started for the run.
    """
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        _run(given)
        return
    for option in context.command.params:
        if context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"Write {option.opts[0]} after the subcommand {context.invoked_subcommand}.")


@test.command()
@click.argument("destination_url", metavar="URL")
@click.option(
    "--mock", "mock_url", metavar="URL", help="The mock of the destination. Example: --mock http://127.0.0.1:8080"
)
@takes("integration_key", "sandbox", "claims", *CHOICE, *RESULT, "evidence_file", "expected_file")
def running(given: Options) -> None:
    """Test a running destination that is configured for a sandbox of a running mock.

    \b
    Example: tpmock test running http://127.0.0.1:8090 \\
      --integration-key KEY --mock http://127.0.0.1:8080 --sandbox default
    """
    _run(given)


@test.command()
@click.argument("replayed", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@takes("wanted", *SUBJECT, *RESULT, "expected_file", hidden=RUNNING)
def replay(given: Options) -> None:
    """Run the cases of a file: findings of tpmock test generated, or your own cases.

    Example: tpmock test replay tpmock-found.yaml
    """
    _run(given)


@test.command()
@takes("examples", "seconds", "found_file", *SUBJECT, *RESULT, hidden=RUNNING)
def generated(given: Options) -> None:
    """Generate events and histories, and check four invariants.

    Example: tpmock test generated --examples 5000 --contract contract.toml
    """
    found = contract(given)
    sys.exit(_with_mock(given, found, lambda mock: _playing().generate(given, found, mock)))


@test.command()
@takes(*CHOICE, "allow_writes", "recording_file", *RESULT, plan="provider")
def live(given: Options) -> None:
    """Run a plan of API cases on the real API, which the environment names (TPMOCK_LIVE_URL and others).

    Only requests that read are sent, and only those on a list. Without --plan: the plan provider.

    Example: tpmock test live --recording seen.json
    """
    what = chosen(given)
    from tpmock.kit.cli.ending import interruptible  # noqa: PLC0415 - only where something is run

    sys.exit(interruptible(lambda: int(_playing().play_live(given, what))))


test.add_command(looking.listing)
test.add_command(looking.explain)


def _run(given: Options) -> None:
    what = chosen(given)
    known_failures = expected(given, what)
    sys.exit(_with_mock(given, what.contract, lambda mock: _playing().play(given, what, known_failures, mock)))


def _with_mock(given: Options, found: Contract | None, run: Callable[[MockOpener], int]) -> int:
    """Run with a mock, which starts while what the run needs is imported: both take as long."""
    from tpmock.kit.cli.ending import interruptible  # noqa: PLC0415 - what lists and explains needs nothing of it
    from tpmock.kit.subjects.local_mock import MockOpener  # noqa: PLC0415 - likewise

    url = given.mock_url if found is None else found.target(given.mock_url, given.sandbox)[0]

    def run_and_close() -> int:
        with closing(MockOpener(url)) as mock:
            return run(mock)

    return interruptible(run_and_close)


def _playing() -> ModuleType:
    from tpmock.kit.cli import playing  # noqa: PLC0415 - late, so that the mock starts before

    return playing
