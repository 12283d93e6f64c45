"""A suite such as users have, to be run by many workers at once. It is copied where it runs, and is not collected
here.
"""

from collections.abc import Callable

import pytest
import requests
from tpmock.testing import Tpmock

API = "https://api.trustpilot.com"
SEGMENT = "https://api.segment.io"


def token(tpmock: Tpmock) -> str:
    answered = requests.post(
        f"{API}/v1/oauth/oauth-business-users-for-applications/accesstoken",
        data={"grant_type": "client_credentials"},
        auth=(tpmock.credentials.api_key, tpmock.credentials.api_secret),
        timeout=60,
    )
    answered.raise_for_status()
    return str(answered.json()["access_token"])


def invite(tpmock: Tpmock, order: str, bearer: str) -> requests.Response:
    return requests.post(
        f"{tpmock.urls.invitations}/v1/private/business-units/{tpmock.credentials.business_unit_id}/email-invitations",
        headers={"Authorization": f"Bearer {bearer}"},
        json={
            "referenceNumber": order,
            "consumerName": "Ada Example",
            "consumerEmail": "ada@example.com",
            "serviceReviewInvitation": {},
        },
        timeout=60,
    )


many = pytest.mark.parametrize("number", range(8))


@many
def test_one_order_is_one_invitation(tpmock: Tpmock, number: int) -> None:
    assert len(tpmock.invitations) == 0
    assert invite(tpmock, "1001", token(tpmock)).status_code == 202
    assert tpmock.invitations.one()["referenceNumber"] == "1001"


@many
def test_time_is_the_sandboxs_own(tpmock: Tpmock, number: int) -> None:
    tpmock.clock.freeze()
    before = tpmock.clock.now
    bearer = token(tpmock)
    assert invite(tpmock, "1001", bearer).status_code == 202
    tpmock.clock.advance(f"{100 + number}h")
    assert invite(tpmock, "1002", bearer).status_code == 401
    assert (tpmock.clock.now - before).total_seconds() == (100 + number) * 3600
    assert tpmock.invitations.one(referenceNumber="1001")["state"] == "delivered"


@many
def test_faults_strike_here_only(tpmock: Tpmock, number: int) -> None:
    bearer = token(tpmock)
    tpmock.faults.add(f"email-invitations 429 x{number + 1}")
    answers = [invite(tpmock, "1001", bearer).status_code for _ in range(number + 2)]
    assert answers == [429] * (number + 1) + [202]


@many
def test_events_arrive_here_only(tpmock: Tpmock, number: int) -> None:
    for event in range(number + 1):
        sent = {"userId": "customer-1", "event": "Order Completed", "properties": {"order_id": str(event)}}
        requests.post(f"{SEGMENT}/v1/track", auth=(tpmock.credentials.write_key, ""), json=sent, timeout=60)
    tpmock.wait_for(lambda: len(tpmock.events) == number + 1, timeout=60)


@many
def test_a_reset_and_a_snapshot_touch_nothing_else(tpmock: Tpmock, number: int) -> None:
    bearer = token(tpmock)
    tpmock.snapshot("before")
    for order in range(number + 1):
        invite(tpmock, str(order), bearer)
    assert len(tpmock.invitations) == number + 1
    tpmock.restore("before")
    assert len(tpmock.invitations) == 0
    tpmock.reset()
    assert [call["operation"] for call in tpmock.journal if call["operation"]] == []


@many
def test_switches_are_set_here_only(tpmock: Tpmock, number: int) -> None:
    assert tpmock.variants["token_type"] == "Bearer"
    tpmock.variants["token_type"] = "BearerToken"
    assert tpmock.variants["token_type"] == "BearerToken"


@many
def test_reviews_belong_to_their_sandbox(tpmock: Tpmock, number: int) -> None:
    assert len(tpmock.reviews.list(referenceId="1001")) == 0
    invite(tpmock, "1001", token(tpmock))
    tpmock.clock.advance("7d")
    tpmock.write_review(1 + number % 5, invitation="1001", text="Came at once")
    assert tpmock.reviews.one(referenceId="1001")["stars"] == 1 + number % 5


@many
def test_the_server_is_one(tpmock: Tpmock, number: int, record_property: Callable[[str, object], None]) -> None:
    record_property("server", tpmock.url)
