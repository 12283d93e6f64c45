"""The database: one file of SQLite, or a PostgreSQL for several copies of the service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

# A request holds a connection for one short statement at a time, and never while it waits for Trustpilot.
_POOL = {"pool_size": 8, "max_overflow": 8, "pool_use_lifo": True}
_SQLITE_PATIENCE = 10.0
_ALONE = "tpmock_statement_alone"

T = TypeVar("T")
Insert = sqlite.Insert | postgresql.Insert


class Database:
    """Connections to one database, and the two ways to use one.

    On SQLite the file is put into WAL mode, so that readers and a writer do not wait for each other, and the threads of
    this process queue for writing here rather than in SQLite, which lets them sleep and try again.

    :param url: SQLAlchemy URL.
    :raises sqlalchemy.exc.SQLAlchemyError: when it is not one that can be used. Nothing is opened yet.
    """

    def __init__(self, url: str) -> None:
        # hide_parameters: an error of the database must not print an order into a log.
        options: dict[str, Any] = {"hide_parameters": True, **_POOL}
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            options["connect_args"] = {"timeout": _SQLITE_PATIENCE}
        self._engine: Engine = create_engine(url, **options)
        if self.is_sqlite:
            event.listen(self._engine, "connect", _on_sqlite_connection)
            event.listen(self._engine, "begin", _begin_on_sqlite)
            self._alone = self._engine.execution_options(**{_ALONE: True})
            self._turn: AbstractContextManager[object] = threading.Lock()
        else:
            self._alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
            self._turn = nullcontext()
        self._gate = threading.Lock()
        self._waiting: list[tuple[Callable[[Connection], Any], Future[Any]]] = []

    def reading(self) -> AbstractContextManager[Connection]:
        """For single statements that change nothing."""
        return self._alone.connect()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """For one statement that changes something; it is committed by itself, which saves two round trips."""
        with self._turn, self._alone.connect() as connection:
            yield connection

    def shared(self, work: Callable[[Connection], T]) -> T:
        """Do one thing that changes something and is needed at once, such as a statement of every order.

        SQLite waits for the disk at every commit. Whoever comes while it waits is put into the next commit, all
        together: many orders at once cost hardly more than one. PostgreSQL does the same by itself.

        :param work: executes statements on what it is given; must do no harm when it is done again after a rollback.
        :returns: what it returns, after the commit.
        """
        if not self.is_sqlite:
            with self.writing() as connection:
                return work(connection)
        mine: Future[T] = Future()
        with self._gate:
            self._waiting.append((work, mine))
        with self._turn:
            # Somebody who had the turn before may have done ours with theirs.
            if not mine.done():
                with self._gate:
                    together, self._waiting = self._waiting, []
                self._do(together)
        return mine.result()

    def _do(self, together: Sequence[tuple[Callable[[Connection], Any], Future[Any]]]) -> None:
        try:
            with self._engine.begin() as connection:
                done = [work(connection) for work, _ in together]
        except SQLAlchemyError as problem:
            if len(together) == 1:
                together[0][1].set_exception(problem)
            else:
                # Nothing of it was done, because of one of them; the others shall not suffer for it.
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
        """For several statements that count together. On SQLite nobody else writes meanwhile."""
        with self._turn, self._engine.begin() as connection:
            yield connection

    def lock(self, transaction: Connection, name: int) -> None:
        """Let only one transaction at a time go on, of all that ask for the same lock, until it ends.

        :param name: a signed 64-bit number.
        """
        if not self.is_sqlite:  # whose transactions exclude each other anyway
            transaction.execute(select(func.pg_advisory_xact_lock(name)))

    def insert(self, table: Table) -> Insert:
        """An INSERT that can say what happens when the row is there already."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def _on_sqlite_connection(connection: Any, _record: object) -> None:
    # Python's driver would begin transactions by itself, too late: a transaction that reads first and writes then
    # fails when somebody else wrote in between. _begin_on_sqlite begins them.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")


def _begin_on_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get(_ALONE):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
