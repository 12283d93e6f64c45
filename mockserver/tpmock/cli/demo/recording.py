"""Plays the demo in a real browser, as a presenter would, and makes a film strip: a picture of each slide, and one page
with all of them that needs nothing else.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader
from playwright.sync_api import Page, sync_playwright
from tpmock.cli.demo.session import DemoSession, View
from tpmock.common.version import __version__

#: Timeout of one slide in milliseconds; one of them waits for the contract cases.
_PATIENCE: Final = 600_000
_SIZE: Final = (1280, 720)
#: The page of a film strip.
FILM: Final = "index.html"


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture with what it says, for those who cannot see it.

    :ivar picture: a PNG, as base64
    """

    title: str
    caption: str
    findings: list[str]
    picture: str


def record(session: DemoSession, url: str, folder: Path, browser: str) -> Iterator[Path]:
    """Play the whole story in the program ``browser``, and yield each file after writing it."""
    # Root, as in containers, cannot use the browser's own sandbox; only our own pages are opened.
    safe = not hasattr(os, "geteuid") or os.geteuid() != 0
    frames = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, chromium_sandbox=safe)
        page = chromium.new_page(viewport={"width": _SIZE[0], "height": _SIZE[1]}, color_scheme="light")
        page.set_default_timeout(_PATIENCE)
        page.goto(url)
        while press(page):
            view = session.view
            if view.shown is None:
                continue
            picture = folder / f"{view.number:02d}-{view.scene.name}-{view.slide}.png"
            image = page.screenshot(path=picture)
            frames.append(_frame(view, image))
            yield picture
        chromium.close()
    film = folder / FILM
    film.write_text(_film(session.programs.subject.name, frames), encoding="utf-8")
    yield film


def press(page: Page, key: str = "ArrowRight") -> bool:
    """Press a key, and wait for the slide that follows; return False at the end of the story."""
    if page.locator("main[data-end]").count():
        return False
    place = page.locator("main[data-place]").get_attribute("data-place")
    page.keyboard.press(key)
    page.locator(f'main[data-place]:not([data-playing]):not([data-place="{place}"])').wait_for()
    return True


def _frame(view: View, image: bytes) -> Frame:
    slide = view.shown
    assert slide is not None  # noqa: S101 - asked by the caller
    findings = [f"{_word(finding.ok)}{finding.text}" for finding in slide.findings]
    return Frame(view.scene.title, slide.caption or view.scene.lead, findings, base64.b64encode(image).decode("ascii"))


def _word(ok: bool | None) -> str:  # noqa: FBT001 - what a finding holds
    return "" if ok is None else "As expected: " if ok else "Not as expected: "


def _film(subject: str, frames: list[Frame]) -> str:
    pages = Environment(loader=PackageLoader("tpmock.cli.demo"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return pages.get_template("film.html").render(subject=subject, frames=frames, version=__version__)
