"""Mutants that remember too little, or confuse orders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from tpmock.destination.rules.orders import Order
from tpmock.destination.service.destination import Destination
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.ledger import Ledger, LedgerRules, OrderState, Outcome
from tpmock.destination.storage.schema import orders

_FEW = 50
_CUT = 32


class RemembersFiftyOrders(Ledger):
    """Remembers the last fifty orders only."""

    def settle(self, outcome: Outcome) -> None:
        super().settle(outcome)
        last = select(orders.c.order_id).order_by(orders.c.created_at.desc()).limit(_FEW)
        with self._database.transaction() as transaction:
            known = transaction.execute(last).scalars().all()
            transaction.execute(delete(orders).where(orders.c.order_id.not_in(known)))


class ForgetsWhenKilled(Destination):
    """Keeps its orders only when it is ended in order."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        if not self._mark.exists():
            with self.store.database.transaction() as transaction:
                transaction.execute(delete(orders))
        self._mark.unlink(missing_ok=True)

    def close(self) -> None:
        super().close()
        self._mark.touch()

    @property
    def _mark(self) -> Path:
        return Path(f"{self.store.settings.outcome_folder}.closed")


class ResendsAfterCrash(Ledger):
    """Sends again what was under way when it crashed."""

    def __init__(self, database: Database, now: Callable[[], float], rules: LedgerRules) -> None:
        super().__init__(database, now, rules)
        under_way = orders.c.state == OrderState.RESERVED.value
        with database.transaction() as transaction:
            transaction.execute(update(orders).where(under_way).values(state=OrderState.REFUSED.value))


class OneOrderPerAddress(Destination):
    """Treats an order as another one when its address has changed."""

    def identity(self, order: Order) -> str:
        return f"{order.key}/{self.store.vault.consumer(order.email)}"


class BlindToCase(Destination):
    """Treats order ids that differ in capitals as one."""

    def identity(self, order: Order) -> str:
        return order.key.casefold()


class BlindToTheEnd(Destination):
    """Compares the first 32 characters of order ids only."""

    def identity(self, order: Order) -> str:
        return order.key[:_CUT]


class BlindToZeros(Destination):
    """Treats order ids that differ in zeros at the start as one."""

    def identity(self, order: Order) -> str:
        return order.key.lstrip("0")
