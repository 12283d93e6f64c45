"""The mistakes that cost people most, one test each: symptom, status, and the sentence that names the mistake."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest, an_invitation, an_order
from tests.support.stub_destination import Say, StubDestination

FREE = "5a0000000000000000000001"
Mistake = Callable[[SandboxUnderTest], Answer]


def api_key_on_a_private_route(sandbox: SandboxUnderTest) -> Answer:
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/email-invitations"
    return sandbox.call("POST", f"{path}?apikey={sandbox['apiKey']}", data=an_invitation())


def unit_id_in_the_user_header(sandbox: SandboxUnderTest) -> Answer:
    return sandbox.invite(headers={"x-business-user-id": sandbox["businessUnitId"]})


def role_below_manager(sandbox: SandboxUnderTest) -> Answer:
    return sandbox.invite(headers={"x-business-user-id": "5f1d2c3b4a59687706152435"})


def plan_missing(sandbox: SandboxUnderTest) -> Answer:
    token = sandbox.token(sandbox.password_form(), client="partnerApi").json["access_token"]
    path = f"/v1/private/business-units/{FREE}/email-invitations"
    return sandbox.call("POST", path, data=an_invitation(), headers={"Authorization": f"Bearer {token}"})


def domain_of_somebody_else(sandbox: SandboxUnderTest) -> Answer:
    path = "/v1/private/business-units/5a0000000000000000000003/email-invitations"
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    return sandbox.call("POST", path, data=an_invitation(), headers=headers)


def invitations_on_the_main_host(sandbox: SandboxUnderTest) -> Answer:
    return sandbox.invite(headers={"Host": "api.trustpilot.com"})


def the_old_path(sandbox: SandboxUnderTest) -> Answer:
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/invitations"
    headers = {"Authorization": f"Bearer {sandbox.access_token()}"}
    return sandbox.call("POST", path, data=an_invitation(), headers=headers)


def refresh_without_the_token(sandbox: SandboxUnderTest) -> Answer:
    return sandbox.token({"grant_type": "refresh_token", "refreshToken": "tpr-1"})


def a_token_for_every_call(sandbox: SandboxUnderTest) -> Answer:
    sandbox.control("PATCH", "/variants", {"token_requests": "strict"})
    sandbox.token()
    sandbox.advance("1h")
    sandbox.control("PATCH", "/variants", {"token_requests": "strict"})
    sandbox.token()
    return sandbox.token()


def two_step_verification(sandbox: SandboxUnderTest) -> Answer:
    return sandbox.token(sandbox.password_form("two-step@trustpilotdemo.example.com", "second-lock-please"))


def redirect_refused(sandbox: SandboxUnderTest) -> Answer:
    query = {"client_id": sandbox["apiKey"], "redirect_uri": "https://shop.example.com/back", "response_type": "code"}
    return sandbox.call("GET", f"/?{urlencode(query)}")


def ambiguous_date(sandbox: SandboxUnderTest) -> Answer:
    return sandbox.invite(an_invitation(serviceReviewInvitation={"preferredSendTime": "09/07/2031 13:37:00"}))


def products_and_skus(sandbox: SandboxUnderTest) -> Answer:
    both = {"products": [{"sku": "a", "name": "b"}], "productSkus": ["a"]}
    return sandbox.invite(an_invitation(productReviewInvitation=both))


def delete_with_emails_and_date(sandbox: SandboxUnderTest) -> Answer:
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/invitation-data/delete"
    body = {"customerEmails": ["ada@example.com"], "deleteOlderThan": "09/07/2013 13:37:00"}
    return sandbox.call("POST", path, data=body, headers={"Authorization": f"Bearer {sandbox.access_token()}"})


def invitation_not_sent_yet(sandbox: SandboxUnderTest) -> Answer:
    return sandbox.invite()


CATALOGUE: list[tuple[Mistake, int, str]] = [
    (api_key_on_a_private_route, 401, "The API key alone works on public routes only"),
    (unit_id_in_the_user_header, 403, "x-business-user-id holds a business UNIT id"),
    (role_below_manager, 403, "inviting needs Admin or Manager"),
    (plan_missing, 403, "no paid plan"),
    (domain_of_somebody_else, 403, "has no access to business unit"),
    (invitations_on_the_main_host, 404, "serves this path, not api.trustpilot.com"),
    (the_old_path, 400, "Old path"),
    (refresh_without_the_token, 400, "refresh_token is missing"),
    (a_token_for_every_call, 429, "You requested a new token 0 s after the last one, which is valid for 100 h more"),
    (two_step_verification, 400, "2-step verification blocks the password grant"),
    (redirect_refused, 400, "https://shop.example.com/back is not registered"),
    (ambiguous_date, 202, "was read month first, as 2031-09-07"),
    (products_and_skus, 400, "give either products or productSkus, not both"),
    (delete_with_emails_and_date, 400, "give either customerEmails or deleteOlderThan, not both"),
    (invitation_not_sent_yet, 202, "advance the sandbox's clock"),
]


@pytest.mark.parametrize(("mistake", "status", "sentence"), CATALOGUE, ids=[row[0].__name__ for row in CATALOGUE])
def test_the_hint_names_the_mistake(sandbox: SandboxUnderTest, mistake: Mistake, status: int, sentence: str) -> None:
    answer = mistake(sandbox)
    assert answer.status == status
    assert sentence in answer.hint
    assert sentence.encode() not in answer.body or "details" in answer.text or "<html" in answer.text


def test_an_event_that_goes_nowhere_has_its_reason(sandbox: SandboxUnderTest) -> None:
    sandbox.connect("http://127.0.0.1:9/")
    sandbox.track({**an_order(), "integrations": {"All": False}})
    [delivery] = sandbox.rows("segment/deliveries")
    assert delivery["reason"] == "FILTERED_BY_INTEGRATIONS_OBJECT"


def test_an_order_without_an_address_shows_where_the_destination_looked(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    said = "Missing email: looked in properties.email, context.traits.email, traits.email."
    destination.say = [Say(400, f'{{"message": "{said}"}}'.encode())]
    sandbox.connect(destination.url)
    sandbox.track(an_order())
    sandbox.settle()
    [delivery] = sandbox.rows("segment/deliveries")
    assert delivery["attempts"][0]["message"] == said
