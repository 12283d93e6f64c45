"""Access to the control API: not for web pages of other sites, and from other machines with the token only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tpmock.server.app import MockApp, MockSettings
from werkzeug.test import Client, TestResponse

TOKEN = "a-token-for-tests"
HERE = ["localhost", "localhost:8080", "127.0.0.1:1", "127.8.8.8", "[::1]:8080", "[::1]", "api.segment.localhost:80"]
ELSEWHERE = ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "192.0.2.1", ""]


@contextmanager
def a_mock(settings: MockSettings | None = None) -> Iterator[Client]:
    with MockApp(settings) as mock:
        yield Client(mock)


@pytest.fixture(scope="module")
def open_mock() -> Iterator[Client]:
    with a_mock() as client:
        yield client


@pytest.fixture(scope="module")
def guarded() -> Iterator[Client]:
    with a_mock(MockSettings(control_token=TOKEN)) as client:
        yield client


def ask(client: Client, path: str = "/_mock/sandboxes", **headers: str) -> TestResponse:
    sent = {"Host": "localhost", **{name.title(): value for name, value in headers.items()}}
    return client.get(path, headers=sent, environ_overrides={"SERVER_NAME": "", "HTTP_HOST": sent["Host"]})


@pytest.mark.parametrize("host", HERE)
def test_names_that_can_only_mean_this_machine_are_served(open_mock: Client, host: str) -> None:
    assert ask(open_mock, host=host).status_code == 200


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_name_that_was_made_to_lead_here_is_refused(open_mock: Client, host: str) -> None:
    answer = ask(open_mock, host=host)
    assert (answer.status_code, answer.json and answer.json["title"]) == (403, "The mock is not steered by that name")
    assert "127.0.0.1 or localhost" in answer.headers["X-Mock-Hint"]


def test_a_further_name_can_be_allowed() -> None:
    with a_mock(MockSettings(hosts=("Mock.test",))) as client:
        assert ask(client, host="mock.test:8080").status_code == 200
        assert ask(client, host="other.test").status_code == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:9999", "https://localhost.evil.example"]
)
def test_a_page_of_another_origin_is_refused(open_mock: Client, guarded: Client, origin: str) -> None:
    for client in (open_mock, guarded):
        answer = ask(client, origin=origin, host="localhost:8080", authorization=f"Bearer {TOKEN}")
        assert answer.status_code == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_page_of_our_own_is_served(open_mock: Client) -> None:
    assert ask(open_mock, origin="http://localhost:8080", host="localhost:8080").status_code == 200


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "Bearer é"]
)
def test_the_token_is_wanted(guarded: Client, sent: str) -> None:
    answer = ask(guarded, authorization=sent)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert TOKEN not in answer.text


def test_who_has_the_token_may_come_by_any_name(guarded: Client) -> None:
    assert ask(guarded, host="tpmock.internal.test", authorization=f"Bearer {TOKEN}").status_code == 200


def test_everyone_may_ask_whether_it_is_ready(guarded: Client) -> None:
    assert ask(guarded, "/_mock/health", host="10.0.0.7:8080").status_code == 200


def test_what_was_refused_has_changed_nothing(guarded: Client) -> None:
    assert guarded.post("/_mock/sandboxes", json={"id": "mine"}).status_code == 401
    listed = ask(guarded, authorization=f"Bearer {TOKEN}").json
    assert listed is not None
    assert listed["total"] == 1


def test_vendors_calls_need_no_token(guarded: Client) -> None:
    answer = ask(
        guarded, "/v1/business-units/find?name=trustpilotdemo.com", host="tpmock.internal.test", origin="http://a.test"
    )
    assert answer.status_code == 401
    assert "API key" in answer.headers["X-Mock-Hint"]
