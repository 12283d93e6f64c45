"""Named states: everything comes back, its time too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandboxes import SandboxUnderTest, an_invitation
from tests.support.stub_destination import Say, StubDestination

COLLECTIONS = (
    *("business-units", "business-users", "partners", "tokens", "invitations", "invitation-links", "reviews"),
    *("product-reviews", "consumers", "deletions", "webhooks", "webhook-subscriptions"),
    *("segment/destinations", "segment/events", "segment/deliveries"),
)


def everything(sandbox: SandboxUnderTest) -> dict[str, Any]:
    """All that can be seen of a sandbox but its clock's running hands."""
    return {name: sandbox.rows(name) for name in COLLECTIONS} | {
        "timeline": sandbox.control("GET", "/timeline"),
        "variants": sandbox.control("GET", "/variants"),
        "usage": sandbox.control("GET", "/usage"),
    }


def a_busy_hour(sandbox: SandboxUnderTest, number: str) -> str:
    """Invitations, reviews, events and webhooks; an access token that was used for it."""
    token = sandbox.access_token()
    assert sandbox.invite(an_invitation(referenceNumber=number), token=token).status == 202
    sandbox.advance("5m")
    sandbox.control("POST", "/reviews", {"invitation": number, "stars": 4, "title": "Fine", "text": "Really."})
    sandbox.track({"userId": "u", "event": "Order Completed", "properties": {"order_id": number}})
    sandbox.settle()
    return token


def frozen(sandbox: SandboxUnderTest) -> SandboxUnderTest:
    sandbox.control("POST", "/clock/freeze")
    return sandbox


def test_everything_comes_back_and_goes_on_as_it_would_have(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    frozen(sandbox).connect(destination.url)
    sandbox.control(
        "POST", "/webhook-subscriptions", {"event": "service-review-created", "url": f"{destination.url}hooks"}
    )
    destination.say = [Say(503), Say()]
    a_busy_hour(sandbox, "1")
    before, now = everything(sandbox), sandbox.control("GET", "/clock")
    sandbox.control("PUT", "/snapshots/before")
    destination.say = [Say(503), Say()]
    token = a_busy_hour(sandbox, "2")
    after = everything(sandbox)
    assert after["invitations"] != before["invitations"]
    sandbox.control("POST", "/snapshots/before/restore")
    assert everything(sandbox) == before
    assert sandbox.control("GET", "/clock") == now
    destination.say = [Say(503), Say()]
    assert a_busy_hour(sandbox, "2") == token
    assert _without_durations(everything(sandbox)) == _without_durations(after)


def _without_durations(value: Any) -> Any:
    """How long a real exchange took is the one thing that is not repeatable."""
    if isinstance(value, dict):
        return {name: _without_durations(part) for name, part in value.items() if name not in ("milliseconds", "trace")}
    return [_without_durations(part) for part in value] if isinstance(value, list) else value


def test_tokens_of_the_state_work_again(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    sandbox.control("PUT", "/snapshots/with-token")
    sandbox.control("POST", "/reset")
    assert sandbox.invite(token=token).status == 401
    sandbox.control("POST", "/snapshots/with-token/restore")
    assert sandbox.invite(token=token).status == 202


def test_a_running_clock_goes_on_from_where_it_stood(sandbox: SandboxUnderTest) -> None:
    taken = sandbox.control("PUT", "/snapshots/then")
    sandbox.advance("30d")
    sandbox.control("POST", "/snapshots/then/restore")
    clock = sandbox.control("GET", "/clock")
    assert clock["now"][:10] == taken["now"][:10]
    assert not clock["frozen"]


def test_they_are_listed_replaced_and_forgotten(sandbox: SandboxUnderTest) -> None:
    for name in ("one", "two", "one"):
        sandbox.control("PUT", f"/snapshots/{name}")
    assert [row["name"] for row in sandbox.control("GET", "/snapshots")["snapshots"]] == ["one", "two"]
    sandbox.control("DELETE", "/snapshots/one")
    unknown = sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/snapshots/one/restore")
    assert (unknown.status, "there are: two" in unknown.hint) == (404, True)
    assert sandbox.control("GET", "/snapshots/two")["bytes"] > 0


def test_only_so_many_are_kept(sandbox: SandboxUnderTest) -> None:
    for number in range(32):
        sandbox.control("PUT", f"/snapshots/s{number}")
    sandbox.control("PUT", "/snapshots/s31")
    refused = sandbox.call("PUT", f"/_mock/sandboxes/{sandbox.id}/snapshots/s32")
    assert refused.status == 409
    assert sandbox.control("GET", "/snapshots")["total"] == 32


@pytest.mark.parametrize("name", ["-x", "a b", "x" * 64])
def test_a_name_is_a_plain_word(sandbox: SandboxUnderTest, name: str) -> None:
    assert sandbox.call("PUT", f"/_mock/sandboxes/{sandbox.id}/snapshots/{name}").status == 400


def test_a_reset_keeps_them(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PUT", "/snapshots/kept")
    sandbox.control("POST", "/reset")
    assert sandbox.control("GET", "/snapshots")["total"] == 1


def test_what_is_due_is_listed_in_order(sandbox: SandboxUnderTest) -> None:
    sandbox.invite(an_invitation(referenceNumber="1"))
    sandbox.invite(an_invitation(referenceNumber="2"))
    listed = sandbox.control("GET", "/timeline?limit=1")
    assert (listed["total"], [row["act"] for row in listed["timeline"]]) == (2, ["deliver-invitation"])
    assert listed["timeline"][0]["subject"] == sandbox.rows("invitations")[0]["id"]


def test_whole_numbers_written_as_decimals_are_whole(sandbox: SandboxUnderTest) -> None:
    written = sandbox.control("POST", "/reviews", {"stars": 4.0, "title": "T", "text": "x", "consumerName": "Ada"})
    sandbox.control("PUT", "/snapshots/one")
    sandbox.control("POST", "/snapshots/one/restore")
    assert isinstance(written["stars"], int)
    assert written["id"] in [row["id"] for row in sandbox.rows("reviews")]
