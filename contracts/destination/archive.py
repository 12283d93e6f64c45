"""The same orders, for those who look after them: what is open, who is to be forgotten, what is old."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select, update

from contracts.destination.database import Database
from contracts.destination.ledger import State, written
from contracts.destination.schema import orders

_NOBODY = {"consumer": None, "person": None, "address": None}


@dataclass(frozen=True, slots=True)
class Recorded:
    """An order as it stands in the ledger; times in seconds since 1970."""

    connection: str
    order_id: str
    state: State
    reason: str | None
    attempt: int
    created_at: float
    changed_at: float


class Archive:
    """The table of orders, seen from behind.

    :param now: seconds since 1970.
    """

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def orders(self, state: State | None, limit: int) -> list[Recorded]:
        """Orders, the latest change first.

        :param state: only these.
        """
        query = select(*(orders.c[name] for name in Recorded.__slots__)).order_by(orders.c.changed_at.desc())
        if state is not None:
            query = query.where(orders.c.state == state.value)
        with self._database.reading() as database:
            rows = database.execute(query.limit(limit)).all()
        return [Recorded(**{**row._asdict(), "state": State(row.state)}) for row in rows]

    def open_orders(self) -> dict[str, int]:
        """How many orders are reserved, and how many unconfirmed."""
        states = (State.RESERVED, State.UNCONFIRMED)
        number = func.count().label("number")
        query = select(orders.c.state, number).where(orders.c.state.in_(written(state) for state in states))
        with self._database.reading() as database:
            found = {row.state: row.number for row in database.execute(query.group_by(orders.c.state))}
        return {state.value: found.get(state.value, 0) for state in states}

    def owners(self, order_id: str) -> list[str]:
        """The connections that have an unconfirmed order of this id."""
        query = select(orders.c.connection).where(
            orders.c.order_id == order_id, orders.c.state == State.UNCONFIRMED.value
        )
        with self._database.reading() as database:
            return list(database.execute(query).scalars())

    def resolve(self, connection: str, order_id: str, state: State) -> bool:
        """Write down what a person found out about an unconfirmed order; False when it is none any more.

        :param state: ``sent``, or ``refused`` for one that the next event may try again.
        """
        with self._database.writing() as database:
            changed = database.execute(
                update(orders)
                .where(
                    orders.c.connection == connection,
                    orders.c.order_id == order_id,
                    orders.c.state == State.UNCONFIRMED.value,
                )
                .values(state=state.value, reason="resolved", changed_at=self._now())
            )
            return changed.rowcount == 1

    def addresses(self, connection: str, person: str) -> tuple[bool, list[tuple[str, str]]]:
        """What is known of a person.

        :param person: the keyed hash of Segment's user id.
        :returns: whether an invitation for them is under way at this moment, and the hash and the sealed form of each
            address of theirs.
        """
        query = select(orders.c.state, orders.c.leased_until, orders.c.consumer, orders.c.address).where(
            orders.c.connection == connection, orders.c.person == person
        )
        with self._database.reading() as database:
            rows = database.execute(query).all()
        in_flight = any(row.state == State.RESERVED and row.leased_until > self._now() for row in rows)
        return in_flight, list({row.consumer: row.address for row in rows if row.address is not None}.items())

    def forget(self, connection: str, person: str, consumers: Iterable[str]) -> int:
        """Cut the link between orders and a person; the number of orders, which stay and are not invited again.

        :param consumers: the hashes of their addresses, for orders that came without the user id.
        """
        with self._database.writing() as database:
            return database.execute(
                update(orders)
                .where(
                    orders.c.connection == connection,
                    or_(orders.c.person == person, orders.c.consumer.in_(list(consumers))),
                )
                .values(_NOBODY)
            ).rowcount

    def tidy(self, order_retention: float, address_retention: float) -> None:
        """Drop what was kept long enough; an unconfirmed order stays until somebody resolves it.

        :param order_retention: seconds.
        :param address_retention: seconds.
        """
        now = self._now()
        old = orders.c.changed_at < now - address_retention
        with self._database.writing() as database:
            database.execute(update(orders).where(old, orders.c.consumer.is_not(None)).values(_NOBODY))
        with self._database.writing() as database:
            settled = orders.c.state.in_([State.SENT.value, State.REFUSED.value])
            database.execute(delete(orders).where(orders.c.changed_at < now - order_retention, settled))
