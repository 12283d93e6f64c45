"""PostgreSQL goes away and comes back."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules import values
from tpmock.destination.rules.orders import Order
from tpmock.destination.service import settling
from tpmock.destination.storage.connections import Connection
from tpmock.destination.storage.ledger import OrderState
from tpmock.destination.web.app import create_app

from tests.destination.conftest import StubTrustpilot, Subject, order_completed
from tests.support.postgres import Postgres, running


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def service(settings: DestinationSettings, url: str) -> Iterator[Subject]:
    made = Subject(create_app(replace(settings, database_url=values.database_url(url))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A server that may be stopped, because no other test uses it, and forgets nothing then."""
    with running(options=()) as server:
        yield server


@pytest.fixture
def moody(settings: DestinationSettings, own_postgres: Postgres, tmp_path: Path) -> DestinationSettings:
    """Settings with a database on that server."""
    address = values.database_url(own_postgres.new_database())
    return replace(settings, database_url=address, outcome_folder=str(tmp_path / "outcomes"))


@contextmanager
def stopped(server: Postgres) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


def during_the_calls(
    service: Subject, monkeypatch: pytest.MonkeyPatch, orders: int, away: Callable[[], None]
) -> list[int]:
    """Have the database go away when all orders have been taken by Trustpilot and none is settled.

    :param away: called then, once
    :returns: the statuses
    """
    invite, met = service.destination.trustpilot.invite, threading.Barrier(orders, away)

    def inviting(connection: Connection, order: Order) -> int:
        status = invite(connection, order)
        met.wait(20)
        return status

    monkeypatch.setattr(service.destination.trustpilot, "invite", inviting)
    with ThreadPoolExecutor(orders) as pool:
        answers = list(pool.map(lambda number: service.post(order_completed(number)), range(orders)))
    return [answer.status_code for answer in answers]


def states(service: Subject, orders: int) -> set[OrderState | None]:
    return {service.state(str(number)) for number in range(orders)}


@pytest.mark.parametrize("kind", [stopped, Postgres.frozen], ids=["stopped", "frozen"])
def test_orders_under_way_are_settled_when_it_was_away_for_a_moment(
    kind: Callable[[Postgres], AbstractContextManager[None]],
    own_postgres: Postgres,
    moody: DestinationSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Subject(create_app(moody))

    def away() -> None:
        threading.Thread(target=a_moment).start()
        gone.wait(20)

    def a_moment() -> None:
        with kind(own_postgres):
            gone.set()
            time.sleep(0.9)
        back.set()

    gone, back = threading.Event(), threading.Event()
    assert during_the_calls(service, monkeypatch, 20, away) == [200] * 20
    assert back.wait(20)
    wait_until_settled(service)
    assert states(service, 20) == {OrderState.SENT}
    service.close()


def wait_until_settled(service: Subject) -> None:
    deadline = time.monotonic() + 20
    while service.destination.settler._pending:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_outcomes_are_kept_in_files_over_a_restart_of_the_destination(
    own_postgres: Postgres, moody: DestinationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "PATIENCE", 0.2)
    service = Subject(create_app(moody))
    assert during_the_calls(service, monkeypatch, 4, own_postgres.stop) == [200] * 4
    assert len(service.destination.settler._pending) == 4
    assert len(list(Path(moody.outcome_folder).iterdir())) == 4
    service.close()
    own_postgres.start()
    again = Subject(create_app(moody))
    wait_until_settled(again)
    assert states(again, 4) == {OrderState.SENT}
    assert list(Path(moody.outcome_folder).iterdir()) == []
    again.close()


def test_outcomes_of_another_database_are_left_alone(
    own_postgres: Postgres, moody: DestinationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "PATIENCE", 0.2)
    service = Subject(create_app(moody))
    during_the_calls(service, monkeypatch, 1, own_postgres.stop)
    service.close()
    own_postgres.start()
    other = Subject(create_app(replace(moody, database_url=values.database_url(own_postgres.new_database()))))
    assert other.destination.settler._pending == []
    assert len(list(Path(moody.outcome_folder).iterdir())) == 1
    other.close()


def test_a_frozen_database_is_answered_for_in_time(own_postgres: Postgres, moody: DestinationSettings) -> None:
    service = Subject(create_app(moody))
    assert service.post(order_completed(1)).status_code == 200
    with own_postgres.frozen():
        began = time.monotonic()
        with ThreadPoolExecutor(20) as pool:
            posted = [pool.submit(service.post, order_completed(number)) for number in range(2, 22)]
            assert service.app.test_client().get("/readyz").status_code == 503
            assert service.app.test_client().get("/healthz").status_code == 200
            assert {answer.result().status_code for answer in posted} == {503}
        assert time.monotonic() - began < 9
    assert service.app.test_client().get("/readyz").status_code == 200
    service.close()


def test_a_reservation_that_a_frozen_database_makes_afterwards_is_given_back(
    own_postgres: Postgres, moody: DestinationSettings, trustpilot: StubTrustpilot
) -> None:
    service = Subject(create_app(moody))
    assert service.post(order_completed(1)).status_code == 200
    with own_postgres.frozen():
        assert service.post(order_completed(2)).status_code == 503
        assert len(service.destination.settler._pending) == 1
    wait_until_settled(service)
    # What Segment does next, without anybody's help.
    assert service.post(order_completed(2)).status_code == 200
    assert service.state("2") is OrderState.SENT
    assert [call.json["referenceNumber"] for call in trustpilot.calls] == ["1", "2"]
    assert list(Path(moody.outcome_folder).iterdir()) == []
    service.close()


def test_a_reservation_is_given_back_by_the_next_process_too(
    own_postgres: Postgres, moody: DestinationSettings, trustpilot: StubTrustpilot
) -> None:
    service = Subject(create_app(moody))
    assert service.post(order_completed(1)).status_code == 200
    with own_postgres.frozen():
        assert service.post(order_completed(2)).status_code == 503
        service.destination.settler.close()
    again = Subject(create_app(moody))
    wait_until_settled(again)
    assert again.post(order_completed(2)).status_code == 200
    assert [call.json["referenceNumber"] for call in trustpilot.calls] == ["1", "2"]
    for each in (service, again):
        each.close()


def test_a_database_that_is_not_there_leaves_nothing_to_give_back(
    own_postgres: Postgres, moody: DestinationSettings
) -> None:
    service = Subject(create_app(moody))
    own_postgres.stop()
    statuses = [service.post(order_completed(number)).status_code for number in range(40)]
    assert set(statuses) == {503}
    # One for each connection that was open, not one for each event.
    assert len(service.destination.settler._pending) <= 1
    own_postgres.start()
    wait_until_settled(service)
    assert service.post(order_completed(1)).status_code == 200
    service.close()


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
    assert service.state() is OrderState.SENT


def test_a_locked_sqlite_is_answered_for_in_time(settings: DestinationSettings, tmp_path: Path) -> None:
    service = Subject(create_app(replace(settings, database_url=f"sqlite:///{tmp_path}/x.db")))
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        posted = [pool.submit(service.post, order_completed(number)) for number in range(20)]
        for path in ("/healthz", "/readyz"):
            asked = time.monotonic()
            assert service.app.test_client().get(path).status_code == 200
            assert time.monotonic() - asked < 2
        assert {answer.result().status_code for answer in posted} == {503}
    assert time.monotonic() - began < 8
    other.close()
    assert service.post(order_completed(1)).status_code == 200
    service.close()


def test_an_outcome_waits_for_a_locked_sqlite(
    settings: DestinationSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "PATIENCE", 0.2)
    ours = replace(settings, database_url=f"sqlite:///{tmp_path}/x.db", outcome_folder=str(tmp_path / "outcomes"))
    service = Subject(create_app(ours))
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None, check_same_thread=False)

    def lock() -> None:
        other.execute("BEGIN IMMEDIATE")

    assert during_the_calls(service, monkeypatch, 4, lock) == [200] * 4
    assert len(list((tmp_path / "outcomes").iterdir())) == 4
    other.close()
    wait_until_settled(service)
    assert states(service, 4) == {OrderState.SENT}
    service.close()
