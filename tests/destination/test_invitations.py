"""What the destination says to Trustpilot, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.preferences import Preferences
from tpmock.destination.storage.ledger import OrderState
from tpmock.destination.web.app import create_app

from tests.destination.conftest import EMAIL, Answer, StubTrustpilot, Subject, message_of, order_completed

HTML = b"<html><body>Request blocked</body></html>"


@pytest.fixture
def hurried(settings: DestinationSettings) -> Iterator[Subject]:
    made = Subject(create_app(replace(settings, timeout=0.15)))
    yield made
    made.close()


def test_the_request_is_the_documented_one(subject: Subject, trustpilot: StubTrustpilot) -> None:
    assert subject.post(order_completed()).status_code == 200
    [call] = trustpilot.calls
    assert call.path == "/v1/private/business-units/507f191e810c19729de860ea/email-invitations"
    assert call.headers["Authorization"] == "Bearer tpa-1"
    assert call.headers["x-business-user-id"] == "507f191e810c19729de860eb"
    assert call.headers["Content-Type"] == "application/json"
    assert call.json == {
        "locale": "en-US",
        "referenceNumber": "1001",
        "consumerName": "Ada Byron",
        "consumerEmail": EMAIL,
        "type": "email",
        "serviceReviewInvitation": {},
    }


def test_template_locale_and_partner_are_sent_when_configured(
    settings: DestinationSettings, trustpilot: StubTrustpilot
) -> None:
    wishes = Preferences(template_id="507f191e810c19729de860ec", locale="da-DK")
    subject = Subject(create_app(replace(settings, preferences=wishes, partner_id="p-1")))
    subject.post(order_completed())
    subject.close()
    [call] = trustpilot.calls
    assert (call.json["locale"], call.json["serviceReviewInvitation"]) == (
        "da-DK",
        {"templateId": "507f191e810c19729de860ec"},
    )
    assert call.headers["X-Trustpilot-Partner-Id"] == "p-1"
    assert trustpilot.token_calls[0].headers["X-Trustpilot-Partner-Id"] == "p-1"


def test_no_partner_header_without_a_partner(subject: Subject, trustpilot: StubTrustpilot) -> None:
    subject.post(order_completed())
    assert "X-Trustpilot-Partner-Id" not in trustpilot.calls[0].headers


@pytest.mark.parametrize(
    ("answer", "status", "words", "state"),
    [
        (
            Answer(200, b'{"id": "1"}'),
            200,
            "Invitation requested for order 1001, to the address in properties.email.",
            OrderState.SENT,
        ),
        (Answer(201), 200, "Invitation requested", OrderState.SENT),
        (Answer(202), 200, "Invitation requested", OrderState.SENT),
        (Answer(204, headers={}), 200, "Invitation requested", OrderState.SENT),
        (Answer(400, b'{"message": "ada.byron@example.com is wrong"}'), 400, "status 400", OrderState.REFUSED),
        (Answer(403), 403, "permission", OrderState.REFUSED),
        (Answer(403, HTML, headers={"Content-Type": "text/html"}), 503, "CDN", OrderState.REFUSED),
        (Answer(404), 400, "status 404", OrderState.REFUSED),
        (Answer(409), 400, "status 409", OrderState.REFUSED),
        (Answer(422, b"not json"), 400, "status 422", OrderState.REFUSED),
        (Answer(429), 429, "limiting", OrderState.REFUSED),
        (Answer(500, HTML), 503, "status 500", OrderState.REFUSED),
        (Answer(501), 503, "status 501", OrderState.REFUSED),
        (Answer(520), 503, "status 520", OrderState.REFUSED),
        (Answer(504), 503, "status 504", OrderState.REFUSED),
        (Answer(302, headers={"Location": "https://example.com/"}), 503, "status 302", OrderState.REFUSED),
    ],
)
def test_every_answer_of_trustpilot_becomes_a_status_segment_understands(
    *, subject: Subject, trustpilot: StubTrustpilot, answer: Answer, status: int, words: str, state: OrderState
) -> None:
    trustpilot.script = [answer]
    reply = subject.post(order_completed())
    assert reply.status_code == status
    assert words in message_of(reply)
    assert EMAIL not in reply.text
    assert subject.state() is state
    assert len(trustpilot.calls) == 1


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (Answer(400), 401, "Reconnect"),
        (Answer(401), 401, "Reconnect"),
        (Answer(403), 403, "keys"),
        (Answer(404), 401, "Reconnect"),
        (Answer(429), 429, "limiting"),
        (Answer(500, HTML), 503, "no access token"),
        (Answer(302), 503, "no access token"),
        (Answer(200, HTML), 503, "no access token"),
        (Answer(cut=True), 503, "no access token"),
    ],
)
def test_without_a_token_nothing_is_sent(
    subject: Subject, trustpilot: StubTrustpilot, answer: Answer, status: int, words: str
) -> None:
    trustpilot.token_script = [answer]
    reply = subject.post(order_completed())
    assert reply.status_code == status
    assert words in message_of(reply)
    assert (trustpilot.calls, subject.state()) == ([], OrderState.REFUSED)


def test_one_token_serves_many_orders(subject: Subject, trustpilot: StubTrustpilot) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda number: subject.post(order_completed(f"{number}")), range(24)))
    assert {reply.status_code for reply in replies} == {200}
    assert (len(trustpilot.token_calls), len(trustpilot.calls)) == (1, 24)


def test_a_refused_token_is_renewed_once_and_the_call_repeated_once(
    subject: Subject, trustpilot: StubTrustpilot
) -> None:
    trustpilot.script = [Answer(401)]
    assert subject.post(order_completed()).status_code == 200
    assert [call.headers["Authorization"] for call in trustpilot.calls] == ["Bearer tpa-1", "Bearer tpa-2"]


def test_a_refused_second_token_ends_it(subject: Subject, trustpilot: StubTrustpilot) -> None:
    trustpilot.script = [Answer(401), Answer(401)]
    reply = subject.post(order_completed())
    assert reply.status_code == 401
    assert "Reconnect" in message_of(reply)
    assert (len(trustpilot.token_calls), len(trustpilot.calls)) == (2, 2)
    assert subject.state() is OrderState.REFUSED


def test_the_same_order_is_invited_once(subject: Subject, trustpilot: StubTrustpilot) -> None:
    subject.post(order_completed("1001", "m-1"))
    for again in (order_completed("1001", "m-1"), order_completed("1001", "m-2"), order_completed(1001, "m-3")):
        reply = subject.post(again)
        assert reply.status_code == 200
        assert "already invited" in message_of(reply)
    assert len(trustpilot.calls) == 1


def test_the_same_order_at_the_same_moment_is_invited_once(subject: Subject, trustpilot: StubTrustpilot) -> None:
    trustpilot.script = [Answer(delay=0.2)]
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: subject.post(order_completed()), range(6)))
    assert sorted(reply.status_code for reply in replies) == [200, 503, 503, 503, 503, 503]
    assert len(trustpilot.calls) == 1


@pytest.mark.parametrize("answer", [Answer(429), Answer(500), Answer(403), Answer(400)])
def test_after_a_definite_refusal_a_retry_tries_again(
    subject: Subject, trustpilot: StubTrustpilot, answer: Answer
) -> None:
    trustpilot.script = [answer]
    subject.post(order_completed())
    assert (
        message_of(subject.post(order_completed()))
        == "Invitation requested for order 1001, to the address in properties.email."
    )


@pytest.mark.parametrize("answer", [Answer(delay=0.4), Answer(cut=True)], ids=["slow", "cut"])
def test_an_unknown_outcome_is_never_repeated(hurried: Subject, trustpilot: StubTrustpilot, answer: Answer) -> None:
    trustpilot.script = [answer]
    for _ in range(2):
        reply = hurried.post(order_completed())
        assert reply.status_code == 202
        assert "not confirm" in message_of(reply)
    assert hurried.state() is OrderState.UNCONFIRMED
    assert len(trustpilot.calls) == 1


def test_a_body_that_is_cut_off_does_not_hide_the_status(subject: Subject, trustpilot: StubTrustpilot) -> None:
    trustpilot.script = [Answer(201, b"{", headers={"Content-Length": "500", "Connection": "close"})]
    assert subject.post(order_completed()).status_code == 200
    assert subject.state() is OrderState.SENT


def test_a_refused_connection_leaves_the_order_to_a_retry(settings: DestinationSettings) -> None:
    subject = Subject(create_app(replace(settings, invitations_api_url="http://127.0.0.1:1")))
    reply = subject.post(order_completed())
    assert reply.status_code == 503
    assert "could not be reached" in message_of(reply)
    assert subject.state() is OrderState.REFUSED
    subject.close()


def test_a_failed_handshake_leaves_the_order_to_a_retry(
    settings: DestinationSettings, trustpilot: StubTrustpilot
) -> None:
    plain_http = trustpilot.url.replace("http:", "https:")
    subject = Subject(create_app(replace(settings, invitations_api_url=plain_http)))
    assert subject.post(order_completed()).status_code == 503
    assert subject.state() is OrderState.REFUSED
    subject.close()


def test_connections_are_used_again(subject: Subject, trustpilot: StubTrustpilot) -> None:
    trustpilot.script = [Answer(201, b"x" * 20_000), Answer(400, b"y" * 20_000)]
    for number in range(4):
        subject.post(order_completed(number))
    assert trustpilot.connections == 1
