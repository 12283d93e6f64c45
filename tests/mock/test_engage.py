"""What Engage sends: both forms of each call, for every address of a profile, to some destinations only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandboxes import SandboxUnderTest
from tests.support.stub_destination import StubDestination

NAME = "Order completed last 30days"
KEY = "order_completed_last_30days"


def tell(sandbox: SandboxUnderTest, change: str, form: str, **more: Any) -> list[dict[str, Any]]:
    body = {"change": change, "form": form, "name": NAME, "profiles": [{"userId": "u"}], **more}
    answer = sandbox.control("POST", "/segment/engage", body)
    assert answer["total"] == len(answer["events"])
    return [event["message"] for event in answer["events"]]


@pytest.mark.parametrize(("change", "value"), [("audience-entered", True), ("audience-exited", False)])
def test_an_audience_by_identify(sandbox: SandboxUnderTest, change: str, value: bool) -> None:  # noqa: FBT001 - a row
    [call] = tell(sandbox, change, "identify", profiles=[{"userId": "u", "emails": ["ada@example.com"]}])
    assert (call["type"], call["userId"]) == ("identify", "u")
    assert call["traits"] == {"email": "ada@example.com", KEY: value}


@pytest.mark.parametrize(
    ("change", "event", "value"),
    [("audience-entered", "Audience Entered", True), ("audience-exited", "Audience Exited", False)],
)
def test_an_audience_by_track(
    sandbox: SandboxUnderTest,
    change: str,
    event: str,
    value: bool,  # noqa: FBT001 - a row of a table
) -> None:
    [call] = tell(sandbox, change, "track", profiles=[{"userId": "u", "emails": ["ada@example.com"]}])
    assert (call["type"], call["event"]) == ("track", event)
    assert call["properties"] == {"audience_key": KEY, KEY: value}
    assert call["context"]["traits"] == {"email": "ada@example.com"}


@pytest.mark.parametrize("value", [7, "gold", [1], {"a": None}, None, True])
def test_a_computed_trait_in_both_forms(sandbox: SandboxUnderTest, value: Any) -> None:
    [identified] = tell(sandbox, "trait-computed", "identify", name="Total orders", value=value)
    assert identified["traits"] == {"total_orders": value}
    [tracked] = tell(sandbox, "trait-computed", "track", name="Total orders", value=value)
    assert tracked["event"] == "Trait Computed"
    assert tracked["properties"] == {"trait_key": "total_orders", "total_orders": value}


@pytest.mark.parametrize(("variant", "value"), [("boolean", True), ("string", "true")])
def test_a_step_of_a_journey(sandbox: SandboxUnderTest, variant: str, value: Any) -> None:
    sandbox.control("PATCH", "/variants", {"journey_value": variant})
    [call] = tell(sandbox, "journey-entered", "track", name="Win back")
    assert (call["event"], call["properties"]["audience_key"]) == ("Audience Entered", "j_o_win_back")
    assert call["properties"]["j_o_win_back"] == value
    assert call["context"]["personas"]["computation_class"] == "journey_step"


def test_the_context_names_the_computation(sandbox: SandboxUnderTest) -> None:
    [first], [second] = (tell(sandbox, change, "identify") for change in ("audience-entered", "audience-exited"))
    personas = first["context"]["personas"]
    assert personas == second["context"]["personas"]
    assert (personas["computation_class"], personas["computation_key"]) == ("audience", KEY)
    assert personas["computation_id"].startswith("aud_")
    assert personas["namespace"] == personas["space_id"]
    assert personas["space_id"].startswith("spa_")
    assert first["messageId"].startswith("personas_")


def test_the_key_can_be_an_id_by_variant(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"personas_key": "audience-id"})
    [call] = tell(sandbox, "audience-entered", "identify")
    assert call["context"]["personas"]["computation_key"] == call["context"]["personas"]["computation_id"]


def test_every_address_gets_a_call_of_its_own(sandbox: SandboxUnderTest) -> None:
    profiles = [{"userId": "u", "emails": ["a@example.com", "b@example.com"]}, {"userId": "v"}]
    calls = tell(sandbox, "audience-entered", "identify", profiles=profiles)
    assert [(call["userId"], call["traits"].get("email")) for call in calls] == [
        ("u", "a@example.com"),
        ("u", "b@example.com"),
        ("v", None),
    ]
    assert len({call["messageId"] for call in calls}) == 3


def test_destinations_that_are_not_named_are_shut_out(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    sandbox.connect(destination.url)
    settings = {"url": destination.url, "settings": {"apiKey": "k"}}
    sandbox.control("PUT", "/segment/destinations/Other", settings)
    [call] = tell(sandbox, "audience-entered", "identify", destinations=["Other"])
    assert call["integrations"] == {"All": False, "Other": True, "Warehouses": {"all": False}}
    sandbox.settle()
    assert [(row["destination"], row["reason"]) for row in sandbox.rows("segment/deliveries")] == [
        ("Trustpilot", "FILTERED_BY_INTEGRATIONS_OBJECT"),
        ("Other", None),
    ]


def test_a_suppressed_user_is_in_no_audience_that_leaves(sandbox: SandboxUnderTest) -> None:
    token = {"Authorization": f"Bearer {sandbox['publicApiToken']}"}
    body = {"regulationType": "SUPPRESS_ONLY", "subjectType": "USER_ID", "subjectIds": ["u"]}
    sandbox.call("POST", "/regulations", data=body, headers=token)
    sandbox.advance("1h")
    tell(sandbox, "audience-entered", "identify")
    assert [event["reason"] for event in sandbox.rows("segment/events")] == ["suppressed"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"change": "audience-left"}, "change"),
        ({"form": "page"}, "form"),
        ({"profiles": []}, "profiles"),
        ({"profiles": [{}]}, "userId"),
        ({"name": "!!!"}, "name: needs a letter or a digit"),
        ({"name": ""}, "name"),
    ],
)
def test_what_engage_could_not_say(sandbox: SandboxUnderTest, changes: dict[str, Any], words: str) -> None:
    body = {"change": "audience-entered", "name": NAME, "profiles": [{"userId": "u"}], **changes}
    answer = sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/segment/engage", data=body)
    assert (answer.status, words in answer.json["detail"]) == (400, True)
    assert sandbox.rows("segment/events") == []
