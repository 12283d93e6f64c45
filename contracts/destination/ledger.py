"""Remembers which orders were invited, so that no retry, replay or race invites anybody twice.

One row per connection and order. The database's unique keys decide every race, also between several copies of the
service. No name is stored, and of the address only what the vault makes of it.

States and how they follow each other::

    (no row) -> reserved -> sent         Trustpilot took the invitation
                         -> refused      certainly nothing was created: the next event of this order may try again
                         -> unconfirmed  nobody knows; also what becomes of a reservation whose owner died
    refused  -> reserved
    unconfirmed -> reserved              only when the service is set up to risk a second mail
    unconfirmed -> sent, refused         by a person who has looked
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, func, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from contracts.destination.database import Database
from contracts.destination.schema import orders

LEASE = 60.0
"""Seconds after which a reservation counts as left behind by a crash, at least."""


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
    CAPPED = auto()


def written(state: State) -> BindParameter[str]:
    """A state spelt out in the statement: only so do databases see that the small index of open orders will do."""
    return literal(state.value, literal_execute=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """An order as it may be stored.

    :param message_id: the event; the same event is not processed twice, whatever order it names.
    :param consumer: the keyed hash of the buyer's address.
    :param person: the keyed hash of Segment's user id.
    :param address: the address, sealed.
    """

    order_id: str
    message_id: str | None = None
    consumer: str | None = None
    person: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """What came of the wish, and by which attempt; the latter is shown when it is settled."""

    claim: Claim
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """What a ledger goes by.

    :param lease: seconds a reservation is honoured; must exceed the longest time one event can take.
    :param repeat: whether an unconfirmed order may be claimed again.
    :param cap: how many invitations one consumer gets within ``span`` seconds; 0 for any number.
    """

    lease: float = LEASE
    repeat: bool = False
    cap: int = 0
    span: float = 0.0


# Made once: to put a statement together takes SQLAlchemy longer than to have it executed.
_THIS_ORDER = and_(orders.c.connection == bindparam("of"), orders.c.order_id == bindparam("order"))
_STILL_MINE = and_(
    orders.c.attempt == bindparam("by"), orders.c.state.in_([State.RESERVED.value, State.UNCONFIRMED.value])
)
_SETTLED = update(orders).where(_THIS_ORDER, _STILL_MINE)
_SETTLED_AS_SENT = update(orders).where(_THIS_ORDER, or_(_STILL_MINE, orders.c.state != State.SENT.value))


class Ledger:
    """The table of orders.

    :param now: seconds since 1970, about the same in all copies of the service.
    """

    def __init__(self, database: Database, now: Callable[[], float], rules: Rules | None = None) -> None:
        self._database = database
        self._now = now
        self._rules = rules or Rules()
        # Of an INSERT SQLAlchemy keeps the count only when told to.
        self._insert = database.insert(orders).on_conflict_do_nothing().execution_options(preserve_rowcount=True)

    def reserve(self, connection: str, entry: Entry) -> Reservation:
        """Claim an order for this request.

        :param connection: the connection's id.
        :returns: ``WON`` to exactly one of any number of simultaneous callers, who must then call :meth:`settle`.
        """
        # A lost insert or update says only that someone was faster; the next look says what they did. Each round
        # follows a change made by another request, so this ends.
        while True:
            if self._rules.cap and entry.consumer:
                won = self._try_within_cap(connection, entry)
            else:
                won = self._try(connection, entry)
            if won is not None:
                return won

    def settle(self, connection: str, order_id: str, attempt: int, state: State, reason: str | None = None) -> None:
        """Write down how a claim that was won has ended.

        Also right when the lease has run out meanwhile: unless somebody else has claimed the order since, its owner
        still knows best. And who knows that it was sent, knows it in any case.
        """
        values = {
            "of": connection,
            "order": order_id,
            "by": attempt,
            "state": state.value,
            "reason": reason,
            "leased_until": 0.0,
            "changed_at": self._now(),
        }
        statement = _SETTLED_AS_SENT if state is State.SENT else _SETTLED
        self._database.shared(lambda database: database.execute(statement, values))

    def state(self, connection: str, order_id: str) -> State | None:
        """What is known about an order; None when it was never seen."""
        query = select(orders.c.state).where(orders.c.connection == connection, orders.c.order_id == order_id)
        with self._database.reading() as database:
            found = database.execute(query).scalar()
        return None if found is None else State(found)

    def sweep(self) -> int:
        """Turn the reservations that a crash left behind into unconfirmed orders; how many there were."""
        with self._database.writing() as database:
            return database.execute(
                update(orders)
                .where(orders.c.state == written(State.RESERVED), orders.c.leased_until <= self._now())
                .values(state=State.UNCONFIRMED.value, reason="lease", changed_at=self._now())
            ).rowcount

    # --- claiming -------------------------------------------------------------------------------------------------

    def _try(self, connection: str, entry: Entry) -> Reservation | None:
        """One attempt, each statement by itself; None when somebody was faster and it is worth another look."""
        if self._database.shared(lambda database: self._inserted(database, connection, entry, State.RESERVED)):
            return Reservation(Claim.WON, 1)
        with self._database.reading() as database:
            row = self._found(database, connection, entry)
        if row is None:
            return None
        with self._database.writing() as database:
            return self._judged(database, connection, entry, row)

    def _try_within_cap(self, connection: str, entry: Entry) -> Reservation | None:
        """The same in one transaction, so that two orders of one consumer do not both see that there is room."""
        with self._database.transaction() as transaction:
            self._database.lock(transaction, int(f"{entry.consumer}"[:15], 16))
            row = self._found(transaction, connection, entry)
            if row is not None and not self._is_open(row):
                return self._judged(transaction, connection, entry, row)
            if self._had(transaction, connection, entry) >= self._rules.cap:
                if row is None:
                    self._inserted(transaction, connection, entry, State.REFUSED, "cap")
                return Reservation(Claim.CAPPED)
            if row is not None:
                return self._judged(transaction, connection, entry, row)
            return Reservation(Claim.WON, 1) if self._inserted(transaction, connection, entry, State.RESERVED) else None

    def _had(self, database: Connection, connection: str, entry: Entry) -> int:
        """How many invitations the consumer of an entry got within the span, or may have got, for other orders."""
        query = select(func.count()).where(
            orders.c.connection == connection,
            orders.c.consumer == entry.consumer,
            orders.c.order_id != entry.order_id,
            orders.c.state != State.REFUSED.value,
            orders.c.reserved_at > self._now() - self._rules.span,
        )
        return database.execute(query).scalar_one()

    def _is_open(self, row: Any) -> bool:
        """Whether an order that was seen before may be claimed again."""
        if row.state == State.RESERVED:
            return self._rules.repeat and row.leased_until <= self._now()
        return row.state == State.REFUSED or (self._rules.repeat and row.state == State.UNCONFIRMED)

    def _judged(self, database: Connection, connection: str, entry: Entry, row: Any) -> Reservation | None:
        """What a row that was found means for who wants the order."""
        if self._is_open(row) and row.order_id == entry.order_id:
            return self._claimed_again(database, connection, entry, row)
        if row.state == State.RESERVED and row.leased_until <= self._now():
            left = State.UNCONFIRMED.value
            self._change(database, connection, row, state=left, reason="lease", changed_at=self._now())
            return None
        return Reservation(
            {
                State.RESERVED: Claim.IN_FLIGHT,
                State.SENT: Claim.SENT,
                State.UNCONFIRMED: Claim.UNCONFIRMED,
            }[State(row.state)]
        )

    def _claimed_again(self, database: Connection, connection: str, entry: Entry, row: Any) -> Reservation | None:
        now = self._now()
        try:
            won = self._change(
                database,
                connection,
                row,
                state=State.RESERVED.value,
                reason=None,
                attempt=row.attempt + 1,
                reserved_at=now,
                leased_until=now + self._rules.lease,
                changed_at=now,
                message_id=entry.message_id,
                consumer=entry.consumer,
                person=entry.person,
                address=entry.address,
            )
        except IntegrityError:
            # Meanwhile the same event has led to an invitation for another order.
            return None
        return Reservation(Claim.WON, row.attempt + 1) if won else None

    def _found(self, database: Connection, connection: str, entry: Entry) -> Any:
        """The row of the order, else one in which the same event already led, or may have led, to an invitation."""
        wanted: ColumnElement[bool] = orders.c.order_id == entry.order_id
        if entry.message_id is not None:
            same_event = and_(orders.c.message_id == entry.message_id, orders.c.state != State.REFUSED.value)
            wanted = or_(wanted, same_event)
        rows: Sequence[Any] = database.execute(select(orders).where(orders.c.connection == connection, wanted)).all()
        # An order that was refused gives way to an invitation that its event has made for another order.
        closed = next((row for row in rows if row.order_id != entry.order_id), None)
        own = next((row for row in rows if row.order_id == entry.order_id), None)
        return closed if own is None or (closed is not None and self._is_open(own)) else own

    def _inserted(
        self, database: Connection, connection: str, entry: Entry, state: State, reason: str | None = None
    ) -> bool:
        now = self._now()
        row = {
            "connection": connection,
            "order_id": entry.order_id,
            "message_id": entry.message_id,
            "state": state.value,
            "reason": reason,
            "attempt": 1,
            "created_at": now,
            "reserved_at": now,
            "leased_until": now + self._rules.lease,
            "changed_at": now,
            "consumer": entry.consumer,
            "person": entry.person,
            "address": entry.address,
        }
        return database.execute(self._insert, row).rowcount == 1

    @staticmethod
    def _change(database: Connection, connection: str, row: Any, **values: object) -> bool:
        """Change a row, if it still is what it was; True for the one caller who did."""
        statement = (
            update(orders)
            .where(
                orders.c.connection == connection,
                orders.c.order_id == row.order_id,
                orders.c.state == row.state,
                orders.c.attempt == row.attempt,
            )
            .values(values)
        )
        return database.execute(statement).rowcount == 1
