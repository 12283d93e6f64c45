"""The pictures of the README and the documentation. ``--write-pictures`` takes them; every run checks
that they are current.

Pixels differ from machine to machine with its fonts; what a page says does not. So ``fixtures/pictures`` keeps the text
that each page had when its picture was taken, and a page that says something else by now needs a new picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tpmock.cli.demo.recording import press

from tests.support import ROOT
from tests.system.browser.test_demo import LONG, demo
from tests.system.installed.running import Command, Up, ran

DOCS = ROOT / "mockserver" / "docs"
PICTURES = DOCS / "pictures"
TEXTS = ROOT / "fixtures" / "pictures"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
#: What differs from run to run, and what stands for it.
VOLATILE = (
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?Z?", "<moment>"),
    (r"\b\d\d:\d\d:\d\d\b", "<moment>"),
    (r"(127\.0\.0\.1|localhost):\d+", "<address>"),
    (r"\b\d+(\.\d+)? (ms|s)\b", "<time>"),
    (r"\b[0-9a-f]{24,}\b", "<id>"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<id>"),
    (r"0\.\d+\.\d+", "<version>"),
)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def said(page: Page, where: str) -> str:
    """What a page says, without what differs from run to run."""
    text = "\n".join(page.locator(where).all_inner_texts())
    for pattern, name in VOLATILE:
        text = re.sub(pattern, name, text)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


def taken(page: Page, name: str, config: pytest.Config, where: str = "body", *, whole: bool = False) -> None:
    """Take a picture, or see that the one there is shows this.

    :param where: what of the page has to say the same
    """
    picture, words = PICTURES / f"{name}.png", TEXTS / f"{name}.txt"
    now = page.screenshot(full_page=whole)
    assert now.startswith(b"\x89PNG")
    if config.getoption("--write-pictures"):
        picture.write_bytes(now)
        words.write_text(said(page, where), encoding="utf-8")
    assert said(page, where) == words.read_text(encoding="utf-8"), f"{picture.name} is out of date: --write-pictures"
    assert any(f"pictures/{picture.name})" in shown.read_text(encoding="utf-8") for shown in PAGES)


def test_the_console(page: Page, running: Up, tpmock: Command, pytestconfig: pytest.Config) -> None:
    url = running.address_of("Trustpilot, Segment")
    page.goto(url)
    for email in ("ada@example.com", "bounce@example.com", ""):
        page.get_by_label("E-mail", exact=True).fill(email)
        page.get_by_role("button", name="Send the order").click()
        running.control.settle()
    page.get_by_role("button", name="+2 min", exact=True).click()
    expect(page.locator(".order-table tbody tr")).to_have_count(3)
    taken(page, "console-flow", pytestconfig, whole=True)
    page.get_by_role("link", name="1001", exact=True).click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    taken(page, "console-trace", pytestconfig, whole=True)


#: Some that fail, one that warns and one that passes.
CASES = [part for case in ("DEST-020", "DEST-050", "DEST-051", "DEST-053", "DEST-055") for part in ("--case", case)]


def test_the_report(page: Page, tpmock: Command, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    report = tmp_path / "report.html"
    ran([*tpmock, "test", "--seed", "7", "--mutant", "no-dedupe", *CASES, "--report", f"html={report}"])
    page.goto(report.as_uri())
    # How many calls a retry takes is chance, and in which order they come.
    taken(page, "report", pytestconfig, "h1, h2, th")


def test_the_demo(page: Page, tpmock: Command, pytestconfig: pytest.Config) -> None:
    page.set_default_timeout(LONG * 1000)
    page.set_viewport_size({"width": 1280, "height": 720})
    with demo(tpmock) as url:
        page.goto(url)
        while page.locator('main[data-place="order/1"]').count() == 0:
            assert press(page)
        taken(page, "demo-order", pytestconfig, "main")
