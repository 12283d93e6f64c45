"""From queued to delivered, or to one of the reasons why not: the life of a mail on the sandbox's timeline."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.support.golden import golden, same_shape
from tests.support.invited import PRODUCTS, delivered, path_of, private
from tests.support.sandboxes import SandboxUnderTest, an_invitation

BOTH = {"serviceReviewInvitation": {}, "productReviewInvitation": {"products": PRODUCTS}}


def states(sandbox: SandboxUnderTest) -> list[str]:
    return [row["state"] for row in sandbox.rows("invitations")]


def test_queued_then_sending_then_delivered(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    sandbox.invite()
    seen = [states(sandbox)[0]]
    for step in ("115s", "5s"):
        sandbox.advance(step)
        seen.append(states(sandbox)[0])
    assert seen == ["queued", "sending", "delivered"]


def test_both_kinds_of_review_are_two_mails_and_the_service_invitation_comes_first(sandbox: SandboxUnderTest) -> None:
    service, product = delivered(sandbox, **BOTH)
    assert (service["type"], product["type"]) == ("service", "product")
    assert service["sentAt"] < product["sentAt"]
    assert service["requestId"] == product["requestId"]
    assert service["trace"] == product["trace"]
    assert path_of(service).startswith("/evaluate-link/")
    assert path_of(product).startswith("/evaluate/")


def test_mails_are_listed_with_sender_and_subject_and_found_by_template_and_locale(sandbox: SandboxUnderTest) -> None:
    named = {"serviceReviewInvitation": {"templateId": sandbox["templateId"]}, "locale": "da-DK"}
    delivered(sandbox, **named, senderName="Shop")
    delivered(sandbox, consumerName="half of a pair \ud83d", **BOTH)
    found = sandbox.control("GET", "/invitations?countBy=template")
    assert found["counts"] == {"Default service template": 1, "null": 2}
    mail = found["invitations"][0]
    assert mail["from"] == {"name": "Shop", "email": "noreply.invitations@trustpilotmail.example"}
    assert mail["subject"] == sandbox.control("GET", f"/invitations/{mail['id']}/mail")["subject"]
    for name, value in (("locale", "da-DK"), ("template", "Default service template")):
        assert mail[name] == value
        fitting = sandbox.control("GET", f"/invitations?{urlencode({name: value})}")["invitations"]
        assert [row["id"] for row in fitting] == [mail["id"]]


@pytest.mark.parametrize(
    ("service", "product"),
    [(None, "2031-01-01T00:00:00"), ("2031-01-01T00:00:00", None), (None, "2001-01-01T00:00:00")],
)
def test_the_order_holds_whatever_times_are_wished(
    sandbox: SandboxUnderTest, service: str | None, product: str | None
) -> None:
    times = [{} if moment is None else {"preferredSendTime": moment} for moment in (service, product)]
    parts = {"serviceReviewInvitation": times[0], "productReviewInvitation": {"products": PRODUCTS, **times[1]}}
    sandbox.invite(an_invitation(**parts))
    first, second = sandbox.rows("invitations")
    assert first["sendAt"] <= second["sendAt"]
    wished = product or service or ""
    assert wished < "2026" or wished + "Z" in (first["sendAt"], second["sendAt"])


def test_a_product_only_invitation_is_one_mail(sandbox: SandboxUnderTest) -> None:
    body = an_invitation(productReviewInvitation={"products": PRODUCTS})
    del body["serviceReviewInvitation"]
    assert sandbox.invite(body).status == 202
    [row] = sandbox.rows("invitations")
    assert row["type"] == "product"


def test_the_table_of_magic_addresses_keeps_its_promise_on_every_row(sandbox: SandboxUnderTest) -> None:
    fates = sandbox.call("GET", "/_mock/magic-addresses").json["magicAddresses"]
    assert len(fates) >= 8
    for fate in fates:
        sandbox.invite(an_invitation(consumerEmail=fate["example"], referenceNumber=fate["localPart"]))
    sandbox.advance("1d")
    ended = {row["referenceNumber"]: (row["state"], row["reason"]) for row in sandbox.rows("invitations")}
    assert ended == {fate["localPart"]: (fate["state"], fate["reason"]) for fate in fates}


@pytest.mark.parametrize("state", ["delivered-unsubscribed", "not-delivered"])
def test_a_mail_that_is_not_delivered_has_no_link_and_was_not_sent(sandbox: SandboxUnderTest, state: str) -> None:
    address = {"delivered-unsubscribed": "unsubscribe@example.com", "not-delivered": "bounce@shop.test"}[state]
    [mail] = delivered(sandbox, consumerEmail=address)
    assert mail["state"] == state
    assert (mail["link"] is None) == (mail["sentAt"] is None) == (state == "not-delivered")


@pytest.mark.parametrize(
    "address",
    ["bounce@my-shop.co", "bounced@example.com", "bounce@test.co", "bounce@an-example.com", "x+b@a.test"],
)
def test_only_the_named_local_parts_on_reserved_domains_are_magic(sandbox: SandboxUnderTest, address: str) -> None:
    [mail] = delivered(sandbox, consumerEmail=address)
    assert mail["state"] == "delivered"


def test_a_slow_one_stays_in_sending_for_an_hour(sandbox: SandboxUnderTest) -> None:
    sandbox.invite(an_invitation(consumerEmail="slow@example.com"))
    sandbox.advance("30m")
    assert states(sandbox) == ["sending"]
    sandbox.advance("1h")
    assert states(sandbox) == ["delivered"]


def test_who_unsubscribes_gets_no_further_mail(sandbox: SandboxUnderTest) -> None:
    [first] = delivered(sandbox, consumerEmail="Unsubscribe@example.com")
    [second] = delivered(sandbox, consumerEmail="unsubscribe@example.com")
    assert first["state"] == "delivered-unsubscribed"
    assert (second["state"], second["reason"]) == ("not-delivered", "unsubscribed")


def test_the_mail_can_be_read_and_says_that_it_is_unofficial(sandbox: SandboxUnderTest) -> None:
    service, product = delivered(sandbox, **BOTH, senderName="The Shop", replyTo="help@example.com")
    mails = [sandbox.control("GET", f"/invitations/{row['id']}/mail") for row in (service, product)]
    assert mails[0]["link"] == service["link"]
    assert service["link"] in mails[0]["text"]
    assert mails[0]["from"] == {"name": "The Shop", "email": "noreply.invitations@trustpilotmail.example"}
    assert (mails[0]["to"]["email"], mails[0]["replyTo"]) == ("ada@example.com", "help@example.com")
    assert "Metal Toy Car" in mails[1]["subject"]
    assert all("This is not Trustpilot" in mail["text"] for mail in mails)


def test_before_it_is_delivered_a_mail_has_no_link(sandbox: SandboxUnderTest) -> None:
    sandbox.invite(an_invitation(serviceReviewInvitation={"templateId": sandbox["templateId"]}))
    [row] = sandbox.rows("invitations")
    mail = sandbox.control("GET", f"/invitations/{row['id']}/mail")
    assert (mail["link"], mail["template"]) == (None, "Default service template")
    assert sandbox.call("GET", f"/_mock/sandboxes/{sandbox.id}/invitations/nothing/mail").status == 404


@pytest.mark.parametrize(("variant", "status"), [("known", 400), ("any", 202)])
def test_a_locale_nobody_speaks_is_refused_unless_the_variant_takes_any(
    sandbox: SandboxUnderTest, variant: str, status: int
) -> None:
    sandbox.control("PATCH", "/variants", {"invitation_locale": variant})
    answer = sandbox.invite(an_invitation(locale="xx-XX"))
    assert answer.status == status
    assert len(sandbox.rows("invitations")) == (status == 202)
    assert ("locale is not valid: got xx-XX" in answer.hint) == (status == 400)


def test_skus_must_be_in_the_catalogue_and_letters_count(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.invite(an_invitation(productReviewInvitation={"productSkus": ["ABC-1234", "abc-1234"]}))
    assert answer.status == 400
    assert "Unknown: abc-1234." in answer.hint
    [_, product] = delivered(sandbox, productReviewInvitation={"productSkus": ["ABC-1234"]})
    [link] = [row for row in sandbox.rows("invitation-links") if row["invitation"] == product["id"]]
    assert link["skus"] == ["ABC-1234"]


def test_the_user_may_be_named_in_the_query_as_the_official_collection_does(sandbox: SandboxUnderTest) -> None:
    path = f"email-invitations?x-business-user-id={sandbox['businessUnitId']}"
    answer = private(sandbox, "POST", path, an_invitation())
    assert answer.status == 403
    assert "business UNIT id" in answer.hint


OLDER = {
    "recipientEmail": "ada@example.com",
    "recipientName": "Ada Example",
    "referenceId": "1001",
    "locale": "en-US",
    "senderEmail": "shop@example.com",
    "senderName": "The Shop",
    "replyTo": "shop@example.com",
    "preferredSendTime": "2031-01-31T10:00:00",
    "tags": ["tag1", "tag2"],
    "redirectUri": "https://example.com/thanks",
}


def test_the_older_path_still_works_and_names_the_documented_one(sandbox: SandboxUnderTest) -> None:
    body = {**OLDER, "templateId": sandbox["templateId"]}
    answer = private(sandbox, "POST", "invitations", body, {"x-business-user-id": sandbox["businessUserId"]})
    assert answer.status == 200
    same_shape(answer.json, golden("createInvitation"))
    assert "email-invitations" in answer.hint
    assert answer.headers["X-Mock-Evidence"] == "status=assumed; MOCK, body=observed; FLO"
    [row] = sandbox.rows("invitations")
    assert (row["referenceNumber"], row["consumerEmail"]) == ("1001", "ada@example.com")
    assert row["sendAt"] == "2031-01-31T10:00:00Z"


@pytest.mark.parametrize(
    "changes", [{"templateId": "f" * 24}, {"locale": "xx-XX"}, {"preferredSendTime": "soon"}, {"recipientEmail": "no"}]
)
def test_wrong_use_of_the_older_path_is_400_and_stores_nothing(
    sandbox: SandboxUnderTest, changes: dict[str, str]
) -> None:
    answer = private(sandbox, "POST", "invitations", {**OLDER, **changes})
    assert answer.status == 400
    assert next(iter(changes)) in answer.hint
    assert sandbox.rows("invitations") == []


def test_the_documented_names_on_the_older_path_get_a_hint(sandbox: SandboxUnderTest) -> None:
    answer = private(sandbox, "POST", "invitations", an_invitation())
    assert answer.status == 400
    assert "email-invitations" in answer.hint


@pytest.mark.parametrize("host", ["invitations-api.trustpilot.com", "api.trustpilot.com"])
def test_templates_are_listed_on_both_hosts(sandbox: SandboxUnderTest, host: str) -> None:
    answer = private(sandbox, "GET", "templates", headers={"Host": host})
    assert answer.json == golden("listInvitationTemplates")


def test_templates_are_for_anyone_with_a_role_on_the_unit(sandbox: SandboxUnderTest) -> None:
    viewer, stranger = "5f1d2c3b4a59687706152435", "5f1d2c3b4a59687706152438"
    assert private(sandbox, "GET", "templates", headers={"x-business-user-id": viewer}).status == 200
    assert private(sandbox, "GET", "templates", headers={"x-business-user-id": stranger}).status == 403
    assert sandbox.get(f"/v1/private/business-units/{sandbox['businessUnitId']}/templates").status == 401
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    assert sandbox.call("GET", "/v1/private/business-units/x/templates", headers=headers).status == 400
