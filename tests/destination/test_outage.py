"""PostgreSQL goes away and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from contracts.destination import values
from contracts.destination.app import create_app
from contracts.destination.config import Settings
from contracts.destination.connections import Connection
from contracts.destination.ledger import State
from contracts.destination.orders import Order
from tests.destination.conftest import StubTrustpilot, Subject, order_completed
from tests.postgres import Postgres


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def service(settings: Settings, url: str) -> Iterator[Subject]:
    made = Subject(create_app(replace(settings, database_url=values.database_url(url))))
    yield made
    made.close()


def cut_off(url: str) -> None:
    """As a restart of the database does to everybody who is connected."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = current_user AND pid <> pg_backend_pid()"
        )


def test_between_two_orders_it_costs_one_retry_at_most(service: Subject, trustpilot: StubTrustpilot, url: str) -> None:
    assert service.post(order_completed(1)).status_code == 200
    cut_off(url)
    assert service.post(order_completed(2)).status_code in {200, 503}
    assert service.post(order_completed(2)).status_code == 200
    assert [call.json["referenceNumber"] for call in trustpilot.calls] == ["1", "2"]


def test_in_the_middle_of_a_call_it_costs_nothing(service: Subject, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    invite = service.destination.trustpilot.invite

    def inviting(connection: Connection, order: Order) -> int:
        status = invite(connection, order)
        cut_off(url)
        return status

    monkeypatch.setattr(service.destination.trustpilot, "invite", inviting)
    assert service.post(order_completed()).status_code == 200
    assert service.state() is State.SENT
