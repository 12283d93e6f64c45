"""What a person who runs the service does by command."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime

import click
from sqlalchemy.exc import SQLAlchemyError

from contracts.destination.archive import Archive, Recorded
from contracts.destination.config import DATABASE_URL, Settings, SettingsError, database_url_of
from contracts.destination.database import Database
from contracts.destination.ledger import Ledger, State
from contracts.destination.migrations import NewerDatabaseError, migrate
from contracts.destination.service import open_database
from contracts.destination.vault import WrongKeyError

DONE, NOT_DONE, UNUSABLE = 0, 1, 2


def list_orders(database: str | None, *, unconfirmed: bool, limit: int, as_json: bool) -> int:
    """Print orders, the latest change first.

    :param database: wins over the environment.
    :returns: an exit code.
    """

    def run(opened: Database) -> int:
        # What a crash has left behind counts as unconfirmed, also when no copy runs that would see it.
        Ledger(opened, time.time).sweep()
        found = Archive(opened, time.time).orders(State.UNCONFIRMED if unconfirmed else None, limit)
        if as_json:
            click.echo(json.dumps({"orders": [_as_json(order) for order in found], "total": len(found)}))
        else:
            for order in found:
                click.echo(
                    f"{_moment(order.changed_at)}  {order.state:<11}  {order.reason or '-':<22}  "
                    f"{order.connection}  {order.order_id}"
                )
            if not found:
                click.echo(f"No {'unconfirmed ' if unconfirmed else ''}orders.")
        return DONE

    return _with_database(database, run)


def resolve(database: str | None, order_id: str, connection: str | None, *, sent: bool) -> int:
    """Write down what became of an unconfirmed order.

    :param order_id: as it is listed.
    :returns: an exit code; 1 when there is no such order.
    """

    def run(opened: Database) -> int:
        Ledger(opened, time.time).sweep()
        archive = Archive(opened, time.time)
        owners = [owner for owner in archive.owners(order_id) if connection in {None, owner}]
        if len(owners) > 1:
            click.echo(f"Several connections have this order; choose one with --connection: {', '.join(owners)}.")
            return NOT_DONE
        if not owners or not archive.resolve(owners[0], order_id, State.SENT if sent else State.REFUSED):
            click.echo("There is no such unconfirmed order; `tpmock destination orders --unconfirmed` lists them.")
            return NOT_DONE
        known = "It counts as invited." if sent else "Replay its event in Segment: the next one may invite."
        click.echo(f"Resolved. {known}")
        return DONE

    return _with_database(database, run)


def rekey(database: str | None) -> int:
    """Seal everything under the first key.

    :returns: an exit code.
    """
    try:
        environment = dict(os.environ) if database is None else {**os.environ, DATABASE_URL: database}
        opened, vault = open_database(Settings.from_environment(environment))
        try:
            click.echo(f"Sealed {vault.reseal()} values under the first key.")
        finally:
            opened.close()
    except (SettingsError, SQLAlchemyError, ImportError, NewerDatabaseError, WrongKeyError) as problem:
        return _unusable(problem)
    return DONE


def sentences(problem: Exception) -> list[str]:
    """Why the service cannot run, for a person."""
    if isinstance(problem, SettingsError):
        return problem.sentences
    if isinstance(problem, SQLAlchemyError | ImportError):
        # The driver's words without SQLAlchemy's, which run over several lines.
        reason = str(getattr(problem, "orig", None) or problem).strip().splitlines()
        return [f"{DATABASE_URL} cannot be opened: {reason[0] if reason else type(problem).__name__}."]
    return [str(problem)]


def _with_database(url: str | None, run: Callable[[Database], int]) -> int:
    environment: Mapping[str, str] = os.environ if url is None else {DATABASE_URL: url}
    try:
        opened = Database(database_url_of(environment))
        try:
            migrate(opened, time.time)
            return run(opened)
        finally:
            opened.close()
    except (SettingsError, SQLAlchemyError, ImportError, NewerDatabaseError) as problem:
        return _unusable(problem)


def _unusable(problem: Exception) -> int:
    for sentence in sentences(problem):
        click.echo(f"destination: {sentence}", err=True)
    return UNUSABLE


def _as_json(order: Recorded) -> dict[str, object]:
    return {
        **asdict(order),
        "created_at": _moment(order.created_at),
        "changed_at": _moment(order.changed_at),
    }


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
