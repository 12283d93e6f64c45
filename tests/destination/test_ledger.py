from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateIndex, CreateTable

from contracts.destination import ledger as module
from contracts.destination.ledger import Claim, Ledger, State


class Clock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    opened = Ledger(f"sqlite:///{tmp_path}/ledger.db", clock)
    yield opened
    opened.close()


def test_an_order_is_won_once(ledger: Ledger) -> None:
    assert ledger.reserve("c", "1", "m1") is Claim.WON
    assert ledger.reserve("c", "1", "m1") is Claim.IN_FLIGHT
    ledger.settle("c", "1", State.SENT)
    assert ledger.reserve("c", "1", "m2") is Claim.SENT


def test_of_many_at_once_one_wins(ledger: Ledger) -> None:
    start = threading.Barrier(16)

    def claim(number: int) -> Claim:
        start.wait()
        return ledger.reserve("c", "1", f"m{number}")

    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(claim, range(16)))
    assert sorted(claim.name for claim in claims) == ["IN_FLIGHT"] * 15 + ["WON"]


def test_of_many_after_a_refusal_one_wins(ledger: Ledger) -> None:
    ledger.reserve("c", "1", "m")
    ledger.settle("c", "1", State.REFUSED)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: ledger.reserve("c", "1", "m"), range(8)))
    assert claims.count(Claim.WON) == 1


def test_two_copies_of_the_service_share_the_race(tmp_path: Path, ledger: Ledger, clock: Clock) -> None:
    other = Ledger(f"sqlite:///{tmp_path}/ledger.db", clock)
    assert ledger.reserve("c", "1", "m") is Claim.WON
    assert other.reserve("c", "1", "m") is Claim.IN_FLIGHT
    other.close()


def test_connections_do_not_share_orders(ledger: Ledger) -> None:
    assert ledger.reserve("c", "1", "m") is Claim.WON
    assert ledger.reserve("d", "1", "m") is Claim.WON


def test_the_same_event_does_not_invite_for_another_order(ledger: Ledger) -> None:
    ledger.reserve("c", "1", "m")
    ledger.settle("c", "1", State.SENT)
    assert ledger.reserve("c", "2", "m") is Claim.SENT


def test_events_without_an_id_have_nothing_in_common(ledger: Ledger) -> None:
    assert ledger.reserve("c", "1", None) is Claim.WON
    assert ledger.reserve("c", "2", None) is Claim.WON


def test_an_unconfirmed_order_is_never_won_again(ledger: Ledger, clock: Clock) -> None:
    ledger.reserve("c", "1", "m")
    ledger.settle("c", "1", State.UNCONFIRMED)
    clock.time += 1e9
    assert ledger.reserve("c", "1", "m2") is Claim.UNCONFIRMED


def test_a_reservation_left_behind_becomes_unconfirmed(ledger: Ledger, clock: Clock) -> None:
    ledger.reserve("c", "1", "m")
    clock.time += 59
    assert ledger.reserve("c", "1", "m") is Claim.IN_FLIGHT
    clock.time += 1
    assert ledger.reserve("c", "1", "m") is Claim.UNCONFIRMED


def test_a_late_owner_still_knows_best(ledger: Ledger, clock: Clock) -> None:
    ledger.reserve("c", "1", "m")
    clock.time += 61
    ledger.reserve("c", "1", "m")
    ledger.settle("c", "1", State.SENT)
    assert ledger.state("c", "1") is State.SENT


def test_a_sent_order_cannot_be_unsent(ledger: Ledger) -> None:
    ledger.reserve("c", "1", "m")
    ledger.settle("c", "1", State.SENT)
    ledger.settle("c", "1", State.REFUSED)
    assert ledger.state("c", "1") is State.SENT


def test_orders_are_remembered_after_a_restart(tmp_path: Path, ledger: Ledger, clock: Clock) -> None:
    ledger.reserve("c", "1", "m")
    ledger.settle("c", "1", State.SENT)
    ledger.close()
    again = Ledger(f"sqlite:///{tmp_path}/ledger.db", clock)
    assert again.reserve("c", "1", "m") is Claim.SENT
    again.close()


def test_sqlite_keeps_readers_and_writers_apart(tmp_path: Path, ledger: Ledger) -> None:
    database = sqlite3.connect(tmp_path / "ledger.db")
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_a_ledger_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(OperationalError):
        Ledger(f"sqlite:///{tmp_path}/no/such/folder/ledger.db", Clock())


def test_the_table_is_valid_on_postgresql() -> None:
    table = module._orders
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    assert "PRIMARY KEY (connection, order_id)" in str(CreateTable(table).compile(dialect=dialect))
    assert "DOUBLE PRECISION" in str(CreateTable(table).compile(dialect=dialect))
    assert all(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
