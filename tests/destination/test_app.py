"""What Segment, or a stranger, meets at the door."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from contracts.destination.ledger import State
from contracts.destination.orders import Order
from tests.destination.conftest import EMAIL, KEY, Answer, StubTrustpilot, Subject, message_of, order_completed

PERSONAL = (EMAIL, "Ada", "Byron")


def test_health_says_ok(subject: Subject) -> None:
    answer = subject.app.test_client().get("/health")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_both_paths_take_events(subject: Subject, trustpilot: StubTrustpilot) -> None:
    assert subject.post(order_completed(1)).status_code == 200
    assert subject.post(order_completed(2), path="/v1/events").status_code == 200
    assert len(trustpilot.calls) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": "Basic c2VnbWVudDo="},
        {"Authorization": "Basic Og=="},
    ],
)
def test_a_wrong_key_is_refused_in_words(subject: Subject, trustpilot: StubTrustpilot, headers: dict[str, str]) -> None:
    answer = subject.post(order_completed(), key=None, headers=headers)
    assert answer.status_code == 401
    assert "Integration Key" in message_of(answer)
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert trustpilot.token_calls == []


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": b"{"}, 400),
        ({"data": b""}, 400),
        ({"data": b"\xff\xfe\xfd"}, 400),
        ({"data": b'{"type": NaN}'}, 400),
        ({"data": b"[]"}, 400),
        ({"data": b'"Order Completed"'}, 400),
        ({"data": b"[" * 200_000}, 400),
        ({"data": b'{"a":' * 100_000 + b"1" + b"}" * 100_000}, 400),
        ({"data": b"1" * 5_000}, 400),
        ({"data": b" " * 1_048_577}, 413),
        ({"headers": {"Content-Type": "text/plain"}}, 415),
        ({"headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 415),
    ],
)
def test_bad_input_is_refused_as_json(
    subject: Subject, trustpilot: StubTrustpilot, options: dict[str, Any], status: int
) -> None:
    answer = subject.post(order_completed(), **options)
    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    assert message_of(answer)
    assert trustpilot.calls == []


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.segment+json"]
)
def test_json_may_have_other_names(subject: Subject, content_type: str) -> None:
    assert subject.post(order_completed(), headers={"Content-Type": content_type}).status_code == 200


def test_unknown_places_and_methods_answer_json(subject: Subject) -> None:
    client = subject.app.test_client()
    nowhere, wrong_method = client.post("/v2"), client.get("/")
    assert (nowhere.status_code, wrong_method.status_code) == (404, 405)
    assert "POST /v1/events" in message_of(nowhere)
    assert "POST" in wrong_method.headers["Allow"]
    assert "POST /v1/events" in message_of(wrong_method)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"type": "identify", "traits": {"email": EMAIL}, "messageId": "m"}, 501),
        ({**order_completed(), "event": "Order Refunded"}, 200),
        (order_completed(email=None), 400),
        (order_completed(None), 400),
    ],
)
def test_events_that_make_no_invitation(
    subject: Subject, trustpilot: StubTrustpilot, event: object, status: int
) -> None:
    assert subject.post(event).status_code == status
    assert trustpilot.calls == []


@pytest.mark.parametrize(
    "answer", [Answer(), Answer(400), Answer(401), Answer(403), Answer(429), Answer(500), Answer(cut=True)]
)
def test_no_person_and_no_secret_in_messages_and_logs(
    subject: Subject, trustpilot: StubTrustpilot, caplog: pytest.LogCaptureFixture, answer: Answer
) -> None:
    trustpilot.script = [answer] * 2
    with caplog.at_level(logging.DEBUG):
        texts = [
            subject.post(order_completed(EMAIL, EMAIL)).text,
            subject.post(order_completed(email="Ada@Byron")).text,
        ]
    said = "".join(texts) + caplog.text
    secrets = (KEY, "the-api-key", "the-api-secret", "tpa-")
    assert not [word for word in (*PERSONAL, *secrets) if word in said]


def test_each_event_gets_one_line(subject: Subject, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="contracts.destination"):
        subject.post(order_completed(message_id="m-1"))
    [record] = caplog.records
    assert record.getMessage().startswith("message=m-1 order=1001 status=200 ms=")


def test_a_refused_event_is_named_in_its_line(subject: Subject, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="contracts.destination"):
        subject.post(order_completed(email=None, message_id="m-1"))
    [record] = caplog.records
    assert record.getMessage().startswith("message=m-1 order=- status=400 ms=")


def test_the_unforeseen_answers_500_and_risks_no_second_mail(
    subject: Subject, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(_connection: object, order: Order) -> int:
        raise LookupError(order.email)

    monkeypatch.setattr(subject.destination.trustpilot, "invite", explode)
    answer = subject.post(order_completed())
    assert (answer.status_code, message_of(answer)[:15]) == (500, "The destination")
    assert "LookupError" in caplog.text
    assert EMAIL not in answer.text + caplog.text
    ledger = subject.destination.ledger
    assert ledger.state(subject.destination.admit(KEY).id, "1001") is State.UNCONFIRMED


def test_the_ledger_holds_neither_person_nor_key(subject: Subject, trustpilot: StubTrustpilot, tmp_path: Any) -> None:
    subject.post(order_completed(EMAIL, EMAIL))
    subject.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("ledger.db*"))
    assert not [word for word in (*PERSONAL, KEY) if word.encode() in stored]
