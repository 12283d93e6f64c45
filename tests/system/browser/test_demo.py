"""The demo in a real browser: from start to end, again and again, by hand and by itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Page, expect
from tpmock.cli.demo.recording import play
from tpmock.cli.demo.story import SCENES

from tests.system.browser.obstacles import obstacles
from tests.system.browser.watching import Watched
from tests.system.installed.running import PATIENCE, Command, ran

#: The whole story is played so often without a slip.
RUNS = int(os.environ.get("TPMOCK_DEMO_RUNS", "20"))
#: Seconds for a run with the contract cases in it.
LONG = 240


@contextmanager
def demo(tpmock: Command, *options: str) -> Iterator[str]:
    """``tpmock demo``, ready."""
    command = [*tpmock, "demo", "--port", "0", "--no-browser", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            found = re.search(r"The demo: (\S+)", line)
            assert found, line
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0


@pytest.fixture
def watched(chromium: Browser) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(LONG * 1000)
    expect.set_options(timeout=LONG * 1000)
    yield Watched(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def pack(tpmock: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The evidence of a few cases: a demo that shows it need not run them all."""
    made = tmp_path_factory.mktemp("evidence") / "evidence.zip"
    done = ran([*tpmock, "test", "--plan", "standard", "--case", "DEST-002", "--evidence", str(made)], LONG)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def told_wrong(page: Page) -> list[str]:
    """Return the failed checks of the page."""
    return page.locator(".findings .bad").all_inner_texts()


def test_the_story_is_played_again_and_again_without_a_slip(watched: Watched, tpmock: Command, tmp_path: Path) -> None:
    page = watched.page
    with demo(tpmock) as url:
        page.goto(url)
        for run in range(RUNS):
            for number, scene in enumerate(SCENES, 1):
                play(page, scene.title)
                assert told_wrong(page) == [], f"run {run + 1}, scene {scene.name}"
                if run == 0:
                    assert obstacles(page) == []
                if number < len(SCENES):
                    page.get_by_role("link", name="Next", exact=True).click()
            if run == 0:
                with page.expect_download() as download:
                    page.get_by_role("link", name="Download evidence.zip").click()
                taken = tmp_path / "evidence.zip"
                download.value.save_as(taken)
            page.get_by_role("button", name="From the beginning").click()
        page.get_by_role("heading", level=1, name=SCENES[0].title).wait_for()
        assert watched.said == []
        assert watched.hosts == {urlsplit(url).netloc}
    # What was taken away is checked without anything of it running.
    with ZipFile(taken) as members:
        assert "sheet.html" in members.namelist()
    verified = ran([*tpmock, "evidence", "verify", str(taken)])
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_one_goes_back_and_what_was_shown_is_there(watched: Watched, tpmock: Command, pack: Path) -> None:
    page = watched.page
    with demo(tpmock, "--evidence", str(pack)) as url:
        page.goto(url)
        play(page, SCENES[0].title)
        shown = page.get_by_role("region", name="What was seen").inner_text()
        page.get_by_role("link", name="Next", exact=True).click()
        play(page, SCENES[1].title)
        page.get_by_role("link", name="Back", exact=True).click()
        assert page.get_by_role("region", name="What was seen").inner_text() == shown


def test_it_plays_by_itself_and_can_be_stopped(watched: Watched, tpmock: Command, pack: Path) -> None:
    page = watched.page
    with demo(tpmock, "--auto", "--pace", "1", "--evidence", str(pack)) as url:
        page.goto(url)
        expect(page.get_by_role("heading", level=1, name=SCENES[2].title)).to_be_visible()
        page.get_by_role("button", name="Pause").click()
        heading = page.get_by_role("heading", level=1).inner_text()
        expect(page.get_by_role("button", name="Go on by itself")).to_be_visible()
        page.get_by_role("button", name="Go on by itself").click()
        expect(page.get_by_role("heading", level=1, name=heading)).not_to_be_visible()
        assert watched.said == []


def test_it_is_recorded(tpmock: Command, tmp_path: Path, pytestconfig: pytest.Config, pack: Path) -> None:
    browser = ["--browser", str(pytestconfig.getoption("--chromium")), "--evidence", str(pack)]
    made = ran([*tpmock, "demo", "--port", "0", "--record", str(tmp_path / "pictures"), *browser], LONG)
    assert made.returncode == 0, made.stdout + made.stderr
    pictures = sorted((tmp_path / "pictures").iterdir())
    assert [picture.name for picture in pictures] == [f"{n:02d}-{scene.name}.png" for n, scene in enumerate(SCENES, 1)]
    assert all(picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 20_000 for picture in pictures)
    refused = ran([*tpmock, "demo", "--record", str(tmp_path), "--browser", str(tmp_path / "none")])
    assert (refused.returncode, "does not exist" in refused.stderr) == (2, True)
