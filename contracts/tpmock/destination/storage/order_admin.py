"""The table of orders for administration: open orders, erasure of a person, retention."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select, update
from tpmock.destination.rules.values import Clock
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.ledger import OrderState, written
from tpmock.destination.storage.schema import NOBODY, orders

_UNCONFIRMED = orders.c.state == OrderState.UNCONFIRMED.value


@dataclass(frozen=True, slots=True)
class RecordedOrder:
    """An order as it stands in the ledger; times in seconds since 1970."""

    connection: str
    order_id: str
    state: OrderState
    reason: str | None
    attempt: int
    created_at: float
    changed_at: float


class OrderAdmin:
    """The table of orders, for administration."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    def orders(self, state: OrderState | None, limit: int) -> list[RecordedOrder]:
        """Orders, the latest change first."""
        query = select(*(orders.c[name] for name in RecordedOrder.__slots__)).order_by(orders.c.changed_at.desc())
        if state is not None:
            query = query.where(orders.c.state == state.value)
        with self._database.reading() as database:
            rows = database.execute(query.limit(limit)).all()
        return [RecordedOrder(**{**row._asdict(), "state": OrderState(row.state)}) for row in rows]

    def open_orders(self) -> dict[str, int]:
        """Return how many orders are reserved, and how many unconfirmed."""
        states = (OrderState.RESERVED, OrderState.UNCONFIRMED)
        number = func.count().label("number")
        query = select(orders.c.state, number).where(orders.c.state.in_(written(state) for state in states))
        with self._database.reading() as database:
            found = {row.state: row.number for row in database.execute(query.group_by(orders.c.state))}
        return {state.value: found.get(state.value, 0) for state in states}

    def owners(self, order_id: str) -> list[str]:
        """Return the connections that have an unconfirmed order of this id."""
        query = select(orders.c.connection).where(orders.c.order_id == order_id, _UNCONFIRMED)
        with self._database.reading() as database:
            return list(database.execute(query).scalars())

    def resolve(self, connection: str, order_id: str, state: OrderState) -> bool:
        """Write the outcome of an unconfirmed order that a person looked up; False when it is no longer unconfirmed."""
        with self._database.writing() as database:
            changed = database.execute(
                update(orders)
                .where(orders.c.connection == connection, orders.c.order_id == order_id, _UNCONFIRMED)
                .values(state=state.value, reason="resolved", changed_at=self._now())
            )
            return changed.rowcount == 1

    def addresses(self, connection: str, person: str) -> tuple[bool, list[tuple[str, str]]]:
        """Return what is known of a person.

        :returns: whether an invitation for them is under way at this moment, and the hash and the sealed form of each
            address of theirs
        """
        query = select(orders.c.state, orders.c.leased_until, orders.c.consumer, orders.c.address).where(
            orders.c.connection == connection, orders.c.person == person
        )
        with self._database.reading() as database:
            rows = database.execute(query).all()
        in_flight = any(row.state == OrderState.RESERVED and row.leased_until > self._now() for row in rows)
        return in_flight, list({row.consumer: row.address for row in rows if row.address is not None}.items())

    def forget(self, connection: str, person: str, consumers: Iterable[str]) -> int:
        """Remove the person from orders, and return the number of orders, which stay and are not invited again.

        :param consumers: the hashes of their addresses, for orders that came without the user id
        """
        with self._database.writing() as database:
            theirs = or_(orders.c.person == person, orders.c.consumer.in_(list(consumers)))
            statement = update(orders).where(orders.c.connection == connection, theirs).values(NOBODY)
            return database.execute(statement).rowcount

    def tidy(self, order_retention: float, address_retention: float) -> None:
        """Delete expired rows; an unconfirmed order stays until a person resolves it."""
        now = self._now()
        old = orders.c.changed_at < now - address_retention
        with self._database.writing() as database:
            database.execute(update(orders).where(old, orders.c.consumer.is_not(None)).values(NOBODY))
        with self._database.writing() as database:
            settled = orders.c.state.in_([OrderState.SENT.value, OrderState.REFUSED.value])
            database.execute(delete(orders).where(orders.c.changed_at < now - order_retention, settled))
