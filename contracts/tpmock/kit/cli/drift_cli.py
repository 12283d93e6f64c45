"""The command ``drift``: compares a recording of the real API with the mock."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from msgspec.structs import asdict
from tpmock.common.control_client import UnreachableError
from tpmock.kit.cases import case_files
from tpmock.kit.cases.case_files import Case
from tpmock.kit.cases.template import CREDENTIALS
from tpmock.kit.cases.wording import counted
from tpmock.kit.cli.options import RunImpossibleError
from tpmock.kit.live import recording
from tpmock.kit.live.drift import Difference, differences
from tpmock.kit.live.live_client import LiveClient
from tpmock.kit.live.recording import Recording, RecordingError
from tpmock.kit.live.run import LiveRun
from tpmock.kit.live.target import Target
from tpmock.kit.subjects.local_mock import open_mock
from tpmock.kit.subjects.mock_client import SandboxClient
from tpmock.kit.subjects.processes import CannotStartError


@click.command(
    epilog="""\b
Examples:
  tpmock test live --recording seen.json
  tpmock drift seen.json

\b
Exit code: 0 no difference, 1 differences, 2 the comparison was impossible.
"""
)
@click.argument("file", metavar="RECORDING", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document. Example: --json")
@click.option(
    "--mock", "mock_url", metavar="URL", help="Compare with a mock that runs. Example: --mock http://127.0.0.1:8080"
)
def drift(file: Path, as_json: bool, mock_url: str | None) -> None:  # noqa: FBT001 - click's signature
    """Compare a recording of the real API with the mock. Example: tpmock drift seen.json

    The same calls are made to the mock, and both sides are compared by status, fields, types, words and order.
    """
    try:
        recorded = recording.read(file)
        found = differences(recorded, _played(recorded, mock_url))
    except (RecordingError, CannotStartError, UnreachableError) as problem:
        raise RunImpossibleError(str(problem)) from None
    if as_json:
        about = {"host": recorded.host, "at": recorded.at, "calls": len(recorded.calls)}
        click.echo(json.dumps({"recording": about, "differences": [asdict(one) for one in found]}, indent=2))
    else:
        _tell(recorded, found)
    sys.exit(1 if found else 0)


def _tell(recorded: Recording, found: Sequence[Difference]) -> None:
    for one in found:
        click.echo(one.sentence())
    calls = counted(len(recorded.calls), "call")
    click.echo(f"{counted(len(found), 'difference')} in {calls}, recorded {recorded.at} from {recorded.host}.")


def _played(recorded: Recording, mock_url: str | None) -> Recording:
    """Return the same cases on the mock, in a sandbox of their own."""
    wanted = {call.case for call in recorded.calls}
    chosen: list[Case] = [case for case in case_files.load_plan(case_files.STANDARD) if case.id in wanted]
    if lacking := wanted - {case.id for case in chosen}:
        raise RecordingError(f"No case has the id {min(lacking)}; the recording is of another version.")
    with ExitStack() as stack:
        sandbox = SandboxClient.create(open_mock(mock_url, stack), 1)
        stack.callback(sandbox.delete)
        known = {name: sandbox.credentials[field] for name, field in CREDENTIALS.items()}
        target = Target({name: sandbox.urls[name] for name in ("trustpilot", "invitations")}, known)
        client = LiveClient(target, writes=True, ours=True)
        for _ in LiveRun("drift", chosen, client, 1).events():
            pass
    return Recording(sandbox.urls["trustpilot"], "", client.calls)
