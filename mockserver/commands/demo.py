"""``tpmock demo``."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
import webbrowser
from pathlib import Path
from types import FrameType
from typing import Final

import click

from mockserver.commands.running import ImpossibleError

_HOST: Final = "127.0.0.1"
#: Names under which browsers of the Chromium family are found.
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome")


@click.command()
@click.option(
    "--port", default=8070, show_default=True, type=click.IntRange(0, 65535), help="Of the pages; 0 picks a free one."
)
@click.option("--auto", is_flag=True, help="Let it play by itself; it can be paused.")
@click.option(
    "--pace", default=12, show_default=True, type=click.IntRange(1), help="With --auto: seconds a page is shown."
)
@click.option(
    "--record",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Play it once, write a picture of each scene there, and end. Needs Playwright and a browser.",
)
@click.option("--browser", metavar="PATH", help="With --record: which browser; by default Chromium, Chrome or Edge.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser; the address is printed.")
def demo(port: int, pace: int, record: Path | None, browser: str | None, *, auto: bool, no_browser: bool) -> None:
    """Play the ten minutes in which a partner shows an integration, step by step, in the browser.

    Example: tpmock demo --auto
    """
    from contracts.serving import STOPS, PortTakenError, address, reserved  # noqa: PLC0415 - commands load what they need
    from mockserver.demo.running import Running  # noqa: PLC0415
    from mockserver.up import StartFailedError, Up  # noqa: PLC0415

    program = _recorder(browser) if record is not None else ""
    try:
        with reserved(_HOST, 0) as mock_port, reserved(_HOST, 0) as other_port, reserved(_HOST, port) as page_port:
            everything = Up(_HOST, mock_port, other_port, quiet=True)
    except PortTakenError as error:
        raise ImpossibleError(str(error)) from None
    over = threading.Event()
    _on_stop(STOPS, over)
    try:
        with everything, Running(everything, address(_HOST, page_port), pace if auto else None) as running:
            if record is not None:
                _record(running.url, record, program)
                return
            click.echo(f"The demo: {running.url}\nThe console: {everything.url}/_mock/\nCtrl-C ends it.")
            sys.stdout.flush()
            if not no_browser:
                webbrowser.open(running.url)
            over.wait()
    except StartFailedError as error:
        raise ImpossibleError(str(error)) from None


def _on_stop(numbers: list[signal.Signals], over: threading.Event) -> None:
    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form signal.signal asks for
        over.set()

    for number in numbers:
        signal.signal(number, end)


def _recorder(browser: str | None) -> str:
    """The browser that takes the pictures.

    :raises ImpossibleError: when there is none, or nothing to drive it with
    """
    try:
        import playwright.sync_api  # noqa: F401, PLC0415 - an extra; looked for before anything is started
    except ImportError:
        raise ImpossibleError("Playwright is not installed: pip install 'tpmock[demo]'.") from None
    found = browser or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None or not Path(found).exists():
        sentence = f"{browser} is not there." if browser else "No Chromium, Chrome or Edge was found."
        raise ImpossibleError(f"{sentence} Name one with --browser PATH.")
    return found


def _record(url: str, folder: Path, browser: str) -> None:
    from mockserver.demo.recording import record  # noqa: PLC0415 - Playwright is an extra

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImpossibleError(f"{folder} cannot be made: {error.strerror}.") from None
    for picture in record(url, folder, browser):
        click.echo(picture)
