"""Administration commands of the operator."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict

import click
from tpmock.common.moments import iso
from tpmock.destination.config import DestinationSettings, database_url_of
from tpmock.destination.ops.reporting import environment_with, reported
from tpmock.destination.service.assembly import open_database
from tpmock.destination.storage import vault
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.ledger import Ledger, OrderState
from tpmock.destination.storage.migrations import migrate
from tpmock.destination.storage.order_admin import OrderAdmin, RecordedOrder
from tpmock.destination.storage.vault import derived_key

DONE, NOT_DONE = 0, 1


@reported
def list_orders(database: str | None, *, unconfirmed: bool, limit: int, as_json: bool) -> int:
    """Print orders, the latest change first."""
    with _swept(database) as order_admin:
        found = order_admin.orders(OrderState.UNCONFIRMED if unconfirmed else None, limit)
    if as_json:
        click.echo(json.dumps({"orders": [_as_json(order) for order in found], "total": len(found)}))
        return DONE
    for order in found:
        click.echo(
            f"{iso(order.changed_at)}  {order.state:<11}  {order.reason or '-':<22}  "
            f"{order.connection}  {order.order_id}"
        )
    if not found:
        click.echo(f"No {'unconfirmed ' if unconfirmed else ''}orders.")
    return DONE


@reported
def resolve(database: str | None, order_id: str, connection: str | None, *, sent: bool) -> int:
    """Write the outcome of an unconfirmed order."""
    with _swept(database) as order_admin:
        owners = [owner for owner in order_admin.owners(order_id) if connection in {None, owner}]
        if len(owners) > 1:
            click.echo(f"Several connections have this order; choose one with --connection: {', '.join(owners)}.")
            return NOT_DONE
        if not owners or not order_admin.resolve(owners[0], order_id, OrderState.SENT if sent else OrderState.REFUSED):
            click.echo("There is no such unconfirmed order; `tpmock destination orders --unconfirmed` lists them.")
            return NOT_DONE
    known = "It counts as invited." if sent else "Replay its event in Segment: the next one may invite."
    click.echo(f"Resolved. {known}")
    return DONE


@reported
def rekey(database: str | None) -> int:
    """Seal everything under the first key."""
    opened, sealed = open_database(DestinationSettings.from_environment(environment_with(database)))
    with closing(opened):
        click.echo(f"Sealed {sealed.reseal()} values under the first key.")
    return DONE


@reported
def discard_unreadable(database: str | None, *, confirmed: bool) -> int:
    """Delete what the configured keys cannot open, after a confirmation."""
    settings = DestinationSettings.from_environment(environment_with(database))
    keys = settings.encryption_keys, derived_key(settings.api_secret)
    with closing(Database(settings.database_url)) as opened:
        migrate(opened, time.time)
        found = vault.discard_unreadable(opened, *keys, dry_run=True)
        if not found:
            click.echo("Everything in the database can be opened with the configured keys.")
            return DONE
        rows = ", ".join(f"{number} in {table}" for table, number in found.items())
        click.echo(f"Rows that cannot be opened, or compared, without the former keys: {rows}.")
        if not confirmed:
            click.confirm(
                "Connected shops among them have to connect again, buyers among them cannot be erased at "
                "Trustpilot any more, and orders whose id holds an @ may be invited again. "
                "Delete these data for good?",
                abort=True,
            )
        vault.discard_unreadable(opened, *keys, dry_run=False)
        click.echo("Deleted.")
    return DONE


@contextmanager
def _swept(url: str | None) -> Iterator[OrderAdmin]:
    with closing(Database(database_url_of(environment_with(url)))) as opened:
        migrate(opened, time.time)
        # Reservations that a crash left behind count as unconfirmed, also when no copy runs that would find them.
        Ledger(opened, time.time).sweep()
        yield OrderAdmin(opened, time.time)


def _as_json(order: RecordedOrder) -> dict[str, object]:
    return {**asdict(order), "created_at": iso(order.created_at), "changed_at": iso(order.changed_at)}
