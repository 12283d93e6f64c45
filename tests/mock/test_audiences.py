"""Audiences and computed traits of Engage, as seed 001 and a captured call show them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.sandboxes import SandboxUnderTest

NAME = "Order completed last 30days"
KEY = "order_completed_last_30days"
RULE = {"event": "Order Completed", "within": "P30D"}


def put(sandbox: SandboxUnderTest, definition: dict[str, Any], name: str = NAME) -> dict[str, Any]:
    made: dict[str, Any] = sandbox.control("PUT", f"/segment/audiences/{name}", definition)
    return made


def buy(sandbox: SandboxUnderTest, user: str) -> None:
    properties = {"order_id": user, "email": f"{user}@example.com"}
    sandbox.track({"event": "Order Completed", "userId": user, "properties": properties})


def told(sandbox: SandboxUnderTest, key: str = KEY) -> list[tuple[str, Any]]:
    messages = [row["message"] for row in sandbox.rows("segment/events") if row["type"] == "identify"]
    return [(message["userId"], message["traits"][key]) for message in messages]


def test_the_first_sync_tells_every_member_after_six_hours(sandbox: SandboxUnderTest) -> None:
    listed = [{"userId": "a", "emails": ["a@example.com", "a2@example.com"]}, {"userId": "b"}]
    made = put(sandbox, {"members": listed})
    assert (made["key"], made["size"], made["pending"], made["syncedAt"]) == (KEY, 2, 2, None)
    sandbox.advance("PT5H59M")
    assert told(sandbox) == []
    sandbox.advance("PT1M")
    assert told(sandbox) == [("a", True), ("a", True), ("b", True)]


def test_later_syncs_tell_only_changes_within_three_hours(sandbox: SandboxUnderTest) -> None:
    put(sandbox, {"members": [{"userId": "a"}, {"userId": "b"}]})
    sandbox.advance("PT6H")
    put(sandbox, {"members": [{"userId": "b"}, {"userId": "c"}]})
    sandbox.advance("PT1H59M")
    assert told(sandbox) == [("a", True), ("b", True)]
    sandbox.advance("PT1H1M")
    assert sorted(told(sandbox)[2:]) == [("a", False), ("c", True)]
    sandbox.advance("P1D")
    assert len(told(sandbox)) == 4


def test_an_audiences_first_month_by_its_rule(sandbox: SandboxUnderTest) -> None:
    buy(sandbox, "early")
    put(sandbox, RULE)
    buy(sandbox, "late")
    sandbox.advance("PT6H")
    assert told(sandbox) == [("early", True), ("late", True)]
    sandbox.advance("P15D")
    buy(sandbox, "late")
    sandbox.advance("P16D")
    assert told(sandbox)[2:] == [("early", False)]
    sandbox.advance("P15D")
    assert told(sandbox)[3:] == [("late", False)]


def test_a_computed_trait_is_told_only_when_it_changed(sandbox: SandboxUnderTest) -> None:
    put(sandbox, {"computes": "trait", "event": "Order Completed"}, "Total orders")
    buy(sandbox, "a")
    buy(sandbox, "b")
    sandbox.advance("P1D")
    buy(sandbox, "a")
    sandbox.advance("P1D")
    assert told(sandbox, "total_orders") == [("a", 1), ("b", 1), ("a", 2)]


@pytest.mark.parametrize(("variant", "first", "later"), [("six-hours", 6, 3), ("twelve-hours", 15, 15)])
def test_how_often_is_a_variant(sandbox: SandboxUnderTest, variant: str, first: int, later: int) -> None:
    sandbox.control("PATCH", "/variants", {"audience_sync": variant})
    put(sandbox, {"members": [{"userId": "a"}]})
    sandbox.advance(f"PT{first}H")
    assert told(sandbox) == [("a", True)]
    put(sandbox, {"members": []})
    sandbox.advance(f"PT{later}H")
    assert told(sandbox)[1:] == [("a", False)]


def test_the_call_is_as_a_captured_one(sandbox: SandboxUnderTest) -> None:
    put(sandbox, {"members": [{"userId": "a", "emails": ["a@example.com"]}], "destinations": ["Trustpilot"]})
    made = sandbox.control("POST", f"/segment/audiences/{NAME}/sync")
    message = made["events"][0]["message"]
    personas = message["context"].pop("personas")
    assert message["context"] == {
        "integrations": {"personas": False},
        "library": {"name": "unknown", "version": "unknown"},
    }
    assert re.fullmatch(r"aud_\w{27}", personas["computation_id"])
    assert (personas["computation_class"], personas["computation_key"]) == ("audience", KEY)
    assert personas["namespace"] == personas["space_id"]
    assert message["integrations"] == {"All": False, "Trustpilot": True, "Warehouses": {"all": False}}
    assert re.fullmatch(r"personas_\w{27}", message["messageId"])
    assert message["sentAt"] is None
    assert re.fullmatch(r"\S+\.\d{9}Z", message["originalTimestamp"])
    assert re.fullmatch(r"\S+\.\d{3}Z", message["timestamp"])


def test_a_removed_audience_is_not_synced(sandbox: SandboxUnderTest) -> None:
    put(sandbox, {"members": [{"userId": "a"}]})
    sandbox.control("DELETE", f"/segment/audiences/{NAME}")
    sandbox.advance("P1D")
    assert (told(sandbox), sandbox.rows("segment/audiences")) == ([], [])


def test_an_erased_person_is_in_no_audience(sandbox: SandboxUnderTest) -> None:
    put(sandbox, RULE)
    buy(sandbox, "ada")
    buy(sandbox, "bob")
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/invitation-data/delete"
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    assert sandbox.call("POST", path, data={"customerEmails": ["ada@example.com"]}, headers=headers).status == 200
    [kept] = sandbox.rows("segment/audiences")
    assert kept["values"] == {"bob": True}


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({}, "give either members"),
        (RULE | {"members": []}, "give either members"),
        ({"computes": "trait", "members": []}, "event: is missing"),
        ({"event": "Order Completed", "within": "a month"}, "within: 'a month' is not a duration"),
        ({"event": "Order Completed", "source": "nowhere"}, "There is no source 'nowhere'"),
    ],
)
def test_what_is_no_audience(sandbox: SandboxUnderTest, definition: dict[str, Any], words: str) -> None:
    answer = sandbox.call("PUT", f"/_mock/sandboxes/{sandbox.id}/segment/audiences/{NAME}", data=definition)
    assert answer.status in (400, 404)
    assert words in answer.json["detail"]
    assert sandbox.rows("segment/audiences") == []
