"""``tpmock demo``."""

from __future__ import annotations

import shutil
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from tpmock.cli.errors import ImpossibleError, impossible
from tpmock.cli.remote import until_ended
from tpmock.common.installation import install_command

if TYPE_CHECKING:
    from tpmock.cli.demo.app import Demo

_HOST: Final = "127.0.0.1"
#: Executable names of Chromium-based browsers.
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome")


@click.command()
@click.option(
    "--port",
    default=8070,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port of the pages; 0 picks a free one.",
)
@click.option(
    "--contract",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Show the program of a contract.toml instead of the bundled destination. Example: --contract contract.toml",
)
@click.option("--auto", is_flag=True, help="Go on by itself; it can be paused.")
@click.option("--pace", default=12, show_default=True, type=click.IntRange(1), help="With --auto: seconds per slide.")
@click.option(
    "--record",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Play it once, write a film strip to this folder (a picture of each slide, and one page with all), and exit. "
    "Needs Playwright and a browser.",
)
@click.option(
    "--browser", metavar="PATH", help="With --record: path of the browser; default: Chromium, Chrome or Edge."
)
@click.option(
    "--evidence",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Show this evidence pack of an earlier run instead of running the contract cases. Example: --evidence out.zip",
)
@click.option(
    "--backfill",
    metavar="N",
    default=10_000,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Number of old orders in the scene about them. Example: --backfill 2000",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser; print the address.")
def demo(
    port: int,
    contract: Path | None,
    pace: int,
    record: Path | None,
    browser: str | None,
    evidence: Path | None,
    backfill: int,
    *,
    auto: bool,
    no_browser: bool,
) -> None:
    """Demonstrate an integration in the browser, scene by scene.

    Example: tpmock demo --auto
    """
    from tpmock.cli.demo.app import Showing, serving_demo  # noqa: PLC0415 - commands load what they need
    from tpmock.cli.demo.contract_run import NoResultError, check_pack  # noqa: PLC0415
    from tpmock.cli.demo.programs import DemoPrograms, SubjectError, subject  # noqa: PLC0415
    from tpmock.common.serving import PortTakenError, address, reserved  # noqa: PLC0415
    from tpmock.kit.subjects.processes import CannotStartError  # noqa: PLC0415

    program = _recorder(browser) if record is not None else ""
    with impossible(SubjectError, NoResultError):
        shown = subject(contract)
        if evidence is not None:
            check_pack(evidence)
    with impossible(PortTakenError), reserved(_HOST, port) as page_port:
        url = address(_HOST, page_port)
    ended = until_ended()
    showing = Showing(pace if auto else None, evidence, contract, backfill)
    with (
        impossible(SubjectError, CannotStartError, PortTakenError),
        DemoPrograms(shown) as programs,
        serving_demo(programs, url, showing) as pages,
    ):
        if record is not None:
            _record(pages, record, program)
            return
        click.echo(f"The demo: {url}\nThe presenter: {url}/presenter\nThe console: {programs.url}/_mock/")
        click.echo("Press Ctrl-C to stop.")
        sys.stdout.flush()
        if not no_browser:
            webbrowser.open(url)
        ended.wait()


def _recorder(browser: str | None) -> str:
    """Return the browser that takes the pictures.

    :raises ImpossibleError: if no browser or no Playwright is installed
    """
    try:
        import playwright.sync_api  # noqa: F401, PLC0415 - an extra; looked for before anything is started
    except ImportError:
        raise ImpossibleError(f"Playwright is not installed. Run: {install_command('demo')}") from None
    found = browser or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None or not Path(found).exists():
        sentence = f"{browser} does not exist." if browser else "No Chromium, Chrome or Edge was found."
        raise ImpossibleError(f"{sentence} Give its path with --browser PATH.")
    return found


def _record(pages: Demo, folder: Path, browser: str) -> None:
    from tpmock.cli.demo.recording import record  # noqa: PLC0415 - Playwright is an extra

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImpossibleError(f"{folder} cannot be made: {error.strerror}.") from None
    for file in record(pages.session, pages.url, folder, browser):
        click.echo(file)
