"""Values that cannot be what they are meant to be: addresses, timestamps, write keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandboxes import SandboxUnderTest, an_invitation, an_order, basic

IMPOSSIBLE = [
    "@",
    "ada@",
    "@example.com",
    "Ada <ada@example.com>",
    "ada@example.com\n",
    "a@b@example.com",
    "ada@example",
]
LINKS = "/v1/private/business-units/{}/invitation-links"
PRODUCT_LINKS = "/v1/private/product-reviews/business-units/{}/invitation-links"


def post(sandbox: SandboxUnderTest, path: str, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    return sandbox.call("POST", path.format(sandbox["businessUnitId"]), data=body, headers=headers)


@pytest.mark.parametrize("address", IMPOSSIBLE)
def test_an_impossible_address_is_refused(address: str, sandbox: SandboxUnderTest) -> None:
    answer = sandbox.invite(an_invitation(consumerEmail=address))
    assert answer.status == 400
    assert "consumerEmail" in answer.json["details"]
    assert sandbox.rows("invitations") == []


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/v1/private/business-units/{}/email-invitations", an_invitation(senderEmail="shop@"), "senderEmail"),
        ("/v1/private/business-units/{}/email-invitations", an_invitation(replyTo="@"), "replyTo"),
        (
            "/v1/private/business-units/{}/invitations",
            {"recipientEmail": "ada@", "recipientName": "Ada Example", "referenceId": "1"},
            "recipientEmail",
        ),
        (LINKS, {"email": "ada@", "name": "Ada Example"}, "email"),
        (
            PRODUCT_LINKS,
            {"consumer": {"email": "ada@", "name": "Ada"}, "products": [{"sku": "1", "name": "A"}]},
            "email",
        ),
    ],
)
def test_so_is_one_in_any_other_place(path: str, body: Any, where: str, sandbox: SandboxUnderTest) -> None:
    answer = post(sandbox, path, body)
    assert answer.status == 400
    assert where in answer.hint


def test_several_addresses_in_a_list_are_refused(sandbox: SandboxUnderTest) -> None:
    assert sandbox.invite(an_invitation(consumerEmail=["ada@example.com"])).status == 400


@pytest.mark.parametrize("address", IMPOSSIBLE)
def test_by_variant_it_is_queued_and_never_delivered(address: str, sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"impossible_address": "not-delivered"})
    assert sandbox.invite(an_invitation(consumerEmail=address)).status == 202
    sandbox.advance("PT1H")
    [row] = sandbox.rows("invitations")
    assert (row["state"], row["reason"]) == ("not-delivered", "invalid-address")


@pytest.mark.parametrize("address", ["ada+tea@example.com", "o'hara@shop.example.co.uk", "a.b-c@münchen.example"])
def test_an_unusual_address_is_delivered(address: str, sandbox: SandboxUnderTest) -> None:
    assert sandbox.invite(an_invitation(consumerEmail=address)).status == 202
    sandbox.advance("PT1H")
    assert [row["state"] for row in sandbox.rows("invitations")] == ["delivered"]


@pytest.mark.parametrize("given", ["tomorrow", "24.12.2026", "", 1_700_000_000, [2026]])
@pytest.mark.parametrize("path", ["/v1/track", "/v1/batch"])
def test_a_timestamp_that_cannot_be_read_is_kept_and_told(path: str, given: Any, sandbox: SandboxUnderTest) -> None:
    message = {**an_order(), "timestamp": given}
    answer = sandbox.track({"batch": [message]} if "batch" in path else message, path)
    assert answer.status == 200
    assert f"timestamp {given!r} cannot be read" in answer.hint
    [event] = sandbox.rows("segment/events")
    stored = event["message"]
    assert (stored["originalTimestamp"], stored["timestamp"]) == (given, stored["receivedAt"])
    trace = sandbox.control("GET", f"/traces/{event['trace']}")
    assert "could not read the timestamp" in str(trace)


@pytest.mark.parametrize(("key", "told"), [("", "The write key is missing"), ("abc123", "has 6 characters")])
def test_a_short_write_key_is_not_a_missing_one(key: str, told: str, sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("POST", "/v1/track", data=an_order(), headers={"Authorization": basic(key)})
    assert answer.status == 400
    assert told in answer.hint


def test_by_variant_a_short_write_key_is_an_unknown_one(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"short_write_key": "dropped"})
    message = {**an_order(), "writeKey": "yolo"}
    answer = sandbox.track({"batch": [message], "writeKey": sandbox["writeKey"]}, "/v1/batch")
    assert answer.status == 200
    assert "No sandbox owns this write key" in answer.hint
