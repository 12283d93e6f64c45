"""Which browser is driven: one that is installed; none is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.system.installed.conftest import _no_proxies, mock_url, running, tpmock

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["_no_proxies", "mock_url", "running", "tpmock"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--chromium", metavar="PATH", help="drive this browser; without it tests/system/browser is left out"
    )
    parser.addoption("--write-pictures", action="store_true", help="take the README's pictures anew")


def _chromium(config: pytest.Config) -> str | None:
    # A run of all tests reads this file too late to know the option.
    path: str | None = config.getoption("--chromium", default=None)
    return path


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if _chromium(config) is None else None


@pytest.fixture(scope="session")
def chromium(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """The browser, without a window."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only who has the option needs it

    path = _chromium(pytestconfig)
    with sync_playwright() as playwright:
        # Without its sandbox, which root may not use: nothing but our own pages is opened.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
