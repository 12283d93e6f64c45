"""Starts the destination from the environment, with one error message for each problem."""

from __future__ import annotations

import itertools
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError
from tpmock.common.request_limits import RequestLimits
from tpmock.common.serving import Service, serve
from tpmock.destination import logs
from tpmock.destination.config import DestinationSettings
from tpmock.destination.ops.reporting import environment_with, reported
from tpmock.destination.service.assembly import open_database
from tpmock.destination.service.destination import Destination

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication
    from flask import Flask

WORKING = 32
"""Requests handled at the same time; each may wait for Trustpilot."""

WAITING = 96
"""Requests that may wait for one of those places, for at most :data:`PATIENCE` seconds."""

PATIENCE = 3.0

_EVENTS = threading.BoundedSemaphore(64)
# Anybody can get a cookie from the page and send forms, so forms have few places, and none of those for events.
_FORMS = threading.BoundedSemaphore(8)
_PROBES = frozenset({"/healthz", "/health", "/readyz", "/metrics"})

STOP_WITHIN = 30
"""Seconds that events in progress have to end when the service stops."""

TIDY_EVERY = 60.0
"""Seconds between two maintenance runs of the database."""

DROP_EVERY = 60
"""Number of maintenance runs after which expired data is deleted."""


@reported
def start(load: Callable[[DestinationSettings], Flask], host: str, port: int, database: str | None) -> int:
    """Check everything that can be checked beforehand, then serve.

    :returns: an exit code; every problem is one message on standard error
    """
    settings = DestinationSettings.from_environment(environment_with(database))
    open_database(settings)[0].close()
    service = Service(
        partial(_load, load, settings),
        _ready,
        health="/readyz",
        threads=WORKING + WAITING + RequestLimits.spare,
        stop_within=STOP_WITHIN,
    )
    return serve(service, host, port)


def _load(load: Callable[[DestinationSettings], Flask], settings: DestinationSettings) -> WSGIApplication:
    logs.to_standard_error()
    app = load(settings)
    threading.Thread(target=_tidy, args=(app.extensions["destination"],), name="tidy", daemon=True).start()
    return RequestLimits(
        app.wsgi_app,
        lambda environ: _FORMS if environ["PATH_INFO"].startswith("/connect") else _EVENTS,
        probes=_PROBES,
        working=WORKING,
        waiting=WAITING,
        patience=PATIENCE,
    )


def _tidy(destination: Destination) -> None:
    """Maintain the database at intervals while the process runs."""
    for minute in itertools.count():
        try:
            destination.store.tidy(destination.ledger)
            if minute % DROP_EVERY == 0:
                destination.store.drop_old()
        except SQLAlchemyError as problem:
            logs.unforeseen(problem)
        time.sleep(TIDY_EVERY)


def _ready(url: str) -> str:
    return f"destination ready: {url}/"
