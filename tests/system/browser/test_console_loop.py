"""From an order to an answered review by clicks alone, in the console of ``tpmock up``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.system.browser.watching import Watched
from tests.system.installed.running import Command, Up, up

#: Names and words that a careless page would run, or that would turn the line around it.
NAME = "<script>alert('name')</script>"
SURNAME = "עדה <img src=x onerror=alert(1)>"
TITLE = "תודה \N{RIGHT-TO-LEFT OVERRIDE}<script>alert('title')</script>"
WORDS = "</textarea></p><script>alert('text')</script> نعم"
ANSWER = '"><svg onload=alert(2)> شكرا'


@dataclass(frozen=True)
class Person:
    """A user of the console, who sees it change by itself where scripts run, and reloads where not."""

    watched: Watched
    scripts: bool
    mock: Up
    #: The number of their order.
    order: str

    @property
    def page(self) -> Page:
        return self.watched.page

    def sees(self, thing: Locator) -> None:
        """Wait for what has to appear."""
        if not self.scripts:
            self.mock.control.settle()
            self.page.reload()
        expect(thing).to_be_visible()

    def goes(self, name: str) -> None:
        """To another page by the menu."""
        self.page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name=name).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.fixture(scope="module")
def mock(tpmock: Command, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tpmock, tmp_path_factory.mktemp("loop")) as started:
        yield started


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def person(chromium: Browser, mock: Up, request: pytest.FixtureRequest) -> Iterator[Person]:
    context = chromium.new_context(java_script_enabled=request.param)
    context.set_default_timeout(60_000)
    yield Person(Watched(context.new_page()), request.param, mock, f"<b>{1001 + request.param}</b>")
    context.close()


def order(person: Person, kind: str) -> None:
    """Send an order, send its email, and open it."""
    page = person.page
    page.goto(person.mock.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")
    page.get_by_label("Order", exact=True).fill(person.order)
    page.get_by_label("First name").fill(NAME)
    page.get_by_label("Last name").fill(SURNAME)
    page.get_by_role("button", name="Send the order").click()
    expect(page.get_by_role("status")).to_contain_text(f"Segment accepted the order {person.order}.")
    person.sees(page.get_by_role("row").filter(has_text=person.order).filter(has_text="Email scheduled"))
    page.get_by_role("button", name="2 min").click()
    person.goes("Outbox")
    mail = page.get_by_role("list", name="Emails").get_by_role("link").filter(has_text=person.order)
    person.sees(mail.filter(has_text=f"{NAME} {SURNAME}").filter(has_text=kind))
    mail.click()
    expect(page.get_by_role("article")).to_contain_text(f"Hello {NAME} {SURNAME},")


def write(person: Person) -> None:
    """Follow the link of the mail that is shown, write a review in the tab that opens, and come back."""
    with person.page.context.expect_page() as opened:
        person.page.get_by_role("link", name="Follow the link").click()
    tab = opened.value
    stars = tab.get_by_role("group", name="Stars")
    stars.get_by_role("radio", name="3 of 5 stars").focus()
    # Without a mouse: the arrow keys move between the stars.
    tab.keyboard.press("ArrowRight")
    expect(stars.get_by_role("radio", name="4 of 5 stars")).to_be_checked()
    tab.get_by_label("Title").fill(TITLE)
    tab.get_by_label("Your review").fill(WORDS)
    tab.get_by_role("button", name="Publish").click()
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    tab.close()


def test_an_order_becomes_an_answered_review_by_clicks(person: Person) -> None:
    page = person.page
    order(person, "service")
    write(person)
    person.sees(page.get_by_text(WORDS))
    page.get_by_role("link", name="Reply, tag or report it").click()
    page.get_by_label("Reply").fill(ANSWER)
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The reply was posted.")
    expect(page.get_by_text(f"The company replied: {ANSWER}")).to_be_visible()

    person.goes("Trustpilot")
    page.get_by_role("link", name="Service reviews").click()
    expect(page.get_by_role("listitem").filter(has_text=WORDS).first).to_contain_text("replied")

    person.goes("Orders")
    page.get_by_role("link", name=person.order).first.click()
    sequence = page.get_by_role("region", name="Sequence")
    for said in ("4 stars", "reply"):
        expect(sequence.get_by_text(said).first).to_be_visible()

    person.goes("Requests")
    page.get_by_role("link", name="email-invitations").first.click()
    page.get_by_role("button", name="Repeat this request").click()
    expect(page.get_by_role("status")).to_contain_text("the status is 202")

    assert person.watched.said == []
    assert person.watched.hosts == {urlsplit(person.mock.url).netloc}
    assert [row["reply"] for row in person.mock.control.rows("reviews", referenceId=person.order)] == [ANSWER]
    assert len(person.mock.control.rows("invitations", referenceNumber=person.order)) == 2
    no_page_is_wider_than_the_screen_or_runs_what_was_written(person)


def no_page_is_wider_than_the_screen_or_runs_what_was_written(person: Person) -> None:
    page = person.page
    reviews = person.mock.control.rows("reviews", referenceId=person.order)
    mails = person.mock.control.rows("invitations", referenceNumber=person.order)
    entries = [row["id"] for row in person.mock.control.rows("journal") if row["operation"] == "createEmailInvitations"]
    for path in (
        *("orders/", f"orders/{mails[0]['trace']}", "outbox/", f"outbox/{mails[0]['id']}", "requests/"),
        *(f"requests/{entries[-1]}", "search/?q=script", "trustpilot/", "trustpilot/reviews"),
        *(f"trustpilot/reviews/{reviews[0]['id']}", "trustpilot/product-reviews", "trustpilot/users"),
        *("trustpilot/tokens", "trustpilot/webhooks"),
    ):
        page.goto(f"{person.mock.url}/_mock/console/default/{path}")
        # Counted by the browser itself, as pages of people without scripts cannot.
        for width in (360, 1280) if person.scripts else ():
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("main script, main img, main svg:not(.bars), main b").count() == 0, path
    assert person.watched.said == []
    assert person.watched.hosts == {urlsplit(person.mock.url).netloc}
