"""The command ``destination``."""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import click
from sqlalchemy.exc import SQLAlchemyError

from contracts.destination.app import create_app
from contracts.destination.config import Settings, SettingsError
from contracts.destination.ledger import Ledger
from contracts.destination.serve import PortTakenError, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

UNUSABLE = 2
"""Exit code when the destination cannot start as it is configured."""

_EXAMPLE = """\b
Example:
  export INTEGRATION_KEY=segment-key
  export TRUSTPILOT_API_KEY=... TRUSTPILOT_API_SECRET=...
  export TRUSTPILOT_BUSINESS_UNIT_ID=507f191e810c19729de860ea
  export TRUSTPILOT_BUSINESS_USER_ID=507f191e810c19729de860eb
  tpmock destination --port 8090

\b
Optional variables: TRUSTPILOT_API_URL, TRUSTPILOT_INVITATIONS_API_URL,
TRUSTPILOT_TEMPLATE_ID, TRUSTPILOT_LOCALE, TRUSTPILOT_PARTNER_ID,
TRUSTPILOT_PARTNER_HEADER, TRUSTPILOT_TIMEOUT, LEDGER_URL.
"""


@click.command(epilog=_EXAMPLE)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 picks a free one."
)
@click.option("--ledger", metavar="FILE|URL", help="Database of invited orders; wins over LEDGER_URL.")
def destination(host: str, port: int, ledger: str | None) -> None:
    """Serve the Segment-to-Trustpilot destination, configured by the environment."""
    sys.exit(start(create_app, host, port, ledger))


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
        return serve(partial(load, settings), host, port)
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
