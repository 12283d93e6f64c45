"""Brings a database to the tables that this version needs, one numbered step after the other, never back.

A step is plain SQL that both databases understand, and is never changed once it was released: a later change is a
later step. Alembic would do this too; it takes longer to import (0.1 s) than the destination takes to open its
database, and what it offers beyond these lines (branches, downgrades, generated steps) is not wanted here.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, insert, inspect, select, text

from contracts.destination.database import Database
from contracts.destination.schema import versions

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE tp_orders (
            connection VARCHAR(64) NOT NULL,
            order_id VARCHAR(255) NOT NULL,
            message_id VARCHAR(255),
            state VARCHAR(16) NOT NULL,
            reason VARCHAR(40),
            attempt INTEGER NOT NULL,
            created_at DOUBLE PRECISION NOT NULL,
            reserved_at DOUBLE PRECISION NOT NULL,
            leased_until DOUBLE PRECISION NOT NULL,
            changed_at DOUBLE PRECISION NOT NULL,
            consumer VARCHAR(64),
            person VARCHAR(64),
            address TEXT,
            PRIMARY KEY (connection, order_id)
        )""",
        # An event invites once, whatever orders it names; one that was refused may be tried again.
        """CREATE UNIQUE INDEX tp_orders_message ON tp_orders (connection, message_id)
            WHERE message_id IS NOT NULL AND state <> 'refused'""",
        "CREATE INDEX tp_orders_person ON tp_orders (connection, person) WHERE person IS NOT NULL",
        "CREATE INDEX tp_orders_consumer ON tp_orders (connection, consumer) WHERE consumer IS NOT NULL",
        """CREATE INDEX tp_orders_open ON tp_orders (state, leased_until)
            WHERE state IN ('reserved', 'unconfirmed')""",
        """CREATE TABLE tp_connections (
            id VARCHAR(64) NOT NULL PRIMARY KEY,
            key_hash VARCHAR(64) NOT NULL,
            business_unit_id VARCHAR(64) NOT NULL,
            business_user_id VARCHAR(64),
            domain VARCHAR(255),
            way VARCHAR(32) NOT NULL,
            api_key TEXT NOT NULL,
            api_secret TEXT NOT NULL,
            preferences TEXT NOT NULL,
            created_at DOUBLE PRECISION NOT NULL
        )""",
        "CREATE UNIQUE INDEX tp_connections_key ON tp_connections (key_hash)",
        """CREATE TABLE tp_tokens (
            holder VARCHAR(64) NOT NULL PRIMARY KEY,
            version INTEGER NOT NULL,
            access_token TEXT,
            refresh_token TEXT,
            good_until DOUBLE PRECISION NOT NULL,
            lease VARCHAR(32),
            leased_until DOUBLE PRECISION NOT NULL,
            failures INTEGER NOT NULL,
            failed_status INTEGER
        )""",
        "CREATE TABLE tp_secrets (name VARCHAR(32) NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
    ),
    (
        """CREATE TABLE tp_logins (
            state VARCHAR(64) NOT NULL PRIMARY KEY,
            beginner VARCHAR(64) NOT NULL,
            business_unit_id VARCHAR(64) NOT NULL,
            domain VARCHAR(255) NOT NULL,
            api_key TEXT NOT NULL,
            api_secret TEXT NOT NULL,
            expires_at DOUBLE PRECISION NOT NULL
        )""",
    ),
)

# Any number that nothing else in the same PostgreSQL uses as an advisory lock.
_LOCK = 0x7470_6D6F_636B
_TAKEN = select(func.coalesce(func.max(versions.c.version), 0))


class NewerDatabaseError(Exception):
    """A later version of this service has changed the database already; the text is a sentence."""


def version_of(database: Database) -> int:
    """How many steps a database has taken; 0 for one that was never used."""
    with database.reading() as connection:
        if not inspect(connection).has_table(versions.name):
            return 0
        taken: int = connection.execute(_TAKEN).scalar_one()
        return taken


def migrate(database: Database, now: Callable[[], float]) -> None:
    """Take the steps that are missing; any number of copies may do so at once.

    :raises NewerDatabaseError: when the database is ahead of this program.
    :raises sqlalchemy.exc.SQLAlchemyError: when it cannot be opened or changed.
    """
    taken = version_of(database)
    if taken < len(STEPS):
        with database.transaction() as transaction:
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
