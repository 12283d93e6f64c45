"""Erasing a person, here and at Trustpilot."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from tpmock.destination.storage.ledger import OrderEntry, OrderState, Outcome

from tests.destination.conftest import EMAIL, Answer, StubTrustpilot, Subject, lines, message_of, order_completed

SECOND = "ada@home.example.com"


def delete(user_id: object = "customer-1") -> dict[str, Any]:
    return {"type": "delete", "messageId": "delete-1", "userId": user_id, "context": [], "integrations": []}


def order(number: int, email: str = EMAIL, user_id: str | None = "customer-1") -> dict[str, Any]:
    return {**order_completed(number, email=email), "userId": user_id}


def deleted(trustpilot: StubTrustpilot) -> list[Any]:
    return [call.json for call in trustpilot.calls if call.path.endswith("/invitation-data/delete")]


def test_all_addresses_of_a_user_are_deleted_at_trustpilot(subject: Subject, trustpilot: StubTrustpilot) -> None:
    for number, email in ((1, EMAIL), (2, SECOND), (3, EMAIL.upper())):
        subject.post(order(number, email))
    subject.post(order(4, "eve@example.com", "customer-2"))
    answer = subject.post(delete())
    assert (answer.status_code, "erased" in message_of(answer)) == (200, True)
    [body] = deleted(trustpilot)
    assert list(body) == ["customerEmails"]
    assert sorted(email.lower() for email in body["customerEmails"]) == [EMAIL, SECOND]
    call = trustpilot.calls[-1]
    assert call.path == "/v1/private/business-units/507f191e810c19729de860ea/invitation-data/delete"
    assert call.headers["x-business-user-id"] == "507f191e810c19729de860eb"


def test_afterwards_nobody_is_known_and_the_order_is_not_invited_again(
    subject: Subject, trustpilot: StubTrustpilot
) -> None:
    subject.post(order(1))
    subject.post(delete())
    assert "No data of this user" in message_of(subject.post(delete()))
    assert "already invited" in message_of(subject.post(order(1)))
    assert len(deleted(trustpilot)) == 1


def test_somebody_unknown_is_no_call(subject: Subject, trustpilot: StubTrustpilot) -> None:
    answer = subject.post(delete("nobody"))
    assert (answer.status_code, trustpilot.calls) == (200, [])


def test_a_user_id_that_is_an_address_is_enough(subject: Subject, trustpilot: StubTrustpilot) -> None:
    subject.post(order(1, user_id=None))
    assert subject.post(delete(EMAIL)).status_code == 200
    assert deleted(trustpilot) == [{"customerEmails": [EMAIL]}]


def test_a_delete_call_without_a_user_is_refused(subject: Subject) -> None:
    answer = subject.post(delete(None))
    assert (answer.status_code, message_of(answer)) == (400, "The delete call has no userId.")


@pytest.mark.parametrize(
    ("answer", "status"),
    [(Answer(500), 503), (Answer(429), 429), (Answer(403), 403), (Answer(400), 403), (Answer(cut=True), 503)],
)
def test_until_trustpilot_confirms_the_addresses_are_kept(
    subject: Subject, trustpilot: StubTrustpilot, answer: Answer, status: int
) -> None:
    subject.post(order(1))
    trustpilot.script = [answer]
    assert subject.post(delete()).status_code == status
    assert subject.post(delete()).status_code == 200
    assert len(deleted(trustpilot)) == 2


def test_without_a_token_nothing_is_erased(subject: Subject, trustpilot: StubTrustpilot) -> None:
    subject.post(order(1))
    trustpilot.script = [Answer(401)]
    trustpilot.token_script = [Answer(503)]
    assert subject.post(delete()).status_code == 503


def test_an_invitation_under_way_is_waited_for(subject: Subject, trustpilot: StubTrustpilot) -> None:
    desk = subject.destination
    desk.ledger.reserve(subject.connection.id, OrderEntry("1", person=desk.store.vault.person("customer-1")))
    assert subject.post(delete()).status_code == 503
    desk.ledger.settle(Outcome(subject.connection.id, "1", 1, OrderState.SENT))
    assert subject.post(delete()).status_code == 200


def test_nothing_of_a_deleted_person_is_left_anywhere(
    subject: Subject, trustpilot: StubTrustpilot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        subject.post(order(1))
        subject.post({**order(2), "properties": {**order(2)["properties"], "order_id": EMAIL}})
        subject.post(delete())
    store = subject.destination.store
    known, sealed = store.order_admin.addresses(subject.connection.id, store.vault.person("customer-1"))
    assert (known, sealed) == (False, [])
    said = json.dumps(lines(caplog), ensure_ascii=False) + subject.app.test_client().get("/metrics").text
    subject.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("destination.db*"))
    for word in (EMAIL, "Ada", "Byron", "customer-1"):
        assert word not in said
        assert word.encode() not in kept
