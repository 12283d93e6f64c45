"""Pages over what is too long, too much or gone: they stay readable, and say what they no longer know."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, expect
from tpmock.console import ROOT

from tests.support.sandboxes import TOKEN_PATH, an_invitation, an_order, basic
from tests.system.browser.watching import Watched
from tests.system.installed.running import PATIENCE, Command, Up, up

#: One word each: a name, an address, and an order number as long as a trace keeps.
NAME, EMAIL, NUMBER = "N" * 255, f"{'a' * 64}@{'b' * 60}.example.com", "1" * 240
#: Characters of a body that a page shows; the rest is counted.
LARGE = "large " * (64 * 1024 // 6)
EXCHANGES = 500


class Universe:
    """A sandbox of its own, filled by its own programs."""

    def __init__(self, mock: Up, name: str) -> None:
        self.url, self.home = mock.url, f"{mock.url}{ROOT}/{name}"
        self.session = requests.Session()
        self.credentials: dict[str, str] = self._post("/_mock/sandboxes", json={"id": name})["credentials"]
        client = basic(self.credentials["apiKey"], self.credentials["apiSecret"])
        token = self._post(TOKEN_PATH, client, data={"grant_type": "client_credentials"})["access_token"]
        self.bearer = f"Bearer {token}"

    def _post(self, path: str, authorization: str = "", **body: Any) -> Any:
        headers = {"Authorization": authorization} if authorization else {}
        answer = self.session.post(f"{self.url}{path}", headers=headers, timeout=PATIENCE, **body)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def invite(self, **changes: Any) -> None:
        """Ask for a review."""
        path = f"/v1/private/business-units/{self.credentials['businessUnitId']}/email-invitations"
        self._post(path, self.bearer, json=an_invitation(**changes))

    def track(self, **properties: Any) -> None:
        """Send an order to Segment."""
        self._post("/v1/track", basic(self.credentials["writeKey"]), json=an_order(**properties))


@pytest.fixture(scope="module")
def mock(tpmock: Command, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tpmock, tmp_path_factory.mktemp("bad-input")) as started:
        yield started


@pytest.fixture
def watched(chromium: Browser) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    yield Watched(context.new_page())
    context.close()


def fits(watched: Watched) -> None:
    """See that no page is wider than a screen or a phone."""
    for width in (1280, 390):
        watched.page.set_viewport_size({"width": width, "height": 800})
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width, watched.page.url
    watched.page.set_viewport_size({"width": 1280, "height": 800})


def test_long_words_and_large_bodies_keep_a_page_in_its_window(mock: Up, watched: Watched) -> None:
    page = watched.page
    universe = Universe(mock, "w" * 60)
    universe.track(order_id=NUMBER, email=EMAIL, name=NAME, surname="", context={"page": LARGE[:20_000]})
    universe.invite(referenceNumber=NUMBER, consumerEmail=EMAIL, consumerName=NAME, tags=[LARGE])
    for place in ("orders/", f"orders/{NUMBER}", "outbox/", "requests/", "search/?q=NNN", "segment/debugger"):
        page.goto(f"{universe.home}/{place}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        fits(watched)
    page.goto(f"{universe.home}/requests/")
    page.get_by_role("link", name="email-invitations").first.click()
    expect(page.locator("#chosen")).to_contain_text("characters more")
    fits(watched)
    assert watched.said == []


def test_an_order_with_hundreds_of_exchanges_is_read_like_any_other(mock: Up, watched: Watched) -> None:
    page = watched.page
    universe = Universe(mock, "busy")
    for number in range(EXCHANGES):
        universe.invite(referenceNumber="1001", consumerEmail=f"p{number}@example.com")
    page.goto(f"{universe.home}/orders/1001")
    expect(page.get_by_text("further steps are no longer kept")).to_be_visible()
    lines = page.get_by_role("region", name="Sequence of this order").get_by_role("listitem")
    assert 100 < lines.count() <= EXCHANGES
    # The exchange of the newest step opens beside the picture.
    page.get_by_role("button", name="create email invitations").last.click()
    expect(page.get_by_role("region", name="Exchange")).to_contain_text(f"p{EXCHANGES - 1}@example.com")
    fits(watched)
    timing = json.loads(page.evaluate("JSON.stringify(performance.getEntriesByType('navigation')[0])"))
    assert timing["encodedBodySize"] < 3_000_000
    assert watched.said == []


def test_a_mock_that_hangs_and_wakes_is_reported(mock: Up, watched: Watched) -> None:
    page = watched.page
    universe = Universe(mock, "sleepy")
    # Its timers run when the test says so.
    page.clock.install()
    page.goto(f"{universe.home}/orders/")
    expect(page.get_by_text("No order yet")).to_be_visible()
    asleep = mock.tree()
    for process in asleep:
        process.send_signal(signal.SIGSTOP)
    try:
        page.clock.run_for(2_000)
        expect(page.locator("#lost")).to_be_hidden()
        page.clock.run_for(10_000)
        expect(page.locator("#lost")).to_contain_text("The mock does not answer. The page shows its last state.")
        expect(page.get_by_text("No order yet")).to_be_visible()
    finally:
        for process in reversed(asleep):
            process.send_signal(signal.SIGCONT)
    with page.expect_response("**/sleepy/orders/"):
        page.clock.run_for(2_000)
    expect(page.locator("#lost")).to_be_hidden()
