"""What pages are built of: what can go wrong, how sure one can be, and one switch of a destination."""

from __future__ import annotations

import pytest
from tpmock import spec
from tpmock.faults import KINDS

from tests.support.sandboxes import SandboxUnderTest

TRUSTPILOT = "/_mock/sandboxes/{}/segment/destinations/Trustpilot"


def test_every_fault_that_is_listed_can_be_armed_as_it_is_listed(sandbox: SandboxUnderTest) -> None:
    found = sandbox.call("GET", "/_mock/fault-kinds").json
    assert [one["effect"] for one in found["faultKinds"]] == list(KINDS)
    amounts = {"status": 503, "delay": "PT1S", "hold": "PT1S", "bytesPerSecond": 5}
    for one in found["faultKinds"]:
        operation = "deliver" if one["strikes"] == ["out"] else "createEmailInvitations"
        told = {one["amount"]: amounts[one["amount"]]} if one["amount"] else {}
        for when in one["when"]:
            body = {"operation": operation, "effect": one["effect"], "when": when, **told}
            assert sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/faults", data=body).status == 201, body
        sandbox.control("POST", "/faults", {"fault": f"{operation} {one['example']}"})
    assert {"word": "then ok", "meaning": "states the default, and changes nothing"} in found["words"]


def test_the_coverage_says_what_its_levels_mean(sandbox: SandboxUnderTest) -> None:
    levels = sandbox.call("GET", "/_mock/coverage").json["levels"]
    assert {one["level"]: one["meaning"] for one in levels} == spec.LEVELS


def test_a_destination_is_switched_without_knowing_its_key(sandbox: SandboxUnderTest) -> None:
    sandbox.connect("http://127.0.0.1:9/")
    before = sandbox.control("GET", "/segment/destinations/Trustpilot")
    off = sandbox.control("PATCH", "/segment/destinations/Trustpilot", {"enabled": False})
    assert off == before | {"enabled": False}
    moved = sandbox.control("PATCH", "/segment/destinations/Trustpilot", {"url": "http://127.0.0.1:8/"})
    assert moved == off | {"url": "http://127.0.0.1:8/"}
    body = {"settings": {"locale": "da-DK"}}
    assert sandbox.control("PATCH", "/segment/destinations/Trustpilot", body)["settings"] == {
        "apiKey": before["settings"]["apiKey"],
        "locale": "da-DK",
    }


@pytest.mark.parametrize("body", [{}, {"url": "there"}, {"url": "http://a:99999/"}, {"name": "Other"}])
def test_a_wrong_switch_changes_nothing(sandbox: SandboxUnderTest, body: dict[str, object]) -> None:
    sandbox.connect("http://127.0.0.1:9/")
    before = sandbox.control("GET", "/segment/destinations/Trustpilot")
    assert sandbox.call("PATCH", TRUSTPILOT.format(sandbox.id), data=body).status == 400
    assert sandbox.control("GET", "/segment/destinations/Trustpilot") == before


def test_what_is_not_there_or_has_no_address_cannot_be_moved(sandbox: SandboxUnderTest) -> None:
    assert sandbox.call("PATCH", TRUSTPILOT.format(sandbox.id), data={"enabled": True}).status == 404
    function = {"function": {"code": "async function onTrack() {}"}}
    sandbox.control("PUT", "/segment/destinations/Trustpilot", function)
    answer = sandbox.call("PATCH", TRUSTPILOT.format(sandbox.id), data={"url": "http://127.0.0.1:8/"})
    assert (answer.status, "a function has no address" in answer.text) == (400, True)
