"""The line for each request that ``tpmock up`` writes to the terminal."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Iterator

import pytest
from tpmock.common.terminal import wants_color
from tpmock.server.app import MockApp, MockSettings, create_app
from tpmock.server.request_log import WAITING, Format, RequestLog
from werkzeug.test import Client

KEY = {"apikey": "tpk-7bd2c1a05e9f4c3d8a6b1e0f92c4d5a7"}
FIND = "/v1/business-units/find?name=trustpilotdemo.com"


class Logged:
    """A mock whose requests are logged."""

    def __init__(self, style: Format = "text", *, colored: bool = False) -> None:
        self.out = io.StringIO()
        self.log = RequestLog(self.out, style, colored=colored)
        self.mock: MockApp = create_app(MockSettings(watch=self.log.note))
        self.client: Client = self.mock.test_client()

    def lines(self) -> list[str]:
        self.log.close()
        self.mock.close()
        return self.out.getvalue().splitlines()


@pytest.fixture
def logged() -> Iterator[Callable[..., Logged]]:
    made: list[Logged] = []

    def make(style: Format = "text", *, colored: bool = False) -> Logged:
        made.append(Logged(style, colored=colored))
        return made[-1]

    yield make
    for one in made:
        one.lines()


def test_a_line_has_time_method_path_status_and_hint(logged: Callable[..., Logged]) -> None:
    seen = logged()
    seen.client.get(FIND, headers=KEY)
    seen.client.get(f"{FIND}&nam=x", headers=KEY)
    seen.client.get("/_mock/health")
    first, second = seen.lines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d <- GET    /v1/business-units/find\?name=trustpilotdemo\.com 200", first)
    assert re.search(r" 200 .*did you mean name", second)


def test_secrets_are_not_written(logged: Callable[..., Logged]) -> None:
    seen = logged()
    seen.client.get(f"/v1/business-units/find?name=x&apikey={KEY['apikey']}")
    assert KEY["apikey"] not in "".join(seen.lines())


def test_an_order_and_a_fault_are_named(logged: Callable[..., Logged]) -> None:
    seen = logged()
    assert (
        seen.client.post(
            "/_mock/sandboxes/default/faults", json={"operation": "findBusinessUnit", "status": 503}
        ).status_code
        == 201
    )
    seen.client.get(FIND, headers=KEY)
    event = {"event": "Order Completed", "userId": "u", "properties": {"order_id": "77", "email": "ada@example.com"}}
    seen.client.post("/v1/track", json=event, auth=("5Rk2wQ8vYtN3pLx7ZbH6sJd1MfG9cTaE", ""))
    fault, order = seen.lines()
    assert " 503 fault 1: 503" in fault
    assert order.endswith("/v1/track 200 order 77")


def test_other_sandboxes_are_named(logged: Callable[..., Logged]) -> None:
    seen = logged()
    made = seen.client.post("/_mock/sandboxes", json={"id": "mine"}).get_json()
    seen.client.get(FIND, headers={"apikey": made["credentials"]["apiKey"]})
    [line] = seen.lines()
    assert line.endswith("200 [mine]")


@pytest.mark.parametrize("colored", [False, True])
def test_what_callers_write_does_not_steer_the_terminal(logged: Callable[..., Logged], *, colored: bool) -> None:
    seen = logged(colored=colored)
    seen.client.get("/v1/%1b]0;x%07?a%1b[2J=%0a1&%0d=\u202e", headers={**KEY, "Host": "api.trustpilot.com"})
    hostile = {"event": "Order Completed", "userId": "u", "properties": {"order_id": "\x1b[2J\n7", "email": "a@b.test"}}
    seen.client.post("/v1/track", json=hostile, auth=("5Rk2wQ8vYtN3pLx7ZbH6sJd1MfG9cTaE", ""))
    lines = seen.lines()
    assert len(lines) == 2
    plain = [re.sub(r"\x1b\[\d+m", "", line) for line in lines] if colored else lines
    assert all(line.isprintable() for line in plain)


def test_colors(logged: Callable[..., Logged]) -> None:
    seen = logged(colored=True)
    seen.client.get(FIND, headers=KEY)
    seen.client.get("/nope")
    good, bad = seen.lines()
    assert "\x1b[32m200\x1b[0m" in good
    assert "\x1b[33m404\x1b[0m" in bad


def test_programs_read_json(logged: Callable[..., Logged]) -> None:
    seen = logged("json")
    seen.client.get(FIND, headers=KEY)
    [line] = map(json.loads, seen.lines())
    assert (line["sandbox"], line["method"], line["status"], line["order"]) == ("default", "GET", 200, None)
    assert "request" not in line


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_line_is_short_whatever_was_sent(logged: Callable[..., Logged], style: Format) -> None:
    seen = logged(style)
    seen.client.post(f"{FIND}&{'x' * 20_000}", headers={**KEY, "X-Long": "y" * 20_000}, data=b"z" * 20_000)
    seen.client.get(f"{FIND}&{'x' * 20_000}=1", headers=KEY)
    assert all(len(line) < 2_000 for line in seen.lines())


class Stuck(io.StringIO):
    """A terminal that takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def write(self, text: str) -> int:
        assert self.free.wait(60)
        return super().write(text)


def test_a_reader_who_does_not_read_stops_no_request() -> None:
    out = Stuck()
    log = RequestLog(out, "text", colored=False)
    asked = WAITING + 100
    with create_app(MockSettings(watch=log.note)) as mock:
        client = mock.test_client()
        for _ in range(asked):
            assert client.get(FIND, headers=KEY).status_code == 200
        out.free.set()
        log.close()
    text = out.getvalue()
    lost = sum(map(int, re.findall(r"^(\d+) lines were not written", text, re.MULTILINE)))
    assert lost > 0
    assert len(re.findall(r" 200$", text, re.MULTILINE)) + lost == asked


@pytest.mark.parametrize(
    ("terminal", "environment", "expected"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
)
def test_color_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, *, terminal: bool, environment: dict[str, str], expected: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: terminal)
    assert wants_color(out) is expected
