"""Calls are metered per key, and refused only with a variant."""

from __future__ import annotations

from tests.support.sandboxes import SandboxUnderTest

FIND = "/v1/business-units/find?name=trustpilotdemo.com"


def test_calls_are_counted_per_key_beside_the_ceilings(sandbox: SandboxUnderTest) -> None:
    for _ in range(3):
        sandbox.get(FIND)
    sandbox.invite()
    [row] = sandbox.rows("usage")
    assert (row["apiKey"], row["application"]) == (sandbox["apiKey"], "The demo shop's own application")
    assert [window["calls"] for window in row["windows"]] == [4, 4]
    assert [window["ceiling"] for window in row["windows"]] == [833, 10_000]


def test_calls_leave_the_window_with_time(sandbox: SandboxUnderTest) -> None:
    sandbox.get(FIND)
    sandbox.advance("6m")
    assert [window["calls"] for window in sandbox.rows("usage")[0]["windows"]] == [0, 1]
    sandbox.advance("1h")
    assert [window["calls"] for window in sandbox.rows("usage")[0]["windows"]] == [0, 0]


def test_above_the_ceiling_nothing_happens_unless_it_is_enforced(sandbox: SandboxUnderTest) -> None:
    statuses = {sandbox.get(FIND).status for _ in range(840)}
    assert statuses == {200}
    sandbox.control("PATCH", "/variants", {"rate_limit": "enforced"})
    refused = sandbox.get(FIND)
    assert refused.status == 429
    assert "833 requests within 5 minutes" in refused.hint
    sandbox.advance("6m")
    assert sandbox.get(FIND).status == 200


def test_asking_for_tokens_again_and_again_is_429(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"token_requests": "strict"})
    assert sandbox.token().status == 200
    refused = sandbox.token()
    assert (refused.status, refused.json["ErrorCode"]) == (429, "too_many_requests")
    assert "valid for 100 h more" in refused.hint
    sandbox.advance("101h")
    assert sandbox.token().status == 200


def test_the_limit_on_tokens_is_generous_by_default_and_can_be_off(sandbox: SandboxUnderTest) -> None:
    assert {sandbox.token().status for _ in range(50)} == {200}
    sandbox.control("PATCH", "/variants", {"token_requests": "off"})
    assert sandbox.token().status == 200
