"""Migrates a database to the tables of this version, one numbered step after the other, never back.

A step is a file of plain SQL in ``steps`` that both databases understand, and is never changed once it was released: a
later change is a later step. Alembic would do this too; it takes longer to import (0.1 s) than the destination takes to
open its database, and what it offers beyond these lines (branches, downgrades, generated steps) is not wanted here.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, insert, inspect, select, text
from tpmock.destination.rules.values import Clock
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.deadlines import LONG
from tpmock.destination.storage.schema import versions

STEPS: tuple[tuple[str, ...], ...] = tuple(
    tuple(filter(None, map(str.strip, file.read_text(encoding="utf-8").split(";"))))
    for file in sorted((Path(__file__).parent / "steps").glob("*.sql"))
)
"""The statements of each step; no name, value or comment in them holds a semicolon."""

# Any number that nothing else in the same PostgreSQL uses as an advisory lock.
_LOCK = 0x7470_6D6F_636B
_TAKEN = select(func.coalesce(func.max(versions.c.version), 0))


class NewerDatabaseError(Exception):
    """A later version of this service has changed the database already; the text is a sentence."""


def version_of(database: Database) -> int:
    """Return the number of migration steps in a database; 0 for one that was never used. Does not wait for work."""
    with database.probing() as connection:
        if not inspect(connection).has_table(versions.name):
            return 0
        taken: int = connection.execute(_TAKEN).scalar_one()
        return taken


def migrate(database: Database, now: Clock) -> None:
    """Take the steps that are missing; any number of copies may do so at once.

    :raises NewerDatabaseError: when the database is ahead of this program
    :raises sqlalchemy.exc.SQLAlchemyError: when it cannot be opened or changed
    """
    taken = version_of(database)
    if taken < len(STEPS):
        with database.within(LONG), database.transaction() as transaction:
            database.lock(transaction, _LOCK)
            # Another copy may have been faster, so the question is asked again behind the lock.
            transaction.execute(
                text(
                    "CREATE TABLE IF NOT EXISTS tp_schema "
                    "(version INTEGER NOT NULL PRIMARY KEY, applied_at DOUBLE PRECISION NOT NULL)"
                )
            )
            taken = transaction.execute(_TAKEN).scalar_one()
            for number, step in enumerate(STEPS[taken:], taken + 1):
                for statement in step:
                    transaction.execute(text(statement))
                transaction.execute(insert(versions).values(version=number, applied_at=now()))
    if taken > len(STEPS):
        raise NewerDatabaseError(
            f"The database has version {taken}, and this program knows {len(STEPS)}. Run the newer program."
        )
