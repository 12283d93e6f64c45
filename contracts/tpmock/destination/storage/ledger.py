"""Stores which orders were invited, so that no retry, replay or race invites a buyer twice.

One row per connection and order. The database's unique keys decide every race, also between several copies of the
service. No name is stored, and of the address only what the vault makes of it.

States and how they follow each other::

    (no row) -> reserved -> sent         Trustpilot took the invitation
                         -> refused      certainly nothing was created: the next event of this order may try again
                         -> unconfirmed  the outcome is unknown; also a reservation whose owner crashed
    refused  -> reserved
    unconfirmed -> reserved              only when the service is set up to risk a second mail
    unconfirmed -> sent, refused         by a person who has looked

A request that got no answer to its reservation does not know whether there is one, and has not asked Trustpilot. It
gives up (:meth:`Ledger.give_up`): what it may have reserved is refused, also when the database executes it afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, func, literal, or_, select, update
from sqlalchemy.exc import IntegrityError
from tpmock.destination.rules.values import Clock
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.schema import orders

LEASE = 60.0
"""Seconds after which a reservation counts as left behind by a crash, at least."""

GIVEN_UP = "given-up"
"""Why an order is refused whose request did not hear from the database."""


class OrderState(StrEnum):
    """What is known about an order."""

    RESERVED = "reserved"
    SENT = "sent"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"


class Claim(Enum):
    """Result of a claim for an order."""

    WON = auto()
    IN_FLIGHT = auto()
    SENT = auto()
    UNCONFIRMED = auto()
    CAPPED = auto()


def written(state: OrderState) -> BindParameter[str]:
    """Return a state as a literal in the statement: only then do databases use the small index of open orders."""
    return literal(state.value, literal_execute=True)


_CLOSED = {OrderState.RESERVED: Claim.IN_FLIGHT, OrderState.SENT: Claim.SENT, OrderState.UNCONFIRMED: Claim.UNCONFIRMED}


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """An order as it may be stored: ``consumer`` and ``person`` are keyed hashes, ``address`` is sealed.

    :param message_id: the event; the same event is not processed twice, whatever order it names
    :param claim: the request, by a name that no other one has
    """

    order_id: str
    message_id: str | None = None
    consumer: str | None = None
    person: str | None = None
    address: str | None = None
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Result of a claim, and its attempt, which is shown when it is settled."""

    claim: Claim
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a claim has ended.

    :param claim: of a request that does not know whether it has one, and gives up; its attempt is then 0
    """

    connection: str
    order_id: str
    attempt: int
    state: OrderState
    reason: str | None = None
    claim: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerRules:
    """Limits of a ledger.

    :param lease: seconds a reservation is honored; must exceed the longest time one event can take
    :param cap: how many invitations one consumer gets within ``span`` seconds; 0 for any number
    """

    lease: float = LEASE
    repeat: bool = False
    cap: int = 0
    span: float = 0.0


# Made once: to put a statement together takes SQLAlchemy longer than to have it executed.
_THIS_ORDER = and_(orders.c.connection == bindparam("of"), orders.c.order_id == bindparam("order"))
_OPEN = orders.c.state.in_([OrderState.RESERVED.value, OrderState.UNCONFIRMED.value])
_STILL_MINE = and_(orders.c.attempt == bindparam("by"), _OPEN)
_SETTLED = update(orders).where(_THIS_ORDER, _STILL_MINE)
_SETTLED_AS_SENT = update(orders).where(_THIS_ORDER, or_(_STILL_MINE, orders.c.state != OrderState.SENT.value))
_GIVEN_BACK = (
    update(orders).where(_THIS_ORDER, orders.c.claim == bindparam("mine"), _OPEN).values(attempt=orders.c.attempt + 1)
)
_PASSED_OVER = (
    update(orders).where(_THIS_ORDER, orders.c.state == OrderState.REFUSED.value).values(attempt=orders.c.attempt + 1)
)


class Ledger:
    """The table of orders."""

    def __init__(self, database: Database, now: Clock, rules: LedgerRules | None = None) -> None:
        self._database = database
        self._now = now
        self._rules = rules or LedgerRules()
        # Of an INSERT SQLAlchemy keeps the count only when told to.
        self._insert = database.insert(orders).on_conflict_do_nothing().execution_options(preserve_rowcount=True)

    def reserve(self, connection: str, entry: OrderEntry) -> Reservation:
        """Claim an order for this request.

        :returns: ``WON`` to exactly one of any number of simultaneous callers, who must then call :meth:`settle`
        """
        # A lost insert or update says only that someone was faster; the next look says what they did. Each round
        # follows a change made by another request, so this ends.
        attempt = self._try_within_cap if self._rules.cap and entry.consumer else self._try
        while True:
            won = attempt(connection, entry)
            if won is not None:
                return won

    def settle(self, outcome: Outcome) -> None:
        """Write the outcome of a claim that was won.

        Also correct when the lease has run out meanwhile: unless another request has claimed the order since, its owner
        knows the outcome. An outcome of sent is always written.
        """
        values = {
            "of": outcome.connection,
            "order": outcome.order_id,
            "by": outcome.attempt,
            "state": outcome.state.value,
            "reason": outcome.reason,
            "leased_until": 0.0,
            "changed_at": self._now(),
        }
        statement = _SETTLED_AS_SENT if outcome.state is OrderState.SENT else _SETTLED
        self._database.shared(lambda database: database.execute(statement, values))

    def give_up(self, connection: str, order_id: str, claim: str) -> None:
        """Refuse what a request may have reserved, which does not know whether it has and never used it.

        A database that was frozen may execute the reservation after this. So the order has a row from here on, which an
        INSERT that comes late finds taken, and another attempt number, which an UPDATE that comes late does not find.
        """
        this, now = {"of": connection, "order": order_id}, self._now()
        refused = {"state": OrderState.REFUSED.value, "reason": GIVEN_UP, "leased_until": 0.0, "changed_at": now}
        with self._database.transaction() as transaction:
            entry = OrderEntry(order_id, claim=claim)
            if self._inserted(transaction, connection, entry, OrderState.REFUSED, GIVEN_UP):
                return
            if transaction.execute(_GIVEN_BACK, {**this, "mine": claim, **refused}).rowcount == 1:
                return
            transaction.execute(_PASSED_OVER, this)

    def sweep(self) -> int:
        """Turn the reservations that a crash left behind into unconfirmed orders, and return their number."""
        with self._database.writing() as database:
            return database.execute(
                update(orders)
                .where(orders.c.state == written(OrderState.RESERVED), orders.c.leased_until <= self._now())
                .values(state=OrderState.UNCONFIRMED.value, reason="lease", changed_at=self._now())
            ).rowcount

    # --- claiming -------------------------------------------------------------------------------------------------

    def _try(self, connection: str, entry: OrderEntry) -> Reservation | None:
        """Make one attempt, each statement by itself; None when another request was faster and a second attempt may
        help.
        """
        if self._database.shared(lambda database: self._inserted(database, connection, entry, OrderState.RESERVED)):
            return Reservation(Claim.WON, 1)
        with self._database.reading() as database:
            row = self._found(database, connection, entry)
        if row is None:
            return None
        with self._database.writing() as database:
            return self._judged(database, connection, entry, row)

    def _try_within_cap(self, connection: str, entry: OrderEntry) -> Reservation | None:
        """Make one attempt in one transaction, so that two orders of one consumer do not both find room."""
        with self._database.transaction() as transaction:
            self._database.lock(transaction, int(f"{entry.consumer}"[:15], 16))
            row = self._found(transaction, connection, entry)
            if row is not None and not self._is_open(row):
                return self._judged(transaction, connection, entry, row)
            if self._had(transaction, connection, entry) >= self._rules.cap:
                if row is None:
                    self._inserted(transaction, connection, entry, OrderState.REFUSED, "cap")
                return Reservation(Claim.CAPPED)
            if row is not None:
                return self._judged(transaction, connection, entry, row)
            inserted = self._inserted(transaction, connection, entry, OrderState.RESERVED)
            return Reservation(Claim.WON, 1) if inserted else None

    def _had(self, database: Connection, connection: str, entry: OrderEntry) -> int:
        """Return how many invitations the consumer of an entry got within the span, or may have got, for other
        orders.
        """
        query = select(func.count()).where(
            orders.c.connection == connection,
            orders.c.consumer == entry.consumer,
            orders.c.order_id != entry.order_id,
            orders.c.state != OrderState.REFUSED.value,
            orders.c.reserved_at > self._now() - self._rules.span,
        )
        return database.execute(query).scalar_one()

    def _is_open(self, row: Any) -> bool:
        """Return whether an order that was seen before may be claimed again."""
        if row.state == OrderState.RESERVED:
            return self._rules.repeat and row.leased_until <= self._now()
        return row.state == OrderState.REFUSED or (self._rules.repeat and row.state == OrderState.UNCONFIRMED)

    def _judged(self, database: Connection, connection: str, entry: OrderEntry, row: Any) -> Reservation | None:
        """Return what a row that was found means for the request that claims the order."""
        if self._is_open(row) and row.order_id == entry.order_id:
            return self._claimed_again(database, connection, entry, row)
        if row.state == OrderState.RESERVED and row.leased_until <= self._now():
            left = OrderState.UNCONFIRMED.value
            self._change(database, connection, row, state=left, reason="lease", changed_at=self._now())
            return None
        return Reservation(_CLOSED[OrderState(row.state)])

    def _claimed_again(self, database: Connection, connection: str, entry: OrderEntry, row: Any) -> Reservation | None:
        values = self._claimed(entry, OrderState.RESERVED, None, row.attempt + 1)
        try:
            won = self._change(database, connection, row, **values)
        except IntegrityError:
            # Meanwhile the same event has led to an invitation for another order.
            return None
        return Reservation(Claim.WON, row.attempt + 1) if won else None

    def _found(self, database: Connection, connection: str, entry: OrderEntry) -> Any:
        """Return the row of the order, else one in which the same event already led, or may have led, to an
        invitation.
        """
        wanted: ColumnElement[bool] = orders.c.order_id == entry.order_id
        if entry.message_id is not None:
            same_event = and_(orders.c.message_id == entry.message_id, orders.c.state != OrderState.REFUSED.value)
            wanted = or_(wanted, same_event)
        rows: Sequence[Any] = database.execute(select(orders).where(orders.c.connection == connection, wanted)).all()
        # An order that was refused gives way to an invitation that its event has made for another order.
        closed = next((row for row in rows if row.order_id != entry.order_id), None)
        own = next((row for row in rows if row.order_id == entry.order_id), None)
        return closed if own is None or (closed is not None and self._is_open(own)) else own

    def _inserted(
        self, database: Connection, connection: str, entry: OrderEntry, state: OrderState, reason: str | None = None
    ) -> bool:
        row = self._claimed(entry, state, reason, 1)
        row |= {"connection": connection, "created_at": row["changed_at"]}
        return database.execute(self._insert, row).rowcount == 1

    def _claimed(self, entry: OrderEntry, state: OrderState, reason: str | None, attempt: int) -> dict[str, Any]:
        now = self._now()
        return {
            "order_id": entry.order_id,
            "message_id": entry.message_id,
            "consumer": entry.consumer,
            "person": entry.person,
            "address": entry.address,
            "state": state.value,
            "reason": reason,
            "attempt": attempt,
            "claim": entry.claim,
            "reserved_at": now,
            "leased_until": now + self._rules.lease,
            "changed_at": now,
        }

    @staticmethod
    def _change(database: Connection, connection: str, row: Any, **values: object) -> bool:
        """Change a row if it is unchanged since it was read; True for the one caller that changed it."""
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
