"""``tpmock demo``."""

from __future__ import annotations

import shutil
import sys
import webbrowser
from pathlib import Path
from typing import Final

import click
from tpmock.cli.errors import ImpossibleError, impossible
from tpmock.cli.remote import until_ended
from tpmock.common.installation import install_command

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
@click.option("--auto", is_flag=True, help="Run the scenes automatically; it can be paused.")
@click.option("--pace", default=12, show_default=True, type=click.IntRange(1), help="With --auto: seconds per page.")
@click.option(
    "--record",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Run it once, write a picture of each scene to this folder, and exit. Needs Playwright and a browser.",
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
@click.option("--no-browser", is_flag=True, help="Do not open a browser; print the address.")
def demo(
    port: int,
    pace: int,
    record: Path | None,
    browser: str | None,
    evidence: Path | None,
    *,
    auto: bool,
    no_browser: bool,
) -> None:
    """Demonstrate an integration in the browser, scene by scene.

    Example: tpmock demo --auto
    """
    from tpmock.cli.demo.app import serving_demo  # noqa: PLC0415
    from tpmock.cli.demo.contract_run import NoResultError, check_pack  # noqa: PLC0415
    from tpmock.common.serving import PortTakenError, address, reserved  # noqa: PLC0415 - commands load what they need
    from tpmock.server.up import StartFailedError, Up  # noqa: PLC0415

    program = _recorder(browser) if record is not None else ""
    if evidence is not None:
        with impossible(NoResultError):
            check_pack(evidence)
    with (
        impossible(PortTakenError),
        reserved(_HOST, 0) as mock_port,
        reserved(_HOST, 0) as other_port,
        reserved(_HOST, port) as page_port,
    ):
        everything = Up(_HOST, mock_port, other_port, quiet=True)
        url = address(_HOST, page_port)
    ended = until_ended()
    with (
        impossible(StartFailedError, PortTakenError),
        everything,
        serving_demo(everything, url, pace if auto else None, evidence),
    ):
        if record is not None:
            _record(url, record, program)
            return
        click.echo(f"The demo: {url}\nThe console: {everything.url}/_mock/\nPress Ctrl-C to stop.")
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


def _record(url: str, folder: Path, browser: str) -> None:
    from tpmock.cli.demo.recording import record  # noqa: PLC0415 - Playwright is an extra

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImpossibleError(f"{folder} cannot be made: {error.strerror}.") from None
    for picture in record(url, folder, browser):
        click.echo(picture)
