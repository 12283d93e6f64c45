"""A deleted person is found nowhere: not in the database, the log, the metrics, nor in the mock's records."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from tpmock.destination.storage.vault import new_key

from tests.destination.conftest import order_completed
from tests.destination.mocked import MockUnderTest, Process, mocked
from tests.support.searching import recorded

EMAIL, USER, SURNAME = "grace.hopper@example.com", "customer-4711", "Hopper"
PERSON = (EMAIL, USER, SURNAME)


@pytest.fixture
def mock() -> Iterator[MockUnderTest]:
    with mocked() as made:
        yield made


def test_a_search_for_a_deleted_person_finds_nothing(mock: MockUnderTest, tmp_path: Path) -> None:
    environment = {**os.environ, **mock.environment(f"sqlite:///{tmp_path}/it.db"), "ENCRYPTION_KEYS": new_key()}
    key = mock.sandbox["integrationKey"]
    with closing(Process(environment)) as process:
        order = order_completed("901", email=EMAIL, name="Grace", surname=SURNAME)
        for event in ({**order, "userId": USER}, {"type": "delete", "messageId": "d", "userId": USER}):
            answer = process.deliver(event, key)
            assert answer is not None
            assert answer.status_code == 200, answer.text
        with requests.Session() as session:
            session.trust_env = False
            metrics = session.get(f"{process.url}/metrics", timeout=20).text
        log = process.log()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode("latin-1")
    assert "destination_events_total" in metrics
    assert '"order": "901"' in log
    assert len(stored) > 10_000
    assert [word for word in PERSON if word in stored + log + metrics] == []
    # At Trustpilot nothing is left either.
    assert mock.invited() == []

    # Nor in what the mock has recorded of the calls, though the calls themselves are there.
    assert mock.calls("deleteInvitationData") == 1
    assert mock.calls("createEmailInvitations") == 1
    found = recorded(lambda path: mock.sandbox.control("GET", path))
    assert [word for word in PERSON if word in found] == []
