"""``tpmock trace``."""

from __future__ import annotations

import click
from tpmock.cli.remote import Remote, on_sandbox, prints
from tpmock.cli.tables import Row, show_table, table


def _show(found: Row) -> None:
    if "traces" in found:
        _list(found)
        return
    known_by = ", ".join(f"{kind} {value}" for kind, values in found["keys"].items() for value in values)
    click.echo(f"{found['id']}: {known_by or 'known by nothing'}")
    # The journal may have dropped the entry.
    steps = ((one["at"], one["join"], one["entry"] if one["kept"] else None, one["text"]) for one in found["steps"])
    show_table(("at", "joined by", "entry", "what happened"), steps)
    if found["dropped"]:
        click.echo(f"{found['dropped']} steps in the middle were dropped.")
    click.echo(f"\n{found['outcome']}")


_list = table(
    "traces",
    {
        "trace": "id",
        "began": "began",
        "order": lambda row: ", ".join(row["keys"].get("orderId", ())),
        "outcome": "outcome",
    },
)


@click.command()
@click.argument("name", required=False)
@click.option("--state", help="Without a name: only traces with this step, such as event-dropped.")
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="Number of newest entries to show."
)
@prints(_show)
@on_sandbox
def trace(remote: Remote, name: str | None, state: str | None, limit: int) -> object:
    """Show the trace of an order, or list traces. Name the order by its number, a message id or the trace id.

    Each line shows why it belongs to the trace: the message, order, link or review it names, or only its time.

    Example: tpmock trace 1001
    """
    if name is None:
        return remote.call("GET", "/traces", state=state, limit=limit)
    return remote.call("GET", f"/traces/{name}")
