"""Runs the demo in a real browser, as a presenter would, and takes a picture of each scene."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, expect, sync_playwright
from tpmock.cli.demo.story import SCENES

#: Timeout of one scene in milliseconds; one of them waits for the contract cases.
_PATIENCE: Final = 600_000
_SIZE: Final = (1440, 900)


def record(url: str, folder: Path, browser: str) -> Iterator[Path]:
    """Run every scene in the program ``browser`` and yield each picture after writing it."""
    # Root, as in containers, cannot use the browser's own sandbox; only our own pages are opened.
    safe = not hasattr(os, "geteuid") or os.geteuid() != 0
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, chromium_sandbox=safe)
        page = chromium.new_page(viewport={"width": _SIZE[0], "height": _SIZE[1]}, color_scheme="light")
        page.set_default_timeout(_PATIENCE)
        expect.set_options(timeout=_PATIENCE)
        page.goto(url)
        for number, scene in enumerate(SCENES, 1):
            play(page, scene.title)
            picture = folder / f"{number:02d}-{scene.name}.png"
            page.screenshot(path=picture, full_page=True)
            yield picture
            if number < len(SCENES):
                page.get_by_role("link", name="Next", exact=True).click()
        chromium.close()


def play(page: Page, title: str) -> None:
    """Run the current scene, and wait for its end."""
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    page.locator("#play button").click()
    expect(page.get_by_role("region", name="What was seen")).to_be_visible()
