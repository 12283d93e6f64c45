"""What tests see of a destination that it never asks itself."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import select
from tpmock.destination.rules.orders import OrderReader
from tpmock.destination.storage.connections import Connections
from tpmock.destination.storage.ledger import Ledger, OrderState
from tpmock.destination.storage.schema import connections, orders


def state_of(ledger: Ledger, connection: str, order_id: str) -> OrderState | None:
    """What a ledger knows about an order; None when it was never seen."""
    query = select(orders.c.state).where(orders.c.connection == connection, orders.c.order_id == order_id)
    with ledger._database.reading() as database:
        found = database.execute(query).scalar()
    return None if found is None else OrderState(found)


def domains_of(stored: Connections) -> list[str | None]:
    """The domains of all stored connections, the oldest first."""
    with stored._database.reading() as database:
        return list(database.execute(select(connections.c.domain).order_by(connections.c.created_at)).scalars())


def plain_hash(text: str) -> str:
    """A text itself, or a hash of it when it could hold an e-mail address."""
    return f"sha256:{sha256(text.encode()).hexdigest()}" if "@" in text else text


#: Reads orders without a vault.
READER = OrderReader(plain_hash)
STRICT_READER = OrderReader(plain_hash, strict=True)
