"""The client of the control API: what it sends, and which exception says what went wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from tpmock.common.control_client import ControlClient, RefusedError, SlowError, UnreachableError

Sent = tuple[str, str, dict[str, str], bytes | None]


class Carrier:
    """Answers, or fails, and remembers what was sent."""

    def __init__(self, status: int = 200, body: bytes = b"{}", problem: Exception | None = None) -> None:
        self.sent: list[Sent] = []
        self._answer = status, body
        self._problem = problem

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        self.sent.append((method, url, dict(headers), body))
        if self._problem:
            raise self._problem
        return self._answer


def client(carrier: Carrier, token: str = "") -> ControlClient:
    return ControlClient("http://mock.example.com/", token, carrier)


def test_a_call_carries_its_query_its_body_and_the_token() -> None:
    carrier = Carrier(body=b'{"a": 1}')
    assert client(carrier, "secret").call("POST", "/sandboxes/x y", {"b": 2}, {"limit": 3, "skip": None}) == {"a": 1}
    headers = {"Content-Type": "application/json", "Authorization": "Bearer secret"}
    assert carrier.sent == [("POST", "http://mock.example.com/_mock/sandboxes/x%20y?limit=3", headers, b'{"b": 2}')]


def test_a_request_to_another_api_does_not_show_the_token() -> None:
    carrier = Carrier(body=b"")
    assert client(carrier, "secret").request("GET", "http://mock.example.com/v1/x", authorization="Basic a") is None
    assert carrier.sent[0][2] == {"Authorization": "Basic a"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (json.dumps({"title": "Not found", "detail": "No such sandbox."}).encode(), "Not found. No such sandbox."),
        (b"<html>", "http://mock.example.com/_mock/x answered 404; is that a mock?"),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_mock(body: bytes, message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        client(Carrier(404, body)).call("GET", "/x")
    assert (str(refused.value), refused.value.status) == (message, 404)


@pytest.mark.parametrize(
    ("problem", "kind", "message"),
    [
        (ConnectionRefusedError("refused"), UnreachableError, r"No mock answers at .* \(refused\)"),
        (TimeoutError("timed out"), SlowError, "GET .* was not answered within 90 s"),
    ],
)
def test_no_answer_and_a_late_one_are_told_apart(problem: Exception, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message) as raised:
        client(Carrier(problem=problem)).call("GET", "/x")
    assert type(raised.value) is kind


def test_an_address_without_a_scheme_is_refused_before_anything_is_sent() -> None:
    carrier = Carrier()
    with pytest.raises(UnreachableError, match="is not an address"):
        ControlClient("mock.example.com", "", carrier).call("GET", "/x")
    assert carrier.sent == []
