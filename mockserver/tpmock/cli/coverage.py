"""``tpmock coverage``."""

from __future__ import annotations

import click
from tpmock.cli.remote import prints
from tpmock.cli.tables import Row


def _show(found: Row) -> None:
    for row in found["operations"]:
        kind = "stateful" if row["stateful"] else "static"
        click.echo(f"{row['operationId']}  {row['method']} {row['path']}  {kind}")
        for response in row["responses"]:
            _show_claim(response["status"], "status", response)
            if "body" in response:
                _show_claim("", "body", response["body"])


def _show_claim(status: str, about: str, claim: Row) -> None:
    note = f"  {claim['note']}" if "note" in claim else ""
    click.echo(f"    {status:<4} {about:<6} {claim['evidence']:<14} {claim['source']}{note}")


@click.command()
@prints(_show)
def coverage() -> Row:
    """List the operations that the mock serves. Each with its statuses, and the evidence of status and body.

    Example: tpmock coverage
    """
    from tpmock.control import process  # noqa: PLC0415 - commands load what they need

    return {"operations": process.coverage()}
