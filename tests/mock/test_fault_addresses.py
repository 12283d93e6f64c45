"""Faults requested by the data of a call: one table, on reserved domains."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mock.test_faults import arm, invite, last_entry, unjudged
from tests.support.invited import a_link, private
from tests.support.sandboxes import SandboxUnderTest, an_invitation


def statuses(sandbox: SandboxUnderTest, address: str, calls: int) -> list[int]:
    token = sandbox.access_token()
    return [invite(sandbox, token, consumerEmail=address).status for _ in range(calls)]


def test_an_address_makes_its_call_fail_each_time(sandbox: SandboxUnderTest) -> None:
    assert statuses(sandbox, "fault-503@example.com", 3) == [503, 503, 503]
    assert sandbox.rows("invitations") == []


def test_an_address_can_fail_twice_and_then_succeed(sandbox: SandboxUnderTest) -> None:
    assert statuses(sandbox, "fault-429-x2+1001@Example.com", 3) == [429, 429, 202]
    assert statuses(sandbox, "fault-429-x2+1002@example.com", 1) == [429]
    sandbox.advance("1h")
    [mail] = sandbox.rows("invitations")
    assert mail["state"] == "delivered"


def test_an_address_can_lose_the_answer_of_work_that_was_done(sandbox: SandboxUnderTest) -> None:
    assert statuses(sandbox, "fault-500-after-x1@shop.test", 2) == [500, 202]
    assert len(sandbox.rows("invitations")) == 2


@pytest.mark.parametrize(
    "address",
    [
        "fault-429@my-shop.co",
        "fault-429@an-example.com",
        "fault-200@example.com",
        "fault-nothing@example.com",
        "fault-refused@example.com",
        "fault-429-x0@example.com",
        "fault-broken-json-before@example.com",
        "a+fault-429@example.com",
        "fault-@example.com",
        "Fault-429@example.com",
        "fault-status@example.com",
    ],
)
def test_no_other_address_is_magic(sandbox: SandboxUnderTest, address: str) -> None:
    assert statuses(sandbox, address, 1) == [202]


def test_every_address_of_the_table_does_what_the_table_says(sandbox: SandboxUnderTest) -> None:
    table = sandbox.call("GET", "/_mock/magic-addresses").json["faultAddresses"]
    assert {row["effect"] for row in table} >= {"status", "html", "empty", "broken-json", "token-revoked", "cut"}
    quick = {"status": 429, "html": 403, "empty": 520, "token-revoked": 401, "unit-suspended": 403}
    for row in table:
        if row["effect"] in quick:
            assert statuses(sandbox, row["example"], 1) == [quick[row["effect"]]]
            entry = last_entry(sandbox, "createEmailInvitations")
            assert entry["fault"] is None
            assert entry["effect"] == row["effect"].replace("status", "429")
            assert row["example"] in entry["hint"]


def test_the_other_calls_about_a_person_are_struck_too(sandbox: SandboxUnderTest) -> None:
    authorization = f"Bearer {sandbox.access_token()}"
    unit = sandbox["businessUnitId"]
    for path, body in (
        ("private/business-units/{}/invitation-links", a_link(email="fault-503@example.com")),
        (
            "private/product-reviews/business-units/{}/invitation-links",
            {"consumer": {"email": "fault-503@example.com", "name": "Ada"}, "products": []},
        ),
        (
            "private/business-units/{}/invitations",
            {"recipientEmail": "fault-503@example.com", "recipientName": "Ada", "referenceId": "1"},
        ),
    ):
        answer = unjudged(sandbox, "POST", f"/v1/{path.format(unit)}", body, Authorization=authorization)
        assert answer.status == 503
    assert private(sandbox, "POST", "invitation-links", a_link()).status == 200


def test_a_call_is_struck_once_and_an_armed_fault_comes_first(sandbox: SandboxUnderTest) -> None:
    arm(sandbox, "email-invitations 500")
    assert statuses(sandbox, "fault-429-x1@example.com", 3) == [500, 429, 202]


def test_what_an_address_has_struck_is_forgotten_by_a_reset_and_kept_by_a_state(sandbox: SandboxUnderTest) -> None:
    address = "fault-429-x1@example.com"
    assert statuses(sandbox, address, 1) == [429]
    sandbox.control("PUT", "/snapshots/struck")
    sandbox.control("POST", "/reset")
    assert statuses(sandbox, address, 2) == [429, 202]
    sandbox.control("POST", "/snapshots/struck/restore")
    assert statuses(sandbox, address, 1) == [202]


def test_an_odd_body_is_no_reason_to_fail(sandbox: SandboxUnderTest) -> None:
    odd: Any
    for odd in ([], "fault-429@example.com", an_invitation(consumerEmail={"fault-429@example.com": 1})):
        assert sandbox.invite(odd).status == 400
