"""A customer clicks the whole way against ``tpmock up``, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.destination.conftest import order_completed
from tests.system.browser.watching import Watched
from tests.system.installed.running import PATIENCE, Up


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def watched(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Watched]:
    context = chromium.new_context(java_script_enabled=request.param)
    context.set_default_timeout(60_000)
    yield Watched(context.new_page())
    context.close()


def test_a_customer_connects_a_shop_and_an_order_invites(watched: Watched, running: Up) -> None:
    page, connect = watched.page, running.address_of("Connect a shop")
    page.goto(connect)
    expect(page.get_by_role("heading", name="Connect a shop")).to_be_visible()
    page.get_by_label("Domain").fill(running.address_of("domain"))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Trustpilot Demo Shop")).to_be_visible()
    page.get_by_role("link", name="Log in at Trustpilot").click()
    page.get_by_label("E-mail").fill(running.address_of("username"))
    page.get_by_label("Password").fill(running.address_of("password"))
    page.get_by_role("button", name="Log in and allow").click()
    expect(page.get_by_role("heading", name="Connected")).to_be_visible()
    key = page.get_by_label("Integration Key").input_value()

    destination = running.address_of("Destination")
    for _ in range(2):
        answer = requests.post(destination, json=order_completed("501"), auth=(key, ""), timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
    assert [row["referenceNumber"] for row in running.control.rows("invitations")] == ["501"]
    sent = running.control.rows("journal", operation="createEmailInvitations")
    assert len(sent) == 1
    assert running.address_of("partnerId") in str(sent[0])

    page.get_by_role("link", name="Disconnect a shop").click()
    page.get_by_label("Integration Key").fill(key)
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("status")).to_contain_text("disconnected")
    gone = requests.post(destination, json=order_completed("502"), auth=(key, ""), timeout=PATIENCE)
    assert gone.status_code == 401

    assert watched.said == []
    assert watched.hosts == {urlsplit(running.url).netloc, urlsplit(connect).netloc}


def test_a_customer_who_may_not_or_will_not_reads_why(watched: Watched, running: Up) -> None:
    page = watched.page
    page.goto(running.address_of("Connect a shop"))
    page.get_by_label("Domain").fill(running.address_of("domain"))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Log in at Trustpilot").click()
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_role("alert")).to_contain_text("You refused access")
    page.get_by_role("link", name="Begin again").click()
    page.get_by_label("Domain").fill("free.example.com")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("A paid Trustpilot plan is needed")
    # The browser itself writes down each page that is a refusal; nothing else may be said.
    assert {line for line in watched.said if "status of 403" not in line} == set()
