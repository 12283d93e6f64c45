"""The database and its migrations, on both kinds."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert, inspect, select, text
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import OperationalError
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.migrations import STEPS, NewerDatabaseError, migrate, version_of
from tpmock.destination.storage.schema import metadata, versions

from tests.destination.conftest import Clock


def test_the_steps_lead_to_the_tables_that_the_program_knows(database: Database) -> None:
    with database.reading() as connection:
        look = inspect(connection)
        for table in metadata.tables.values():
            found = {column["name"]: column for column in look.get_columns(table.name)}
            assert set(found) == set(table.columns.keys())
            for column in table.columns:
                assert found[column.name]["type"]._type_affinity is column.type._type_affinity, column
            keys = look.get_pk_constraint(table.name)["constrained_columns"]
            assert keys == [column.name for column in table.primary_key]


def test_migrating_again_changes_nothing(database: Database, clock: Clock) -> None:
    migrate(database, clock)
    assert version_of(database) == len(STEPS)


def test_several_copies_may_migrate_at_once(database_url: str, clock: Clock) -> None:
    copies = [Database(database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda copy: migrate(copy, clock), copies))
    assert {version_of(copy) for copy in copies} == {len(STEPS)}
    for copy in copies:
        copy.close()


def test_a_copy_that_meets_another_ones_first_write_waits_for_it(tmp_path: Path, clock: Clock) -> None:
    """The write lock that is refused to a reader at once, despite the busy timeout, is requested again."""
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    opened = Database(f"sqlite:///{tmp_path}/x.db")
    switches: list[str] = []

    def trace(statement: str) -> None:
        if "=WAL" in statement:
            switches.append(statement)
        if len(switches) == 2:
            other.close()

    with listening(opened._probe, trace):
        migrate(opened, clock)
    assert len(switches) >= 2
    assert version_of(opened) == len(STEPS)
    opened.close()


@contextmanager
def listening(engine: Engine, trace: Callable[[str], None]) -> Iterator[None]:
    """Have every statement of new connections traced, from the first one on."""

    def on_connection(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(trace)

    listen(engine, "connect", on_connection, insert=True)
    yield
    remove(engine, "connect", on_connection)


def test_a_newer_database_is_left_alone(database: Database, clock: Clock) -> None:
    with database.writing() as connection:
        connection.execute(insert(versions).values(version=len(STEPS) + 1, applied_at=0.0))
    with pytest.raises(NewerDatabaseError, match="newer program"):
        migrate(database, clock)


def test_a_step_that_fails_leaves_nothing_behind(
    database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tpmock.destination.storage.migrations.STEPS", (*STEPS, ("CREATE TABLE tp_more (a INTEGER)", "no SQL"))
    )
    opened = Database(database_url)
    with pytest.raises(Exception, match="syntax"):
        migrate(opened, clock)
    with opened.reading() as connection:
        assert inspect(connection).get_table_names() == []
    opened.close()


def test_sqlite_keeps_readers_and_writers_apart(tmp_path: Path, clock: Clock) -> None:
    opened = Database(f"sqlite:///{tmp_path}/x.db")
    migrate(opened, clock)
    with sqlite3.connect(tmp_path / "x.db") as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()
    with opened.transaction() as transaction, opened.reading() as reader:
        transaction.execute(insert(versions).values(version=99, applied_at=0.0))
        assert reader.execute(text("SELECT count(*) FROM tp_schema")).scalar() == len(STEPS)
    opened.close()


def test_what_many_want_at_once_is_committed_together(tmp_path: Path, clock: Clock) -> None:
    opened = Database(f"sqlite:///{tmp_path}/x.db")
    migrate(opened, clock)
    commits: list[object] = []
    listen(opened._engine, "commit", commits.append)
    with ThreadPoolExecutor(8) as pool, opened._turn():
        waiting = [pool.submit(opened.shared, partial(added, number=100 + number)) for number in range(8)]
        while len(opened._waiting) < 8:
            assert not any(each.done() for each in waiting)
    assert [each.result() for each in waiting] == list(range(100, 108))
    assert len(commits) == 1
    opened.close()


def test_who_fails_among_them_fails_alone(database: Database) -> None:
    numbers = (100, 100, 101)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(database.shared, partial(added, number=number)) for number in numbers]
        ends = [each.exception() for each in waiting]
    assert sorted(type(end).__name__ for end in ends) == ["IntegrityError", "NoneType", "NoneType"]
    with database.reading() as reader:
        assert reader.execute(select(versions.c.version).where(versions.c.version >= 100)).scalars().all() == [100, 101]


def test_a_mistake_that_is_none_of_the_database_is_told_to_all(tmp_path: Path, clock: Clock) -> None:
    opened = Database(f"sqlite:///{tmp_path}/x.db")
    migrate(opened, clock)
    with pytest.raises(ZeroDivisionError):
        opened.shared(lambda _: 1 / 0)
    assert opened.shared(partial(added, number=100)) == 100
    opened.close()


def added(connection: Connection, number: int) -> int:
    connection.execute(insert(versions).values(version=number, applied_at=0.0))
    return number


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path, clock: Clock) -> None:
    opened = Database(f"sqlite:///{tmp_path}/no/such/folder/x.db")
    with pytest.raises(OperationalError):
        migrate(opened, clock)
    opened.close()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")
def test_a_new_file_is_readable_by_its_owner_only(tmp_path: Path, clock: Clock) -> None:
    opened = Database(f"sqlite:///{tmp_path}/x.db")
    migrate(opened, clock)
    assert {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {
        "x.db": 0,
        "x.db-wal": 0,
        "x.db-shm": 0,
    }
    opened.close()
