"""The report in a real browser: it logs nothing on the console, makes no request, and can be read, opened and
printed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.system.browser.obstacles import obstacles
from tests.system.browser.watching import Watched

WRONG = ("no-dedupe", "--case", "DEST-050", "--case", "DEST-053", "--case", "DEST-020")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a destination that fails some cases and passes one."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    command = [sys.executable, "-m", "tpmock.kit", "--seed", "7", "--mutant", *WRONG, "--report", f"html={file}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert ran.returncode == 1, ran.stdout + ran.stderr
    return file


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    chosen: Literal["light", "dark"] = request.param
    return chosen


@pytest.fixture(params=[1280, 360])
def watched(
    chromium: Browser, report: Path, scheme: Literal["light", "dark"], request: pytest.FixtureRequest
) -> Iterator[Watched]:
    context = chromium.new_context(color_scheme=scheme, viewport={"width": request.param, "height": 900})
    context.set_default_timeout(60_000)
    seen = Watched(context.new_page())
    seen.page.goto(report.as_uri())
    yield seen
    context.close()
    # A file has no host.
    assert (seen.said, seen.hosts) == ([], {""})


def shades(page: Page) -> tuple[float, float]:
    """How bright paper and ink are, from 0 to 1."""
    styled = page.evaluate("(({backgroundColor, color}) => [backgroundColor, color])(getComputedStyle(document.body))")
    paper, ink = (sum(map(int, re.findall(r"\d+", color)[:3])) / 765 for color in styled)
    return paper, ink


def test_it_says_at_the_top_what_it_comes_to_and_leads_there(watched: Watched) -> None:
    page = watched.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Contract report: the mutant no-dedupe")
    expect(page.get_by_text("2 of 3 cases that apply failed.")).to_be_visible()
    page.get_by_role("navigation", name="Needs attention").get_by_role("link", name="DEST-053").click()
    expect(page.locator("#DEST-053")).to_be_in_viewport()


def test_what_failed_is_open_and_what_passed_opens_by_keyboard(watched: Watched) -> None:
    page = watched.page
    expect(page.locator("#DEST-050").get_by_text("2 invitations", exact=True)).to_be_visible()
    passed = page.locator("#DEST-020")
    table = passed.get_by_role("table")
    expect(table).to_be_hidden()
    passed.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(table).to_be_visible()


def test_an_exchange_is_shown_whole_with_a_script(watched: Watched) -> None:
    case = watched.page.locator("#DEST-050")
    case.get_by_text("to trustpilot: createEmailInvitations → 202").first.click()
    expect(case.get_by_text('"consumerEmail": "person-1@redacted.example"').first).to_be_visible()
    case.get_by_text("Send it again with curl").click()
    expect(case.get_by_text("#!/bin/sh")).to_be_visible()


def test_it_fits_the_screen_and_follows_the_scheme(watched: Watched, scheme: str) -> None:
    page = watched.page
    wide, screen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= screen
    paper, ink = shades(page)
    assert (paper > 0.9 and ink < 0.3) if scheme == "light" else (paper < 0.2 and ink > 0.8)


def test_on_paper_it_is_as_open_as_it_was(watched: Watched) -> None:
    page = watched.page
    page.emulate_media(media="print")
    expect(page.locator("#DEST-050").get_by_role("table")).to_be_visible()
    expect(page.locator("#DEST-020").get_by_role("table")).to_be_hidden()


def test_axe_finds_no_obstacle(watched: Watched) -> None:
    assert obstacles(watched.page) == []
