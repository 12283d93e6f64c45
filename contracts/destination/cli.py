"""The command ``destination``."""

from __future__ import annotations

import sys

import click

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
    # tpmock loads this module to list its commands: the web framework and the database wait until they are needed.
    from contracts.destination.app import create_app  # noqa: PLC0415
    from contracts.destination.start import start  # noqa: PLC0415

    sys.exit(start(create_app, host, port, ledger))
