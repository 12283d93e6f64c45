"""The database: one file of SQLite, or a PostgreSQL for several copies of the service."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from tpmock.destination.storage.deadlines import ConnectionCutter, Deadlines

# A request holds a connection for one short statement at a time, and never while it waits for Trustpilot.
_POOL = {"pool_size": 8, "max_overflow": 8, "pool_use_lifo": True, "pool_timeout": 3.0}
# A probe has its own connection, so that it does not wait for work.
_PROBE = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 1.0}
_SQLITE_PAUSE = 0.005
_CONNECT_TIMEOUT = 3
_ALONE = "tpmock_statement_alone"

T = TypeVar("T")
Insert = sqlite.Insert | postgresql.Insert


class DatabaseBusyError(SQLAlchemyError):
    """Other threads of this process write for longer than the deadline allows."""


class Database:
    """Connections to one database, and the two ways to use one.

    On SQLite the file is put into WAL mode, so that readers and a writer do not wait for each other, and the threads of
    this process queue for writing here rather than in SQLite, which lets them sleep and try again.

    No statement waits longer than the deadline of its thread (:meth:`within`), or :data:`PATIENCE` seconds without one:
    neither for a lock of SQLite nor for a PostgreSQL that answers nothing.

    :raises sqlalchemy.exc.SQLAlchemyError: when it is not one that can be used. Nothing is opened yet
    """

    def __init__(self, url: str) -> None:
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self._deadlines = Deadlines()
        self._cutter = ConnectionCutter()
        self._engine = self._create_engine(url, _POOL)
        self._probe = self._create_engine(url, _PROBE)
        alone: dict[str, Any] = {_ALONE: True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._alone = self._engine.execution_options(**alone)
        self._probe_alone = self._probe.execution_options(**alone)
        self._writing = threading.Lock()
        self._gate = threading.Lock()
        self._waiting: list[tuple[Callable[[Connection], Any], Future[Any]]] = []

    def _create_engine(self, url: str, pool: dict[str, Any]) -> Engine:
        patience = {} if self.is_sqlite else {"connect_timeout": _CONNECT_TIMEOUT}
        # hide_parameters: an error of the database must not print an order into a log.
        engine = create_engine(url, hide_parameters=True, connect_args=patience, **pool)
        if self.is_sqlite:
            event.listen(engine, "do_connect", _create_for_owner)
            event.listen(engine, "connect", self._on_sqlite_connection)
            event.listen(engine, "begin", _begin_on_sqlite)
            event.listen(engine, "checkout", self._limit_sqlite)
        else:
            event.listen(engine, "checkout", self._limit_postgres)
            event.listen(engine, "checkin", self._release)
            event.listen(engine, "invalidate", self._release)
        return engine

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Give all statements of this thread a common deadline."""
        return self._deadlines.within(seconds)

    def probing(self) -> AbstractContextManager[Connection]:
        """For a look whether the database is there, which does not wait for work."""
        return self._probe_alone.connect()

    def reading(self) -> AbstractContextManager[Connection]:
        """For single statements that change nothing."""
        return self._alone.connect()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """For one statement that changes something; it is committed by itself, which saves two round trips."""
        with self._turn(), self._alone.connect() as connection:
            yield connection

    def shared(self, work: Callable[[Connection], T]) -> T:
        """Do one thing that changes something and is needed at once, such as a statement of every order.

        SQLite waits for the disk at every commit. Requests that come while it waits go into the next commit, all
        together: many orders at once cost hardly more than one. PostgreSQL does the same by itself.

        :param work: executes statements on what it is given; must do no harm when it is done again after a rollback
        """
        if not self.is_sqlite:
            with self.writing() as connection:
                return work(connection)
        mine: Future[T] = Future()
        entry = (work, mine)
        with self._gate:
            self._waiting.append(entry)
        try:
            with self._turn():
                # The thread before us may have done our work with its own.
                if not mine.done():
                    with self._gate:
                        together, self._waiting = self._waiting, []
                    self._do(together)
        except DatabaseBusyError:
            with self._gate:
                if entry in self._waiting:
                    self._waiting.remove(entry)
                    raise
            # Another thread is doing our work with its own right now, so there is a result soon.
        return mine.result()

    def _do(self, together: Sequence[tuple[Callable[[Connection], Any], Future[Any]]]) -> None:
        try:
            with self._engine.begin() as connection:
                done = [work(connection) for work, _ in together]
        except SQLAlchemyError as problem:
            if len(together) == 1:
                together[0][1].set_exception(problem)
            else:
                # Nothing was done because one of them failed; the others must not fail with it.
                for each in together:
                    self._do([each])
            return
        except BaseException as problem:
            for _, future in together:
                future.set_exception(problem)
            raise
        for (_, future), result in zip(together, done, strict=True):
            future.set_result(result)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction of several statements. On SQLite no other thread writes meanwhile."""
        with self._turn(), self._engine.begin() as connection:
            yield connection

    def lock(self, transaction: Connection, name: int) -> None:
        """Let only one transaction at a time continue, of all that ask for the same lock, until it ends."""
        if not self.is_sqlite:  # whose transactions exclude each other anyway
            transaction.execute(select(func.pg_advisory_xact_lock(name)))

    def insert(self, table: Table) -> Insert:
        """Return an INSERT that can say what happens when the row is there already."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()
        self._probe.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until no other thread writes to SQLite.

        :raises DatabaseBusyError: when the deadline passes first
        """
        if not self.is_sqlite:
            yield
            return
        if not self._writing.acquire(timeout=self._deadlines.left()):
            raise DatabaseBusyError("The database is busy.")
        try:
            yield
        finally:
            self._writing.release()

    def _on_sqlite_connection(self, connection: Any, _record: object) -> None:
        # Python's driver would begin transactions by itself, too late: a transaction that reads first and writes then
        # fails when another one wrote in between. _begin_on_sqlite begins them.
        connection.isolation_level = None
        left = self._deadlines.left()
        connection.execute(f"PRAGMA busy_timeout = {int(1000 * left)}")
        _switch_to_wal(connection, left)

    def _limit_sqlite(self, connection: Any, _record: object, _proxy: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {int(1000 * self._deadlines.left())}")

    def _limit_postgres(self, connection: Any, record: object, _proxy: object) -> None:
        self._cutter.watch(id(record), connection.fileno(), self._deadlines.left())

    def _release(self, _connection: Any, record: object, *_: object) -> None:
        self._cutter.release(id(record))


def _create_for_owner(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> None:
    """Create the file so that its owner alone can read it. SQLite gives the files beside it the same rights.

    A file that exists is not opened: to close it again would release the locks that SQLite has on it in this process.
    """
    if not options.get("uri"):
        with suppress(OSError):  # it exists, or opening the database meets the same problem and reports it
            os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _switch_to_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Put the file into WAL mode, also when another process does so at the same moment.

    SQLite reads the header first and then asks for the write lock. A reader that cannot have that lock at once is
    refused, regardless of the busy timeout: two readers that wait for each other would wait forever. The refused one
    has given up its read lock, so the other one always gets on, and asking again ends.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(_SQLITE_PAUSE)
        else:
            return


def _begin_on_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get(_ALONE):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
