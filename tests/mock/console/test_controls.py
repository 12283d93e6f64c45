"""Pages of "Controls": clock, faults, variants, sandboxes, snapshots, usage and memory."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from tpmock.console.controls import fault_form
from tpmock.server.app import MockApp, MockSettings
from werkzeug.datastructures import MultiDict

from tests.mock.console.conftest import DEFAULT, HOST, Visitor
from tests.support.stub_destination import StubDestination

ORDER = {"email": "ada@example.com", "name": "Ada", "surname": "Example"}
KINDS: list[dict[str, Any]] = [
    {"effect": "status", "amount": "status"},
    {"effect": "delay", "amount": "delay"},
    {"effect": "drip", "amount": "bytesPerSecond"},
    {"effect": "cut", "amount": None},
]


def invite(visitor: Visitor) -> None:
    """So that something is due."""
    credentials = visitor.api("GET", "")["credentials"]
    basic = (credentials["apiKey"], credentials["apiSecret"])
    granted = visitor.client.post(
        "/v1/oauth/oauth-business-users-for-applications/accesstoken",
        auth=basic,
        data={"grant_type": "client_credentials"},
    ).json
    assert granted is not None
    answer = visitor.client.post(
        f"/v1/private/business-units/{credentials['businessUnitId']}/email-invitations",
        headers={"Authorization": f"Bearer {granted['access_token']}"},
        json={
            "referenceNumber": "1",
            "consumerName": "Ada",
            "consumerEmail": "ada@example.com",
            "serviceReviewInvitation": {},
        },
    )
    assert answer.status_code == 202


# --- time -------------------------------------------------------------------------------------------------------------


def test_what_is_due_is_seen_and_the_clock_goes_on_to_it(visitor: Visitor) -> None:
    assert "Nothing is due." in visitor.see("/controls/")
    assert "the clock was not advanced" in visitor.send("/clock", do="next").text
    invite(visitor)
    assert "deliver invitation" in visitor.see("/controls/")
    assert "1 timeline entry ran" in visitor.send("/clock", do="next").text
    assert visitor.api("GET", "/invitations?state=delivered")["total"] == 1
    assert visitor.api("GET", "/timeline")["total"] == 0


def test_the_clock_is_frozen_settled_and_resumed(visitor: Visitor) -> None:
    visitor.send("/clock", do="freeze")
    assert "frozen" in visitor.see("/controls/")
    assert "nothing is in progress" in visitor.send("/clock", do="settle").text
    visitor.send("/clock", do="resume")
    assert visitor.api("GET", "/clock")["frozen"] is False


# --- faults -----------------------------------------------------------------------------------------------------------


def test_a_fault_is_picked_counted_down_and_gone(visitor: Visitor) -> None:
    form = {"operation": "deliver", "effect": "status", "amount": "503", "count": "2"}
    assert "Added: deliver 503 x2." in visitor.send("/controls/faults", **form).text
    assert "<strong>2</strong>" in visitor.see("/controls/faults")
    visitor.send("/order", order_id="1", **ORDER)
    visitor.api("POST", "/settle", {})
    assert "<strong>1</strong>" in visitor.see("/controls/faults")
    visitor.send("/clock", do="next")
    assert "No active faults" in visitor.see("/controls/faults")


def test_a_fault_is_told_in_a_line_and_disarmed(visitor: Visitor) -> None:
    assert (
        "Added: createEmailInvitations "
        "429 x3." in visitor.send("/controls/faults", fault="email-invitations 429 x3").text
    )
    visitor.send("/controls/faults", fault="deliver timeout after")
    first = visitor.api("GET", "/faults")["faults"][0]["id"]
    assert f"Fault {first} was removed" in visitor.send("/controls/faults/remove", fault=str(first)).text
    assert visitor.api("GET", "/faults")["total"] == 1
    assert "All faults were removed" in visitor.send("/controls/faults/remove").text
    assert visitor.api("GET", "/faults")["total"] == 0


def test_what_is_no_fault_is_refused_with_a_sentence(visitor: Visitor) -> None:
    for form, words in (
        ({"fault": "email-invitations sometimes"}, "is nothing that can go wrong"),
        ({"fault": ""}, "fault:"),
        ({"operation": "deliver", "effect": "status", "amount": "often"}, "is not a whole number"),
        ({"operation": "nothing", "effect": "cut"}, "operation:"),
    ):
        answer = visitor.send("/controls/faults", **form)
        assert 'role="alert"' in answer.text
        assert words in unescape(answer.text)
    assert visitor.api("GET", "/faults")["total"] == 0


@pytest.mark.parametrize("line", [line for line, _ in fault_form.EXAMPLES])
def test_every_example_can_be_armed(visitor: Visitor, line: str) -> None:
    assert "Added: " in visitor.send("/controls/faults", fault=line).text


def test_a_form_becomes_what_the_control_api_takes() -> None:
    for form, body in (
        ({"fault": " find cut "}, {"fault": "find cut"}),
        ({"effect": "cut", "operation": "any"}, {"effect": "cut", "path": "/**"}),
        (
            {"effect": "delay", "operation": "track", "amount": "2s", "for": "5m", "after": "1"},
            {"effect": "delay", "operation": "track", "delay": "2s", "for": "5m", "when": "after"},
        ),
        (
            {"effect": "drip", "operation": "track", "amount": "9", "always": "1", "count": "3"},
            {"effect": "drip", "operation": "track", "bytesPerSecond": 9, "count": None},
        ),
        ({"effect": "cut", "operation": "track", "amount": "9"}, {"effect": "cut", "operation": "track"}),
    ):
        assert fault_form.body(MultiDict(form), KINDS) == body


def test_a_picked_fault_is_shown_as_its_line_before_it_is_added(visitor: Visitor) -> None:
    assert ">createEmailInvitations 429 x2</pre>" in visitor.see("/controls/faults")
    picked = "operation=deliver&effect=status&amount=503&count=&for=5m&after=1"
    line = unescape(visitor.see(f"/controls/faults?{picked}")).partition('aria-label="The fault as a line">')[2]
    added = visitor.send("/controls/faults", fault=line.partition("<")[0])
    assert f"Added: {line.partition('<')[0]}." in added.text
    assert [row["effect"] for row in visitor.api("GET", "/faults")["faults"]] == ["status"]
    visitor.send("/controls/faults/remove")
    wrong = unescape(visitor.see("/controls/faults?operation=deliver&effect=status&amount=200"))
    assert "status" in wrong.partition('id="fault-line"')[2].partition("</div>")[0]
    assert "effect: there is no 'nothing'" in unescape(visitor.see("/controls/faults?operation=deliver&effect=nothing"))
    assert visitor.api("GET", "/faults")["total"] == 0


def test_every_kind_can_be_picked(visitor: Visitor) -> None:
    page = visitor.see("/controls/faults")
    kinds = visitor.client.get("/_mock/fault-kinds", headers={"Host": HOST}).json
    assert kinds is not None
    offered = re.findall(r'<option value="([\w-]+)"(?: selected)?>[\w-]+: ', page.partition('name="effect"')[2])
    assert offered == [kind["effect"] for kind in kinds["faultKinds"]]
    for word in kinds["words"]:
        assert word["word"] in unescape(page)


# --- switches, sandboxes, snapshots -----------------------------------------------------------------------------------


def test_a_variant_is_found_and_switched(visitor: Visitor) -> None:
    page = visitor.see("/controls/variants?variant=retry_policy")
    assert "0 changed" in page
    assert page.count('<li id="v-') == 1
    assert "Evidence of the default" in page
    moved = visitor.send("/controls/variants", variant="retry_policy", value="classic", word="retry")
    assert "retry_policy is classic." in moved.text
    assert dict(moved.request.args) == {"name": "retry_policy", "variant": "retry"}
    assert '<span class="chip warn">changed</span>' in visitor.see("/controls/variants?only=changed")
    assert visitor.api("GET", "")["variants"]["retry_policy"] == "classic"
    assert 'role="alert"' in visitor.send("/controls/variants", variant="retry_policy", value="never").text
    assert "No variant contains" in visitor.see("/controls/variants?variant=nothing-like-it")
    default = {"variant": "retry_policy", "value": "classic", "default": "documented"}
    [row] = [one for one in visitor.api("GET", "/variants")["variants"] if one["name"] == "retry_policy"]
    default["default"] = row["default"]
    assert f"retry_policy is {row['default']}." in visitor.send("/controls/variants", **default).text
    assert "No variant of this kind" in visitor.see("/controls/variants?only=changed")


def test_variants_are_counted_by_the_evidence_of_their_defaults(visitor: Visitor) -> None:
    rows = visitor.api("GET", "/variants")["variants"]
    page = visitor.see("/controls/variants")
    for level in {row["evidence"]["level"] for row in rows}:
        fitting = [row["name"] for row in rows if row["evidence"]["level"] == level]
        assert f'{level} <span class="count">{len(fitting)}</span>' in page
        assert re.findall(r'<li id="v-(\w+)"', visitor.see(f"/controls/variants?only={level}")) == fitting
    assert visitor.get("/controls/?variant=retry").headers["Location"] == f"{DEFAULT}/controls/variants?variant=retry"


def test_a_sandbox_is_made_opened_reset_and_deleted_after_a_question(visitor: Visitor) -> None:
    opened = visitor.send("/sandboxes/", id="mine", seed="7", world="default", time="2026-01-31T12:00:00Z")
    assert opened.request.path == "/_mock/console/mine/controls/sandboxes"
    assert "2026-01-31 12:00" in opened.text
    assert "This is mine" in opened.text
    mine = "/_mock/console/mine"
    visitor.send(f"{mine}/controls/faults", fault="find cut")
    for doing, question in (("reset", "Reset mine to its world?"), ("delete", "Delete mine?")):
        assert question in visitor.see(f"{mine}/sandboxes/mine/{doing}")
    # Nothing has happened by asking.
    assert "findBusinessUnit cut" in visitor.see(f"{mine}/controls/faults")
    assert "mine was reset" in visitor.send(f"{mine}/sandboxes/mine/reset").text
    assert "No active faults" in visitor.see(f"{mine}/controls/faults")
    gone = visitor.send(f"{mine}/sandboxes/mine/delete")
    assert (gone.request.path, "mine was removed" in gone.text) == (f"{DEFAULT}/controls/sandboxes", True)
    assert visitor.get(f"{mine}/controls/").status_code == 404


def test_the_default_sandbox_stays_and_what_is_wrong_is_said(visitor: Visitor) -> None:
    assert "cannot be removed" in visitor.send("/sandboxes/default/delete").text
    assert "not a whole number" in unescape(visitor.send("/sandboxes/", seed="x").text)
    assert 'role="alert"' in visitor.send("/sandboxes/", id="default").text
    assert visitor.get("/sandboxes/default/paint").status_code == 404
    assert visitor.get("/sandboxes/nowhere/delete").status_code == 404


def test_a_snapshot_is_taken_restored_and_forgotten(visitor: Visitor) -> None:
    assert "Saved as quiet" in visitor.send("/controls/snapshots", name="quiet").text
    invite(visitor)
    assert visitor.api("GET", "/invitations")["total"] == 1
    assert "The snapshot quiet was restored" in visitor.send("/controls/snapshots", name="quiet", do="restore").text
    assert visitor.api("GET", "/invitations")["total"] == 0
    assert "quiet was deleted" in visitor.send("/controls/snapshots", name="quiet", do="forget").text
    assert visitor.api("GET", "/snapshots")["total"] == 0
    for name in ("", "no spaces here", "gone"):
        answer = visitor.send("/controls/snapshots", name=name, do="restore" if name == "gone" else "take")
        assert 'role="alert"' in answer.text


def test_calls_are_metered_beside_what_is_recommended(visitor: Visitor) -> None:
    assert "No request with an API key yet" in visitor.see("/controls/usage")
    invite(visitor)
    page = visitor.see("/controls/usage")
    assert "The demo shop&#39;s own application" in page
    assert re.search(r"1 of 833 in 5 minutes", page)
    assert re.search(r"1 of 10,000 in 60 minutes", page)


def test_of_a_thousand_sandboxes_few_are_shown(visitor: Visitor) -> None:
    for _ in range(20):
        visitor.client.post("/_mock/sandboxes", json={}, headers={"Host": HOST})
    page = visitor.see("/controls/sandboxes")
    assert "21 exist" in page
    assert page.count(">Open</a>") == 11
    assert visitor.see("/controls/sandboxes?all=").count(">Open</a>") == 20


def test_what_was_dropped_and_how_much_is_remembered_is_shown(destination: StubDestination) -> None:
    with MockApp(MockSettings(destination_url=destination.url, most_bytes=1024 * 1024)) as mock:
        visitor = Visitor(mock)
        assert "Nothing was dropped." in visitor.see("/controls/usage")
        for _ in range(60):
            visitor.client.get("/v1/business-units/find", headers={"X-Large": "x" * 30_000})
        dropped = visitor.api("GET", "")["dropped"]["journal"]
        assert dropped > 0
        page = visitor.see("/controls/usage")
        assert f'<th scope="row">journal</th><td class="number">{dropped}</td>' in page
        assert re.search(r"in this sandbox, [\d.]+ \w+ of that pending", page)
        assert f"{dropped} older ones were dropped" in visitor.see("/requests/")
