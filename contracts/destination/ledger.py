"""Remembers which orders were invited, so that no retry, replay or race invites anybody twice.

One row per connection and order. The database's primary key decides every race, also between several copies of the
service. No e-mail address and no name is stored.

States and how they follow each other::

    (no row) -> reserved -> sent         Trustpilot took the invitation
                         -> refused      certainly nothing was created: the next event of this order may try again
                         -> unconfirmed  nobody knows; never tried again by itself
    refused  -> reserved
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, StrEnum, auto
from typing import Any

from sqlalchemy import (
    Column,
    Double,
    Engine,
    Index,
    MetaData,
    String,
    Table,
    and_,
    create_engine,
    insert,
    make_url,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

LEASE = 60.0
"""Seconds after which a reservation counts as left behind by a crash."""

# A worker holds a connection for one short statement at a time; with as many as it has threads nobody ever queues
# for one.
_POOL = {"pool_size": 8, "max_overflow": 24}
_SQLITE_PATIENCE = 10.0

_metadata = MetaData()
_orders = Table(
    "destination_orders",
    _metadata,
    Column("connection", String(64), primary_key=True),
    Column("order_id", String(255), primary_key=True),
    Column("message_id", String(255)),
    Column("state", String(16), nullable=False),
    Column("reserved_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Index("destination_orders_message", "connection", "message_id"),
)


class State(StrEnum):
    """What is known about an order."""

    RESERVED = "reserved"
    SENT = "sent"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"


class Claim(Enum):
    """What came of the wish to invite for an order."""

    WON = auto()
    IN_FLIGHT = auto()
    SENT = auto()
    UNCONFIRMED = auto()


class Ledger:
    """The table of invited orders.

    :param url: SQLAlchemy URL. SQLite is put into WAL mode, so that readers and a writer do not wait for each other.
    :param now: seconds since the epoch.
    :param lease: seconds a reservation is honoured; must exceed the longest time one event can take.
    :raises sqlalchemy.exc.SQLAlchemyError: when the database cannot be opened.
    """

    def __init__(self, url: str, now: Callable[[], float], lease: float = LEASE) -> None:
        self._now = now
        self._lease = lease
        self._engine = _open(url)
        try:
            _prepare(self._engine)
        except BaseException:
            self._engine.dispose()
            raise

    def reserve(self, connection: str, order_id: str, message_id: str | None) -> Claim:
        """Claim an order for this request.

        :param connection: the connection's id.
        :param order_id: the order as it may be stored.
        :param message_id: the event as it may be stored; the same event is not processed twice, whatever order it
            names.
        :returns: ``WON`` to exactly one of any number of simultaneous callers, who must then call :meth:`settle`.
        """
        # A lost insert or update says only that someone was faster; the next look says what they did. Each round
        # follows a change made by another request, so this ends.
        while True:
            row = self._look(connection, order_id, message_id)
            if row is None:
                if self._insert(connection, order_id, message_id):
                    return Claim.WON
            elif row.state == State.REFUSED:
                if self._move(
                    connection, order_id, State.REFUSED, State.RESERVED, message_id=message_id, reserved_at=self._now()
                ):
                    return Claim.WON
            elif row.state == State.RESERVED and row.reserved_at <= self._now() - self._lease:
                self._move(connection, row.order_id, State.RESERVED, State.UNCONFIRMED)
            else:
                return {
                    State.RESERVED: Claim.IN_FLIGHT,
                    State.SENT: Claim.SENT,
                    State.UNCONFIRMED: Claim.UNCONFIRMED,
                }[State(row.state)]

    def settle(self, connection: str, order_id: str, state: State) -> None:
        """Write down how a claim that was won has ended.

        Also right when the lease has run out meanwhile: an unconfirmed order is never handed to anybody else, so its
        first owner still knows best.
        """
        if not self._move(connection, order_id, State.RESERVED, state):
            self._move(connection, order_id, State.UNCONFIRMED, state)

    def state(self, connection: str, order_id: str) -> State | None:
        """What is known about an order; None when it was never seen."""
        query = select(_orders.c.state).where(_orders.c.connection == connection, _orders.c.order_id == order_id)
        with self._engine.connect() as database:
            found = database.execute(query).scalar()
        return None if found is None else State(found)

    def close(self) -> None:
        """Give the database connections back."""
        self._engine.dispose()

    def _look(self, connection: str, order_id: str, message_id: str | None) -> Any:
        """The row of the order, else one in which the same event already led, or may have led, to an invitation."""
        this_order = _orders.c.order_id == order_id
        this_event = and_(_orders.c.message_id == message_id, _orders.c.state != State.REFUSED.value)
        query = select(_orders).where(
            _orders.c.connection == connection, this_order if message_id is None else or_(this_order, this_event)
        )
        with self._engine.connect() as database:
            rows = database.execute(query).all()
        return next((row for row in rows if row.order_id == order_id), rows[0] if rows else None)

    def _insert(self, connection: str, order_id: str, message_id: str | None) -> bool:
        now = self._now()
        row = {
            "connection": connection,
            "order_id": order_id,
            "message_id": message_id,
            "state": State.RESERVED.value,
            "reserved_at": now,
            "changed_at": now,
        }
        try:
            with self._engine.begin() as database:
                database.execute(insert(_orders).values(row))
        except IntegrityError:
            return False
        return True

    def _move(self, connection: str, order_id: str, before: State, after: State, **values: object) -> bool:
        """Change a state, if it still is what it was; True for the one caller who did."""
        statement = (
            update(_orders)
            .where(_orders.c.connection == connection, _orders.c.order_id == order_id, _orders.c.state == before.value)
            .values(state=after.value, changed_at=self._now(), **values)
        )
        with self._engine.begin() as database:
            return database.execute(statement).rowcount == 1


def _open(url: str) -> Engine:
    # hide_parameters: an error of the database must not print an order into a log.
    options: dict[str, Any] = {"hide_parameters": True, **_POOL}
    if make_url(url).get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": _SQLITE_PATIENCE}
    else:
        options["pool_pre_ping"] = True
    return create_engine(url, **options)


def _prepare(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        # WAL is a property of the file: set once, it stays.
        with engine.connect() as database:
            database.execute(text("PRAGMA journal_mode=WAL"))
    try:
        _metadata.create_all(engine)
    except DBAPIError:
        # Several copies may start at once; the slower ones find the table made between their look and their CREATE.
        _metadata.create_all(engine)
