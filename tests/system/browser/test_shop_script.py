"""A page of a shop, as the documentation prints it, in a browser: from another origin than the mock's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, ConsoleMessage

from tests.support import ROOT
from tests.system.browser.watching import Watched
from tests.system.installed.running import Control

DOCUMENTATION = ROOT / "mockserver" / "docs" / "how-to" / "shop-script.md"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: what went wrong is seen in the browser."""


@pytest.fixture
def shop(tmp_path: Path, mock_url: str) -> Iterator[str]:
    """The documentation's page, served by a shop."""
    [page] = re.findall(r"^```html\n(.*?)^```$", DOCUMENTATION.read_text(encoding="utf-8"), re.DOTALL | re.M)
    folder = tmp_path / "shop"
    folder.mkdir()
    whole = f'<!doctype html><title>Thanks</title><link rel="icon" href="data:,">{page}'
    (folder / "thanks.html").write_text(whole.replace("http://127.0.0.1:8080", mock_url), encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_page_of_the_documentation_invites(chromium: Browser, shop: str, mock_url: str) -> None:
    context = chromium.new_context()
    context.set_default_timeout(60_000)
    watched = Watched(context.new_page())

    def said(message: ConsoleMessage) -> bool:
        return message.text.startswith("tpmock:")

    with watched.page.expect_console_message(said) as told:
        watched.page.goto(f"{shop}/thanks.html")
    assert told.value.type == "info", watched.said
    assert told.value.text.startswith("tpmock: Queued until")
    [mail] = Control(mock_url).rows("invitations")
    assert (mail["referenceNumber"], mail["consumerEmail"]) == ("1001", "ada@example.com")
    hosts = {shop.removeprefix("http://"), mock_url.removeprefix("http://")}
    assert watched.hosts - {""} == hosts
    context.close()
