"""Invitations by e-mail: what is taken, what is refused, and when it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandboxes import SandboxUnderTest, an_invitation

MANAGER, VIEWER = "5f1d2c3b4a59687706152434", "5f1d2c3b4a59687706152435"


def full() -> dict[str, Any]:
    """The documented example, every field: one template and one moment for both parts."""
    when = "09/07/2013 13:37:00"
    part = {"templateId": "507f191e810c19729de860ea", "preferredSendTime": when, "redirectUri": "http://example.com"}
    product = {"sku": "ABC-1234", "name": "Metal Toy Car", "mpn": "7TX1641", "brand": "ACME", "gtin": "01234567890"}
    return an_invitation(
        replyTo="shop@example.com",
        locale="en-US",
        senderName="The Shop",
        senderEmail="shop@example.com",
        locationId="ABC123",
        type="email",
        serviceReviewInvitation={**part, "tags": ["tag1", "tag2"]},
        productReviewInvitation={**part, "products": [product]},
    )


def test_the_documented_example_is_taken_and_listed_as_it_was_sent(sandbox: SandboxUnderTest) -> None:
    assert sandbox.invite(full()).status == 202
    sent = full()
    assert sent.pop("type") == "email"
    rows = sandbox.rows("invitations")
    assert [row["type"] for row in rows] == ["service", "product"]
    assert all(row.items() >= sent.items() for row in rows)
    assert rows[0]["businessUnitId"] == sandbox["businessUnitId"]


def test_the_shortest_body_staff_shows_is_taken(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.invite()
    assert (answer.status, answer.body) == (202, b"")
    assert "Queued until" in answer.hint


def test_what_is_sent_today_leaves_at_its_time(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    sandbox.invite()
    [queued] = sandbox.rows("invitations")
    assert (queued["state"], queued["sentAt"]) == ("queued", None)
    sandbox.advance("2m")
    [sent] = sandbox.rows("invitations")
    assert (sent["state"], sent["sentAt"]) == ("delivered", queued["sendAt"])


def test_a_send_time_is_obeyed_to_the_second(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    now = sandbox.control("GET", "/clock")["now"]
    later = f"{int(now[:4]) + 1}-01-31T10:00:00"
    sandbox.invite(an_invitation(serviceReviewInvitation={"preferredSendTime": later}))
    [row] = sandbox.rows("invitations")
    assert row["sendAt"] == later + "Z"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("09/07/2031 13:37:00", "2031-09-07T13:37:00Z"),
        ("2031-09-07T13:37:00", "2031-09-07T13:37:00Z"),
        ("2031-09-07T13:37:00Z", "2031-09-07T13:37:00Z"),
        ("2031-09-07T15:37:00+02:00", "2031-09-07T13:37:00Z"),
    ],
)
def test_send_times_are_read_in_every_form_programs_send(sandbox: SandboxUnderTest, written: str, read: str) -> None:
    sandbox.invite(an_invitation(serviceReviewInvitation={"preferredSendTime": written}))
    assert sandbox.rows("invitations")[0]["sendAt"] == read


def test_the_slashed_form_gets_a_warning(sandbox: SandboxUnderTest) -> None:
    body = an_invitation(serviceReviewInvitation={"preferredSendTime": "09/07/2031 13:37:00"})
    assert "month first, as 2031-09-07" in sandbox.invite(body).hint


@pytest.mark.parametrize(("formats", "written"), [("slashed", "2031-09-07T13:37:00"), ("iso", "09/07/2031 13:37:00")])
def test_the_forms_can_be_restricted(sandbox: SandboxUnderTest, formats: str, written: str) -> None:
    sandbox.control("PATCH", "/variants", {"send_time_formats": formats})
    assert sandbox.invite(an_invitation(serviceReviewInvitation={"preferredSendTime": written})).status == 400


PRODUCT = {"sku": "a", "name": "b"}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"referenceNumber": None}, "referenceNumber"),
        ({"consumerName": ""}, "consumerName"),
        ({"consumerEmail": "nobody"}, "consumerEmail"),
        ({"consumerEmail": 7}, "consumerEmail"),
        ({"locale": "english"}, "locale"),
        ({"serviceReviewInvitation": []}, "serviceReviewInvitation"),
        ({"serviceReviewInvitation": {"tags": "x"}}, "serviceReviewInvitation.tags"),
        ({"serviceReviewInvitation": {"templateId": "x"}}, "serviceReviewInvitation.templateId"),
        ({"serviceReviewInvitation": {"templateId": "f" * 24}}, "serviceReviewInvitation.templateId"),
        ({"serviceReviewInvitation": {"preferredSendTime": "tomorrow"}}, "serviceReviewInvitation.preferredSendTime"),
        ({"serviceReviewInvitation": {"preferredSendTime": "13/13/2031 10:00:00"}}, "preferredSendTime"),
        ({"productReviewInvitation": {}}, "products or productSkus"),
        ({"productReviewInvitation": {"products": [PRODUCT], "productSkus": ["a"]}}, "not both"),
        ({"productReviewInvitation": {"products": [{"sku": "a"}]}}, "productReviewInvitation.products[0].name"),
    ],
)
def test_a_bad_body_is_refused_with_the_fields_path_and_nothing_is_stored(
    sandbox: SandboxUnderTest, changes: dict[str, Any], where: str
) -> None:
    answer = sandbox.invite(an_invitation(**changes))
    assert answer.status == 400
    assert where in answer.json["details"]
    assert sandbox.rows("invitations") == []


def test_one_of_the_two_parts_is_needed(sandbox: SandboxUnderTest) -> None:
    body = an_invitation()
    del body["serviceReviewInvitation"]
    assert "serviceReviewInvitation or productReviewInvitation" in sandbox.invite(body).json["details"]


def test_the_service_invitation_must_come_first(sandbox: SandboxUnderTest) -> None:
    body = an_invitation(
        serviceReviewInvitation={"preferredSendTime": "2031-01-02T00:00:00"},
        productReviewInvitation={"preferredSendTime": "2031-01-01T00:00:00", "productSkus": ["a"]},
    )
    answer = sandbox.invite(body)
    assert answer.status == 400
    assert "before the product invitation" in answer.hint


def test_a_unit_id_in_the_user_header_is_403_1014_as_in_the_wild(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.invite(headers={"x-business-user-id": sandbox["businessUnitId"]})
    assert (answer.status, answer.json["errorCode"]) == (403, 1014)
    assert "business UNIT id" in answer.hint


@pytest.mark.parametrize(("user", "status"), [(MANAGER, 202), (VIEWER, 403), ("f" * 24, 403)])
def test_inviting_needs_an_admin_or_a_manager(sandbox: SandboxUnderTest, user: str, status: int) -> None:
    assert sandbox.invite(headers={"x-business-user-id": user}).status == status


def test_the_user_may_stand_in_the_query_as_the_official_collection_has_it(sandbox: SandboxUnderTest) -> None:
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/email-invitations?x-business-user-id="
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    answer = sandbox.call("POST", path + VIEWER, data=an_invitation(), headers=headers)
    assert (answer.status, "Viewer" in answer.hint) == (403, True)


def test_the_user_header_can_be_required(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"business_user_header": "required"})
    assert sandbox.invite().status == 403
    assert sandbox.invite(headers={"x-business-user-id": sandbox["businessUserId"]}).status == 202


def test_a_users_own_token_needs_no_header(sandbox: SandboxUnderTest) -> None:
    token = sandbox.token(sandbox.password_form()).json["access_token"]
    assert sandbox.invite(token=token).status == 202
    assert sandbox.rows("invitations")[0]["businessUserId"] == sandbox["businessUserId"]


def test_a_viewers_own_token_may_not_invite(sandbox: SandboxUnderTest) -> None:
    form = sandbox.password_form("reader@trustpilotdemo.example.com", "paper-boat-window")
    answer = sandbox.invite(token=sandbox.token(form).json["access_token"])
    assert answer.status == 403
    assert "Viewer" in answer.hint


@pytest.mark.parametrize(("unit", "status"), [("f" * 24, 403), ("5a0000000000000000000001", 403), ("x", 400)])
def test_other_units_are_out_of_reach(sandbox: SandboxUnderTest, unit: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    path = f"/v1/private/business-units/{unit}/email-invitations"
    answer = sandbox.call("POST", path, data=an_invitation(), headers=headers)
    assert answer.status == status
    if status == 400:
        assert answer.json["message"] == "The given business unit id was malformed"


def test_a_token_may_come_in_the_query(sandbox: SandboxUnderTest) -> None:
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/email-invitations?token={sandbox.access_token()}"
    answer = sandbox.call("POST", path, data=an_invitation())
    assert answer.status == 202


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "the access token is missing"),
        ({"Authorization": "Bearer nothing"}, "never issued here"),
        ({"Authorization": "Bearer "}, "the access token is missing"),
        ({"apikey": "{apiKey}"}, "API key alone"),
        ({"Authorization": "Bearer {apiKey}"}, "API key alone"),
    ],
)
def test_without_a_good_token_the_gateway_refuses(
    sandbox: SandboxUnderTest, headers: dict[str, str], words: str
) -> None:
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/email-invitations"
    sent = {name: value.format(**sandbox.credentials) for name, value in headers.items()}
    answer = sandbox.call("POST", path, data=an_invitation(), headers=sent)
    assert answer.status == 401
    assert answer.json == {
        "fault": {"faultstring": "Invalid access token", "detail": {"errorcode": "oauth.v2.InvalidAccessToken"}}
    }
    assert words in answer.hint


@pytest.mark.parametrize("status", ["200", "201", "202"])
def test_the_status_no_source_shows_is_a_variant(sandbox: SandboxUnderTest, status: str) -> None:
    sandbox.control("PATCH", "/variants", {"invitation_status": status})
    assert sandbox.invite().status == int(status)


def test_trustpilot_itself_does_not_notice_a_second_invitation_for_an_order(sandbox: SandboxUnderTest) -> None:
    sandbox.invite()
    sandbox.invite()
    assert len(sandbox.rows("invitations")) == 2
