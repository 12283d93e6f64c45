"""Every code of Segment that the page of messages lists can be met, or is said to be Segment's alone."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from tpmock import segment
from tpmock.core import hints
from tpmock.core.help_pages import pattern
from tpmock.outbound.function_runner import FunctionCall, FunctionResult, FunctionRunner
from tpmock.outbound.http_client import PooledClient
from tpmock.segment import reasons
from tpmock.server.app import MockApp, MockSettings

from tests.mock.test_why_nothing_was_sent import PROVOKED
from tests.support import troubleshooting
from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest, an_order

FAILED: Final = reasons.texts()["failed"]
FUNCTION: Final = "/segment/destinations/Mine%20(Shop)"


class Network(PooledClient):
    """A client whose connection answers as a test wants.

    :param outcome: the status of the answer, or what breaks the connection
    """

    def __init__(self) -> None:
        super().__init__()
        self.outcome: int | Exception = 200

    def _exchange(self, *_: object) -> tuple[int, Mapping[str, str], bytes]:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome, {}, b""


def distrust(code: int) -> ssl.SSLCertVerificationError:
    """OpenSSL's refusal of a certificate, by its number."""
    refusal = ssl.SSLCertVerificationError("certificate verify failed")
    refusal.verify_code = code
    return refusal


#: What the connection to the destination ends with, by Segment's code.
NETWORK: Final[Mapping[str, Exception]] = {
    "ETIMEDOUT": TimeoutError("timed out"),
    "ECONNREFUSED": ConnectionRefusedError(),
    "ECONNRESET": ConnectionResetError(),
    "ECONNABORTED": ConnectionAbortedError(),
    "ENOTFOUND": socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
    "EAI_AGAIN": socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
    "EHOSTUNREACH": OSError(errno.EHOSTUNREACH, "No route to host"),
    "CERT_HAS_EXPIRED": distrust(10),
    "DEPTH_ZERO_SELF_SIGNED_CERT": distrust(18),
    "SELF_SIGNED_CERT_IN_CHAIN": distrust(19),
    "ERR_TLS_CERT_ALTNAME_INVALID": distrust(62),
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE": distrust(20),
}
STATUSES: Final = {code: int(code) for code in FAILED if code.isdigit()}
OUTCOMES: Final[Mapping[str, int | Exception]] = {**NETWORK, **STATUSES}
#: What a function throws, by Segment's code. ``tests/mock/test_functions.py`` has functions that throw it.
THROWN: Final[Mapping[str, str]] = {
    "INVALID_SETTINGS": "ValidationError",
    "MESSAGE_REJECTED": "InvalidEventPayload",
    "UNSUPPORTED_EVENT_TYPE": "EventNotSupported",
    "BAD_REQUEST": "ReferenceError",
    "RETRY": "RetryError",
}
#: Mocks that run no function, by the code that says so.
NOT_RUN: Final[Mapping[str, MockSettings]] = {
    "FUNCTION_UNAVAILABLE": MockSettings(allow_functions=True, node=None),
    "FUNCTION_NOT_ALLOWED": MockSettings(allow_functions=False),
}
#: Batches of which messages are dropped, by the code that their hint has.
BATCHES: Final[Mapping[str, list[dict[str, Any]]]] = {
    "empty_batch_result": [{}],
    "multi_user_error": [{}, an_order()],
}


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


@pytest.fixture(scope="module")
def network() -> Network:
    return Network()


@pytest.fixture(scope="module")
def door(network: Network) -> Iterator[InProcess]:
    with closing(InProcess(MockApp(MockSettings(allow_functions=True, http_client=network)))) as opened:
        yield opened


@pytest.fixture
def sandbox(door: InProcess, judge: Judge) -> Iterator[SandboxUnderTest]:
    made = SandboxUnderTest(door, judge)
    yield made
    made.control("DELETE", "")


def met(sandbox: SandboxUnderTest, code: str) -> bool:
    """Send an order; whether its delivery and its trace tell of the code."""
    sandbox.track(an_order())
    sandbox.settle()
    [row] = sandbox.rows("segment/deliveries")
    assert row["reason"].rpartition(".")[2] == code
    assert row["explanation"].startswith(FAILED[code])
    told = row["attempts"][0]["message"] or f"{FAILED[code][0].lower()}{FAILED[code][1:].removesuffix('.')}"
    assert f"({code}: {told})" in sandbox.control("GET", "/traces/1001")["outcome"]
    return True


@pytest.mark.parametrize("code", OUTCOMES)
def test_the_code_of_a_failed_delivery_is_met(sandbox: SandboxUnderTest, network: Network, code: str) -> None:
    network.outcome = OUTCOMES[code]
    sandbox.connect("http://127.0.0.1:9/")
    assert met(sandbox, code)


def looked_at(monkeypatch: pytest.MonkeyPatch, called: FunctionResult | None = None) -> None:
    """Find a handler in the code of each function without Node.js.

    :param called: the result of its calls; None for the one that the mock has without Node.js
    """
    run = FunctionRunner.run

    def without_node(self: FunctionRunner, call: FunctionCall, timeout: float) -> FunctionResult:
        if call.handler is None:
            return FunctionResult(["onTrack"])
        return called or run(self, call, timeout)

    monkeypatch.setattr(FunctionRunner, "run", without_node)


@pytest.mark.parametrize("code", THROWN)
def test_the_code_of_a_function_that_fails_is_met(
    sandbox: SandboxUnderTest, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    looked_at(monkeypatch, FunctionResult(error=THROWN[code]))
    sandbox.control("PUT", FUNCTION, {"function": {"code": "function onTrack() {}"}})
    assert met(sandbox, code)


@pytest.mark.parametrize("code", NOT_RUN)
def test_the_code_of_a_function_that_is_not_run_is_met(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    looked_at(monkeypatch)
    with closing(InProcess(MockApp(NOT_RUN[code]))) as door:
        sandbox = SandboxUnderTest(door, judge)
        sandbox.control("PUT", FUNCTION, {"function": {"code": "function onTrack() {}"}})
        assert met(sandbox, code)


@pytest.mark.parametrize("code", BATCHES)
def test_the_code_of_a_batch_is_met(sandbox: SandboxUnderTest, code: str) -> None:
    answer = sandbox.track({"batch": BATCHES[code]}, "/v1/batch")
    assert pattern(hints.texts()["BATCH_DROPPED"].strip()).fullmatch(answer.hint)
    assert f"({code})" in answer.hint


def test_every_code_of_the_page_is_met() -> None:
    # The codes of ingestion and of filters are met by the traces' own test.
    met_here = {*BATCHES, *OUTCOMES, *THROWN, *NOT_RUN}
    assert {*PROVOKED, "duplicate", *met_here} == troubleshooting.codes().keys()


@pytest.mark.parametrize("code", troubleshooting.ONLY_AT_SEGMENT)
def test_a_code_of_segment_alone_is_nowhere_in_the_mock(code: str) -> None:
    assert code in _known()
    assert not re.search(rf"""["']{code}["']""", _sources())


def _known() -> set[str]:
    return {code for group in reasons.texts().values() for code in group}


@cache
def _sources() -> str:
    """The program of the mock's Segment."""
    return "".join(file.read_text(encoding="utf-8") for file in Path(segment.__file__).parent.glob("*.py"))
