"""Every kind of fault is carried out, through both doors; a kind that could not be carried out cannot be made."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from tpmock.faults import KINDS, Kind
from tpmock.faults.effects import OUT
from tpmock.faults.grammar import example
from tpmock.faults.wire import ConnectionCutError

from tests.mock.test_faults import arm, invite, last_entry
from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest, an_order
from tests.support.stub_destination import StubDestination

COMING_IN = [kind for kind in KINDS.values() if kind.rooms != (OUT,)]
GOING_OUT = [kind for kind in KINDS.values() if OUT in kind.rooms]
CUT = (ConnectionCutError, requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def brief(kind: Kind) -> str:
    """The kind in a line, as short as it can last."""
    amount = {"duration": " 0.1s", "rate": " 1000000"}.get(kind.takes or "", "")
    return f"{example(kind).split()[0]}{amount}"


@pytest.mark.parametrize("kind", COMING_IN, ids=lambda kind: kind.name)
def test_a_kind_that_strikes_what_comes_in_is_carried_out(sandbox: SandboxUnderTest, kind: Kind) -> None:
    token = sandbox.access_token()
    arm(sandbox, f"email-invitations {brief(kind)}")
    answer: Answer | None = None
    began = time.monotonic()
    try:
        answer = invite(sandbox, token)
    except CUT:
        assert kind.code is not None
    else:
        assert kind.code is None
        check(kind, answer)
    entry = last_entry(sandbox, "createEmailInvitations")
    assert (entry["fault"], entry["error"], entry["effect"].split()[0]) == (1, kind.code, brief(kind).split()[0])
    if kind.takes == "duration":
        assert time.monotonic() - began >= 0.1
    assert entry["status"] == (None if kind.stage == "silence" else 202 if answer is None else answer.status)
    performed = kind.whens[0] == "after" or kind.stage == "delay"
    assert len(sandbox.rows("invitations")) == performed


def check(kind: Kind, answer: Answer) -> None:
    """Whether an answer is what the stage of the kind makes of it."""
    match kind.stage:
        case "replace":
            assert answer.status == (kind.status or 429)
        case "spoil":
            assert answer.status == 202
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8" or answer.body == b"{"
        case "revoke":
            assert answer.status == 401
        case "delay" | "transmit":
            assert answer.status == 202
            assert answer.headers["X-Mock-Evidence"]
        case _:
            pytest.fail(f"an answer came in spite of {kind.name}")


@pytest.mark.parametrize("kind", GOING_OUT, ids=lambda kind: kind.name)
def test_a_kind_that_strikes_what_goes_out_is_carried_out(
    sandbox: SandboxUnderTest, destination: StubDestination, kind: Kind
) -> None:
    sandbox.connect(destination.url)
    arm(sandbox, f"deliver {brief(kind)}")
    sandbox.track(an_order())
    sandbox.settle()
    [delivery] = sandbox.rows("segment/deliveries")
    [attempt] = delivery["attempts"]
    assert (attempt["error"], attempt["status"]) == (kind.code, 429 if kind.name == "status" else None)
    assert destination.received == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stage": "replace"}, "replaced by a status"),
        ({"stage": "spoil", "status": 500}, "replaced by a status"),
        ({"stage": "send"}, "the stage send"),
        ({"stage": "delay", "rooms": (OUT,), "code": "E"}, "the stage send"),
        ({"stage": "silence", "rooms": ("trustpilot", OUT)}, "a status or an error code"),
    ],
)
def test_an_incomplete_kind_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Kind(**{"name": "new", "meaning": "New.", "rooms": ("trustpilot",), "whens": ("before",), **changes})


def test_a_kind_without_a_stage_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="stage"):
        Kind(name="new", meaning="New.", rooms=("trustpilot",), whens=("before",))  # type: ignore[call-arg]
