"""Every page of the console, light and dark, wide and narrow, with scripts and without: everybody can use it.

Accessibility is judged by axe-core, which comes inside a Python package; the rest is what a person would notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal
from urllib.parse import quote, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, expect
from tpmock.console import ROOT
from tpmock.console.app import HEADERS
from tpmock.console.menu import PAGES

from tests.system.browser.obstacles import obstacles
from tests.system.browser.watching import Watched
from tests.system.installed.running import PATIENCE, Command, Up, up

HOME = f"{ROOT}/default"
#: Behind the menu: a trace, a mail, an exchange, a destination, a question, the kill matrix, lists that hold nothing;
#: and the documentation, which belongs to no sandbox.
DEEPER = {
    "order": "orders/{order}",
    "no order": "orders/?q=nobody",
    "exchange": "requests/1",
    "search": "search/?q=ada",
    "components": "/_mock/ui/components",
    "mail": "outbox/{mail}",
    "the emails of an unknown key": "outbox/?key=nobody",
    "debugger": "segment/debugger",
    "sources": "segment/sources",
    "destinations": "segment/destinations",
    "audiences": "segment/audiences",
    "destination": "segment/destinations/Trustpilot",
    "settings of a destination": "segment/destinations/Trustpilot/settings",
    "event tester": "segment/destinations/Trustpilot/test",
    "replay": "segment/destinations/Trustpilot/replay",
    "users": "trustpilot/users",
    "tokens": "trustpilot/tokens",
    "reset": "sandboxes/default/reset",
    "delete": "sandboxes/other/delete",
    "matrix": "contract/matrix",
    "faults": "controls/faults",
    "variants": "controls/variants",
    "no variant": "controls/variants?variant=nothing",
    "snapshots": "controls/snapshots",
    "sandboxes": "controls/sandboxes",
    "usage": "controls/usage",
    "a program": "connect/?program=java",
    "no operation": "coverage/?word=nothing",
    "documentation": "/_mock/docs/",
    "guide": "/_mock/docs/how-to/docker",
    "reference": "/_mock/docs/reference/commands",
    "documentation search": "/_mock/docs/?q=expired+token",
    "no documentation": "/_mock/docs/?q=zzzz",
}
PLACES = {**{room.pages.name: f"{room.pages.name}/" for room in PAGES}, **DEEPER}
#: Looks of a page that is loaded once: the colors, and the width in pixels.
LOOKS: Final[tuple[tuple[Literal["light", "dark"], int], ...]] = (("light", 1440), ("dark", 390))
#: Pixels of the side menu that are below the window.
BELOW = """() => {
  const menu = document.querySelector(".side-menu");
  return menu.scrollHeight - menu.clientHeight + menu.getBoundingClientRect().bottom - innerHeight;
}"""
ORDER = {"email": "ada@example.com", "name": "Ada", "surname": "Example"}


@pytest.fixture(scope="module")
def furnished(tpmock: Command, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A mock in which every page has something to show: mails, a loss, faults, a snapshot, a review."""
    with up(tpmock, tmp_path_factory.mktemp("furnished")) as running:

        def control(method: str, path: str, body: object = None) -> None:
            answer = requests.request(method, f"{running.url}/_mock/sandboxes{path}", json=body, timeout=PATIENCE)
            answer.raise_for_status()

        def order(number: str, **properties: str) -> None:
            event = {
                "userId": "customer-1",
                "event": "Order Completed",
                "properties": {"order_id": number, **properties},
            }
            key = (running.write_key, "")
            requests.post(f"{running.url}/v1/track", json=event, auth=key, timeout=PATIENCE).raise_for_status()
            running.control.settle()

        order("1001", **ORDER)
        control("POST", "/default/clock/advance", {"by": "7d"})
        control("POST", "/default/reviews", {"invitation": "1001", "stars": 4, "title": "Good", "text": "It came."})
        order("1002", **ORDER)
        order("1003")
        control("POST", "/default/faults", {"fault": "email-invitations 429 x2"})
        control("POST", "/default/faults", {"fault": "find delay 2s for 5m"})
        control("PUT", "/default/snapshots/before-the-sale")
        control("PATCH", "/default/variants", {"retry_policy": "classic"})
        control("POST", "", {"id": "other"})
        yield running


def address(running: Up, name: str) -> str:
    mail = running.control.rows("invitations")[0]["id"]
    place = PLACES[name].format(order="1001", mail=quote(mail))
    return f"{running.url}{place if place.startswith('/') else f'{HOME}/{place}'}"


@pytest.fixture(scope="module")
def awake(chromium: Browser) -> Iterator[Watched]:
    """A browser as most people have it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(60_000)
    yield Watched(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def plain(chromium: Browser) -> Iterator[Watched]:
    """A browser in which no script runs."""
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    context.set_default_timeout(60_000)
    yield Watched(context.new_page())
    context.close()


def opened(watched: Watched, running: Up, name: str) -> None:
    """Go there, and see that it is a page of the console under its policy."""
    watched.said.clear()
    watched.hosts.clear()
    answer = watched.page.goto(address(running, name))
    assert answer is not None
    assert (answer.status, answer.header_value("content-security-policy")) == (
        200,
        HEADERS["Content-Security-Policy"],
    )
    expect(watched.page.get_by_role("heading", level=1)).to_be_visible()
    expect(watched.page.get_by_text("Unofficial: a local mock")).to_be_visible()


@pytest.mark.parametrize("name", PLACES)
def test_a_page_is_for_everybody_at_every_width(awake: Watched, furnished: Up, name: str) -> None:
    page = awake.page
    opened(awake, furnished, name)
    # What is folded away is for everybody too.
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        assert obstacles(page) == [], (scheme, width)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"the page itself does not scroll sideways at {width}"
        assert page.evaluate(BELOW) <= 0, f"all of the side menu is in the window at {width}"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert awake.said == []
    assert awake.hosts == {urlsplit(furnished.url).netloc}


@pytest.mark.parametrize("name", PLACES)
def test_a_page_works_without_scripts(plain: Watched, furnished: Up, name: str) -> None:
    opened(plain, furnished, name)
    for form in plain.page.locator("form").all():
        assert form.locator("button:not([type=button]), input[type=submit]").count() > 0, form.inner_html()
    assert plain.said == []
    assert plain.hosts == {urlsplit(furnished.url).netloc}


@pytest.mark.parametrize("name", [room.pages.name for room in PAGES])
def test_a_page_that_looks_again_stays_as_it_is(awake: Watched, furnished: Up, name: str) -> None:
    opened(awake, furnished, name)
    place = address(furnished, name)
    with awake.page.expect_response(lambda answer: answer.url == place and answer.request.resource_type == "fetch"):
        """The page asks for itself."""
    assert awake.said == []
    assert obstacles(awake.page) == []


def test_code_of_the_documentation_is_copied_with_a_button(chromium: Browser, plain: Watched, furnished: Up) -> None:
    opened(plain, furnished, "guide")
    expect(plain.page.get_by_role("button", name="Copy code 1")).to_have_count(0)
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address(furnished, "guide"))
    page.get_by_role("button", name="Copy code 1").click()
    expect(page.get_by_role("button", name="Copy code 1")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#code-1").text_content()
    context.close()


def test_an_obstacle_would_be_noticed(awake: Watched, furnished: Up) -> None:
    opened(awake, furnished, "orders")
    awake.page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<button></button>')")
    assert [line.partition(":")[0] for line in obstacles(awake.page)] == ["button-name"]


def test_what_is_written_into_a_page_does_not_run(awake: Watched, furnished: Up) -> None:
    opened(awake, furnished, "orders")
    awake.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            // Nothing is asked for: its answer would come in the next test, and be reported there.
            document.body.insertAdjacentHTML("beforeend", "<img src='data:image/png,no' onerror='window.ran = true'>");
            const style = document.createElement("style");
            style.textContent = "body { display: none }";
            document.body.append(style);
        }"""
    )
    awake.page.wait_for_function("document.querySelector('img[onerror]').complete")
    assert awake.page.evaluate("window.ran") is None
    expect(awake.page.get_by_role("heading", level=1)).to_be_visible()
    assert any("Content Security Policy" in line for line in awake.said)


def test_the_report_of_a_run_is_shown_in_the_frame_and_alone(awake: Watched, furnished: Up) -> None:
    opened(awake, furnished, "matrix")
    page = awake.page
    page.get_by_role("searchbox", name="Find").fill("fails-on-odd-characters")
    page.locator("main").get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Run fails-on-odd-characters").click()
    expect(page.get_by_text("running", exact=True)).to_be_visible()
    # Seen by itself, without loading the page again.
    expect(page.get_by_role("link", name="Open the report")).to_be_visible(timeout=PATIENCE * 1000)
    assert obstacles(page) == []
    page.get_by_role("link", name="Open the report").click()
    expect(page.locator("iframe")).to_have_attribute("src", f"{HOME}/contract/report.html")
    for theme in ("dark", "light"):
        page.get_by_role("button", name="Light or dark").click()
        report = page.frame_locator("iframe").locator(f'html[data-theme="{theme}"]')
        expect(report).to_have_css("color-scheme", theme)
    page.evaluate("localStorage.clear()")
    page.get_by_role("link", name="Open it alone").click()
    page.wait_for_url("**/contract/report.html")
    # No script runs in it, not Playwright's either: what it says is read from what is sent.
    alone = requests.get(page.url, timeout=PATIENCE)
    assert "the mutant fails-on-odd-characters" in alone.text
    assert alone.headers["Content-Security-Policy"].startswith("sandbox;")
    page.goto(f"{furnished.url}{HOME}/contract/")
    assert awake.said == []
    assert awake.hosts == {urlsplit(furnished.url).netloc}


def test_a_live_page_lights_new_rows_pauses_and_says_when_it_is_out_of_date(awake: Watched, furnished: Up) -> None:
    page = awake.page
    requests.post(f"{furnished.url}/_mock/sandboxes", json={"id": "watched"}, timeout=PATIENCE).raise_for_status()
    sandbox = requests.get(f"{furnished.url}/_mock/sandboxes/watched", timeout=PATIENCE).json()

    def order(number: str) -> None:
        event = {"userId": "customer-1", "event": "Order Completed", "properties": {"order_id": number, **ORDER}}
        key = (sandbox["credentials"]["writeKey"], "")
        requests.post(f"{furnished.url}/v1/track", json=event, auth=key, timeout=PATIENCE).raise_for_status()

    order("1")
    page.goto(f"{furnished.url}{ROOT}/watched/orders/")
    expect(page.locator("tr[data-key].new")).to_have_count(0)
    order("2")
    expect(page.locator("tr[data-key].new")).to_have_count(1)
    # A search by a part leads to the order in two steps.
    page.keyboard.press("/")
    page.keyboard.type("da@exam")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="2", exact=True).click()
    # An exchange opens beside the picture, and stays open when the page looks again.
    page.get_by_role("button", name="track", exact=True).click()
    expect(page.get_by_role("region", name="Exchange")).to_be_visible()
    assert obstacles(page) == []
    page.goto(f"{furnished.url}{ROOT}/watched/requests/")
    page.get_by_role("button", name="Pause").click()
    before = page.locator("tr[data-key]").count()
    order("3")
    page.get_by_role("button", name="Paused: resume").click()
    expect(page.locator("tr[data-key]")).to_have_count(before + 1)
    requests.delete(f"{furnished.url}/_mock/sandboxes/watched", timeout=PATIENCE).raise_for_status()
    expect(page.locator("#lost")).to_contain_text("This is no longer here")
    page.route("**/*", lambda route: route.abort())
    expect(page.locator("#lost")).to_contain_text("The mock does not answer")
    page.unroute_all()


def test_a_fault_is_picked_and_its_line_follows(awake: Watched, furnished: Up) -> None:
    opened(awake, furnished, "faults")
    page = awake.page
    line = page.get_by_label("The fault as a line")
    expect(line).to_have_text("createEmailInvitations 429 x2")
    page.get_by_role("textbox", name="Count").fill("3")
    expect(line).to_have_text("createEmailInvitations 429 x3")
    page.get_by_role("textbox", name="Amount").fill("often")
    expect(page.locator("#fault-line")).to_contain_text("is not a whole number")
    expect(page.get_by_role("button", name="Show its line")).to_be_hidden()
    page.get_by_role("textbox", name="Amount").fill("503")
    page.get_by_role("button", name="Add this fault").click()
    expect(page.get_by_role("status").filter(has_text="Added:")).to_contain_text("createEmailInvitations 503 x3")
    assert awake.said == []


def test_a_credential_is_copied_with_a_button(chromium: Browser, furnished: Up) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address(furnished, "connect"))
    page.get_by_role("button", name="Copy apiKey").click()
    expect(page.get_by_role("button", name="Copy apiKey")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#credential-apiKey").text_content()
    context.close()


def test_the_keyboard_leads_everywhere(awake: Watched, furnished: Up) -> None:
    opened(awake, furnished, "controls")
    page = awake.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "where one is can be seen"
