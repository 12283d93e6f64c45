"""What all pages have in common: where they are, who may see them, and what they never do."""

from __future__ import annotations

import re
from io import RawIOBase
from typing import Any

import pytest
from tpmock.console import assets, sign_in_path
from tpmock.console.app import FORM_BYTES
from tpmock.console.menu import PAGES
from tpmock.server.app import MockApp, MockSettings
from werkzeug.test import Client

from tests.mock.console.conftest import DEFAULT, HOST, Visitor
from tests.mock.console.trustpilot import invite

TOKEN = "a-token-for-tests"
NAMES = [room.pages.name for room in PAGES]


@pytest.mark.parametrize("path", ["/", "/_mock", "/_mock/", "/_mock/console", "/_mock/console/"])
def test_whoever_comes_is_led_to_the_newest_orders(visitor: Visitor, path: str) -> None:
    answer = visitor.client.get(path, headers={"Host": HOST}, follow_redirects=True)
    assert (answer.status_code, answer.request.path) == (200, f"{DEFAULT}/orders/")


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_in_the_menu_and_says_that_it_is_unofficial(visitor: Visitor, name: str) -> None:
    page = visitor.see(f"/{name}/")
    assert "Unofficial" in page
    menu = re.findall(rf'href="{DEFAULT}/(\w+)/"', page)
    assert menu[: len(NAMES)] == NAMES
    assert f'{name}/" aria-current="page"' in page


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_page_comes_from_elsewhere_or_is_written_in_it(visitor: Visitor, name: str) -> None:
    answer = visitor.get(f"/{name}/")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Mock"].startswith("tpmock/")
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.text)
    assert " style=" not in answer.text
    assert not re.findall(r"<script(?![^>]*\bsrc=)|\bon\w+=\"", answer.text)
    for asset in re.findall(r'(?:src|href)="(/_mock/console/static/[^"]+)"', answer.text):
        assert visitor.get(asset).status_code == 200


def test_a_page_that_did_not_change_is_not_sent_again(visitor: Visitor) -> None:
    visitor.api("POST", "/clock/freeze", {})
    tag = visitor.get("/orders/").headers["ETag"]
    assert visitor.get("/orders/", **{"If-None-Match": tag}).status_code == 304
    visitor.send("/order", order_id="7", email="ada@example.com")
    assert visitor.get("/orders/", **{"If-None-Match": tag}).status_code == 200


def test_pages_of_elsewhere_steer_nothing(visitor: Visitor) -> None:
    for origin in ("https://evil.example", "null"):
        answer = visitor.send("/clock", origin, by="1d")
        assert answer.status_code == 403
    assert visitor.api("GET", "/clock")["nextDue"] is None
    assert visitor.client.get(f"{DEFAULT}/orders/", headers={"Host": "evil.example"}).status_code == 403


class Endless(RawIOBase):
    """A body that does not end, and how much of it was read."""

    total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.total += len(buffer)
        assert self.total < 10 * FORM_BYTES, "a form is read without a limit"
        buffer[:] = b"a" * len(buffer)
        return len(buffer)


def send_endless(visitor: Visitor, path: str, kind: str, length: str, origin: str) -> tuple[int, int]:
    """Send such a form; return the status and how much of it was read."""
    body = Endless()
    answer = visitor.client.post(
        path,
        headers={"Host": HOST, "Origin": origin, **({} if length else {"Transfer-Encoding": "chunked"})},
        content_type=kind,
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": length},
    )
    return answer.status_code, body.total


@pytest.mark.parametrize("length", ["", "1200000000"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
@pytest.mark.parametrize("path", ["/_mock/console/token", f"{DEFAULT}/clock"])
def test_a_form_is_read_up_to_its_limit_and_not_at_all_from_elsewhere(
    visitor: Visitor, path: str, kind: str, length: str
) -> None:
    assert send_endless(visitor, path, kind, length, "https://evil.example") == (403, 0)
    status, read = send_endless(visitor, path, kind, length, f"http://{HOST}")
    assert status == (413 if length else 411)
    assert read <= 2 * FORM_BYTES


def test_the_body_of_a_control_call_from_elsewhere_is_not_read(visitor: Visitor) -> None:
    found = send_endless(visitor, "/_mock/sandboxes", "application/json", "1200000000", "https://evil.example")
    assert found == (403, 0)


def test_with_a_control_token_nothing_is_seen_without_it() -> None:
    with MockApp(MockSettings(control_token=TOKEN)) as mock:
        visitor = Visitor(mock)
        asked = visitor.client.get(f"{DEFAULT}/orders/?key=7", headers={"Host": HOST}, follow_redirects=True)
        assert "Control token" in asked.text
        assert "ada@" not in asked.text
        assert visitor.send("/_mock/console/token", token="wrong").status_code == 401
        opened = visitor.send("/_mock/console/token", token=TOKEN, then=f"{DEFAULT}/orders/?key=7")
        assert (opened.status_code, opened.request.path, opened.request.args["key"]) == (200, f"{DEFAULT}/orders/", "7")
        assert Client(mock).get(f"{DEFAULT}/orders/", headers={"Host": HOST}).status_code == 302


def test_a_printed_link_signs_in_and_leaves_no_token_in_the_address() -> None:
    with MockApp(MockSettings(control_token=TOKEN)) as mock:
        visitor = Visitor(mock)
        opened = visitor.client.get(sign_in_path(TOKEN), headers={"Host": HOST}, follow_redirects=True)
        assert (opened.status_code, opened.request.path, opened.request.args) == (200, f"{DEFAULT}/orders/", {})
        assert visitor.get("/orders/").status_code == 200


def test_a_link_with_a_wrong_token_asks_for_the_right_one() -> None:
    with MockApp(MockSettings(control_token=TOKEN)) as mock:
        visitor = Visitor(mock)
        asked = visitor.get(sign_in_path("of an earlier start"))
        assert (asked.status_code, "Set-Cookie" in asked.headers) == (401, False)
        assert 'name="token"' in asked.text
        assert visitor.send(sign_in_path("of an earlier start"), token=TOKEN).request.path == f"{DEFAULT}/orders/"


def test_one_is_never_led_away(visitor: Visitor) -> None:
    answer = visitor.client.post(
        f"{DEFAULT}/clock", headers={"Host": HOST}, data={"by": "1d", "back": "https://evil.example/"}
    )
    assert answer.headers["Location"] == f"{DEFAULT}/orders/"


def test_what_is_not_there_is_said(visitor: Visitor) -> None:
    assert visitor.get("/_mock/console/nowhere/orders/").status_code == 404
    assert "There is no sandbox" in visitor.get("/_mock/console/nowhere/orders/").text
    assert visitor.get("/nothing/").status_code == 404
    assert visitor.get("/orders/no-such-trace").status_code == 404


def test_the_clock_is_moved_stopped_and_let_run(visitor: Visitor) -> None:
    visitor.send("/order", order_id="7", email="ada@example.com")
    assert "The clock was advanced by 7d" in visitor.send("/clock", by="7d").text
    assert "The clock is frozen" in visitor.send("/clock", do="freeze").text
    assert visitor.api("GET", "/clock")["frozen"] is True
    assert "The clock is running" in visitor.send("/clock", do="resume").text
    before = visitor.api("GET", "/clock")["now"]
    refused = visitor.send("/clock", by="a while")
    assert 'role="alert"' in refused.text
    assert "by" in refused.text
    assert visitor.api("GET", "/clock")["now"][:16] == before[:16]


def test_a_browser_keeps_what_it_asked_for_by_its_fingerprint(visitor: Visitor) -> None:
    found = re.findall(r'(?:src|href)="(/_mock/console/static/[^"]+)"', visitor.see("/orders/"))
    assert {visitor.get(path).headers["Cache-Control"] for path in found} == {"max-age=31536000, immutable"}
    for path in found:
        assert "no-" in visitor.get(path.partition("?")[0]).headers["Cache-Control"]
        assert "no-" in visitor.get(f"{path}0").headers["Cache-Control"]


def test_every_component_of_the_style_sheet_is_shown_on_one_page(visitor: Visitor) -> None:
    page = visitor.see("/_mock/ui/components")
    style = (assets.FOLDER / "console.css").read_text(encoding="utf-8")
    components = re.findall(r"Component: ([\w-]+) ---", style)
    assert len(components) > 10
    assert re.findall(r'<h2 id="([\w-]+)"', page) == components


def test_former_addresses_lead_to_the_same_place(visitor: Visitor) -> None:
    visitor.send("/order", order_id="7", email="ada@example.com")
    visitor.api("POST", "/settle", {})
    for old, new in (
        ("/flow/7", "/orders/7"),
        ("/journal/?status=2xx", "/requests/?status=2xx"),
        ("/flow", "/orders/"),
    ):
        answer = visitor.client.get(f"{DEFAULT}{old}", headers={"Host": HOST}, follow_redirects=True)
        assert (answer.status_code, answer.request.full_path.rstrip("?")) == (200, f"{DEFAULT}{new}")


def test_the_switcher_leads_to_the_same_page_of_another_sandbox(visitor: Visitor) -> None:
    visitor.client.post("/_mock/sandboxes", json={"id": "other"}, headers={"Host": HOST})
    assert 'href="/_mock/console/other/outbox/"' in visitor.see("/outbox/")
    entry = visitor.see("/orders/")
    assert 'href="/_mock/console/default/orders/" aria-current="true"' in entry


def test_the_header_says_what_is_due_next(visitor: Visitor) -> None:
    assert "Nothing is due." in visitor.see("/outbox/")
    invite(visitor)
    page = visitor.see("/outbox/")
    assert "Next due: deliver invitation" in page
    assert "To the next due entry" in page
