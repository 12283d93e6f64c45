"""From the environment to a served destination, with one sentence for everything that stands in the way."""

from __future__ import annotations

import itertools
import os
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import click
from sqlalchemy.exc import SQLAlchemyError

from contracts.destination import logs
from contracts.destination.config import DATABASE_URL, Settings, SettingsError
from contracts.destination.migrations import NewerDatabaseError
from contracts.destination.service import Destination, open_database
from contracts.destination.upkeep import sentences
from contracts.destination.vault import WrongKeyError
from contracts.serving import PortTakenError, Service, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

THREADS = 32
"""Events handled at the same time; each may wait for Trustpilot."""

STOP_WITHIN = 30
"""Seconds in which the events that are under way may end when the service is told to stop."""

TIDY_EVERY = 60.0
"""Seconds between two looks after the database."""

DROP_EVERY = 60
"""Every so many looks, data that was kept long enough is dropped."""

UNUSABLE = 2
"""Exit code when the destination cannot start as it is configured."""


def start(load: Callable[[Settings], Flask], host: str, port: int, database: str | None) -> int:
    """Check everything that can be checked beforehand, then serve.

    :param load: makes the application; picklable.
    :param database: wins over the environment's DATABASE_URL.
    :returns: an exit code; every problem is told in one sentence on standard error.
    """
    environment = dict(os.environ) if database is None else {**os.environ, DATABASE_URL: database}
    try:
        settings = Settings.from_environment(environment)
        open_database(settings)[0].close()
        service = Service(
            partial(_load, load, settings), _ready, health="/readyz", threads=THREADS, stop_within=STOP_WITHIN
        )
        return serve(service, host, port)
    except (SettingsError, SQLAlchemyError, ImportError, NewerDatabaseError, WrongKeyError, PortTakenError) as problem:
        for sentence in sentences(problem):
            click.echo(f"destination: {sentence}", err=True)
    return UNUSABLE


def _load(load: Callable[[Settings], Flask], settings: Settings) -> Flask:
    logs.to_standard_error()
    app = load(settings)
    threading.Thread(target=_tidy, args=(app.extensions["destination"],), name="tidy", daemon=True).start()
    return app


def _tidy(desk: Destination) -> None:
    """Look after the database now and then, for as long as the process lives."""
    for minute in itertools.count():
        try:
            desk.store.tidy(desk.ledger)
            if minute % DROP_EVERY == 0:
                desk.store.drop_old()
        except SQLAlchemyError as problem:
            logs.unforeseen(problem)
        time.sleep(TIDY_EVERY)


def _ready(url: str) -> str:
    return f"destination ready: {url}/"
