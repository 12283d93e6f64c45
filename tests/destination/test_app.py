"""What Segment, or a stranger, meets at the door."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.messages import MESSAGES
from tpmock.destination.rules.orders import Order
from tpmock.destination.storage.ledger import Ledger, OrderEntry, OrderState
from tpmock.destination.storage.schema import versions
from tpmock.destination.web.app import create_app

from tests.destination.conftest import EMAIL, KEY, Answer, StubTrustpilot, Subject, lines, message_of, order_completed

PERSONAL = (EMAIL, "Ada", "Byron")


@pytest.mark.parametrize("path", ["/healthz", "/health", "/readyz"])
def test_health_says_ok(subject: Subject, path: str) -> None:
    answer = subject.app.test_client().get(path)
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_without_its_database_it_lives_and_is_not_ready(subject: Subject, tmp_path: Path) -> None:
    subject.close()
    for file in tmp_path.glob("destination.db*"):
        file.unlink()
    (tmp_path / "destination.db").mkdir()
    client = subject.app.test_client()
    assert client.get("/healthz").status_code == 200
    assert (client.get("/readyz").status_code, client.get("/readyz").json) == (503, {"status": "no database"})
    refused = subject.post(order_completed())
    assert (refused.status_code, message_of(refused)) == (503, MESSAGES["no-database"].text)


def test_a_database_of_another_version_is_not_ready(subject: Subject) -> None:
    with subject.destination.store.database.writing() as connection:
        connection.execute(insert(versions).values(version=99, applied_at=0.0))
    assert subject.app.test_client().get("/readyz").status_code == 503


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
    said = "".join(texts) + json.dumps(lines(caplog), ensure_ascii=False) + caplog.text
    said += subject.app.test_client().get("/metrics").text
    secrets = (KEY, "the-api-key", "the-api-secret", "tpa-")
    assert not [word for word in (*PERSONAL, *secrets) if word in said]


def test_each_event_gets_one_line(subject: Subject, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="tpmock.destination"):
        subject.post(order_completed(message_id="m-1"))
    [line] = lines(caplog)
    assert line.pop("ms") > 0
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "what": "event",
        "connection": "unit-507f191e810c19729de860ea",
        "message_id": "m-1",
        "order": "1001",
        "address_from": "properties.email",
        "status": 200,
        "message": "invited",
        "calls": 2,
        "text": "Invitation requested for order 1001, to the address in properties.email.",
    }


def test_a_refused_event_is_named_in_its_line(subject: Subject, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="tpmock.destination"):
        subject.post(order_completed(email=None, message_id="m-1"))
    [line] = lines(caplog)
    assert (line["message_id"], line["status"], line["message"]) == ("m-1", 400, "no-email")
    assert "order" not in line


def test_the_unforeseen_answers_500_and_risks_no_second_mail(
    subject: Subject, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(_connection: object, order: Order) -> int:
        raise LookupError(order.email)

    monkeypatch.setattr(subject.destination.trustpilot, "invite", explode)
    answer = subject.post(order_completed())
    assert (answer.status_code, message_of(answer)[:15]) == (500, "The destination")
    logged = json.dumps(lines(caplog))
    assert '"error": "LookupError"' in logged
    assert EMAIL not in answer.text + logged
    assert subject.state() is OrderState.UNCONFIRMED


def test_the_database_holds_neither_person_nor_secret(
    subject: Subject, trustpilot: StubTrustpilot, tmp_path: Path
) -> None:
    subject.post({**order_completed(EMAIL, EMAIL), "userId": "customer-1"})
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("destination.db*"))
    secrets = (KEY, "the-api-key", "the-api-secret", "tpa-1", "customer-1")
    assert len(stored) > 10_000
    # Three letters such as "Ada" turn up in what is sealed now and then, by chance.
    words = [word for word in PERSONAL if len(word) > 3]
    assert not [word for word in (*words, *secrets) if word.encode() in stored]


def test_metrics_count_events_calls_and_calls_per_order(subject: Subject) -> None:
    for order in (1, 1, 2):
        subject.post(order_completed(order))
    subject.post(order_completed(None))
    page = subject.app.test_client().get("/metrics").text
    for line in (
        'destination_events_total{message="invited",status="200"} 2.0',
        'destination_events_total{message="already-invited",status="200"} 1.0',
        'destination_events_total{message="no-order-id",status="400"} 1.0',
        'destination_trustpilot_calls_total{operation="token",status="200"} 1.0',
        'destination_trustpilot_calls_total{operation="invite",status="202"} 2.0',
        "destination_calls_per_order_sum 3.0",
        "destination_calls_per_order_count 2.0",
    ):
        assert line in page.splitlines()


def test_metrics_may_ask_for_a_token(settings: DestinationSettings) -> None:
    subject = Subject(create_app(replace(settings, metrics_token="m-1")))
    client = subject.app.test_client()
    headers: list[dict[str, str]] = [{}, {"Authorization": "Bearer m-2"}, {"Authorization": "Bearer m-1"}]
    assert [client.get("/metrics", headers=header).status_code for header in headers] == [401, 401, 200]
    subject.close()


def test_what_is_open_is_counted_and_what_was_left_behind_is_found(subject: Subject) -> None:
    store, ledger = subject.destination.store, subject.destination.ledger
    old = Ledger(store.database, lambda: time.time() - 3600)
    old.reserve(subject.connection.id, OrderEntry("1001"))
    ledger.reserve(subject.connection.id, OrderEntry("1002"))
    store.tidy(ledger)
    page = subject.app.test_client().get("/metrics").text
    assert 'destination_open_orders{state="unconfirmed"} 1.0' in page
    assert 'destination_open_orders{state="reserved"} 1.0' in page
