"""From the environment to a served destination, with one sentence for everything that stands in the way."""

from __future__ import annotations

import logging
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import click
from sqlalchemy.exc import SQLAlchemyError

from contracts.destination.config import Settings, SettingsError
from contracts.destination.ledger import Ledger
from contracts.serving import PortTakenError, Service, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

THREADS = 32
"""Events handled at the same time; each may wait for Trustpilot."""

UNUSABLE = 2
"""Exit code when the destination cannot start as it is configured."""


def start(load: Callable[[Settings], Flask], host: str, port: int, ledger: str | None) -> int:
    """Check everything that can be checked beforehand, then serve.

    :param load: makes the application; picklable.
    :param ledger: wins over the environment's LEDGER_URL.
    :returns: an exit code; every problem is told in one sentence on standard error.
    """
    environment = dict(os.environ) if ledger is None else {**os.environ, "LEDGER_URL": ledger}
    try:
        settings = Settings.from_environment(environment)
        Ledger(settings.ledger_url, time.time).close()
        service = Service(partial(_load, load, settings), _ready, health="/health", threads=THREADS)
        return serve(service, host, port)
    except SettingsError as problem:
        sentences = problem.sentences
    except (SQLAlchemyError, ImportError) as problem:
        # The driver's words without SQLAlchemy's, which run over several lines.
        reason = getattr(problem, "orig", None) or problem
        sentences = [f"LEDGER_URL cannot be opened: {reason}."]
    except PortTakenError as problem:
        sentences = [str(problem)]
    for sentence in sentences:
        click.echo(f"destination: {sentence}", err=True)
    return UNUSABLE


def _load(load: Callable[[Settings], Flask], settings: Settings) -> Flask:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    return load(settings)


def _ready(url: str) -> str:
    return f"destination ready: {url}/"
