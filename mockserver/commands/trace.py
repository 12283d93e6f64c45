"""``tpmock trace``."""

from __future__ import annotations

from typing import Any

import click

from mockserver.commands.running import Remote, as_json, on_sandbox, show_json, show_table

Row = dict[str, Any]


@click.command()
@click.argument("name", required=False)
@click.option("--state", help="Without a name: only traces in which this happened, such as event-dropped.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="The newest so many.")
@as_json
@on_sandbox
def trace(remote: Remote, name: str | None, state: str | None, limit: int, *, as_json: bool) -> None:
    """Tell the story of one order: by its number, a message id or a trace's id; without a name, list them.

    Each line says why it belongs to the story: the message, order, link or review it names, or merely its time.

    Example: tpmock trace 1001
    """
    if name is None:
        _list(remote.call("GET", "/traces", state=state, limit=limit), as_json=as_json)
        return
    told = remote.call("GET", f"/traces/{name}")
    if as_json:
        show_json(told)
        return
    known_by = ", ".join(f"{kind} {value}" for kind, values in told["keys"].items() for value in values)
    click.echo(f"{told['id']}: {known_by or 'known by nothing'}")
    show_table(("at", "joined by", "entry", "what happened"), map(_cells, told["steps"]))
    if told["dropped"]:
        click.echo(f"{told['dropped']} steps in the middle are not kept.")
    click.echo(f"\n{told['outcome']}")


def _cells(step: Row) -> tuple[object, ...]:
    # An entry that the journal has dropped can be shown no more.
    return step["at"], step["join"], step["entry"] if step["kept"] else None, step["text"]


def _list(listed: Row, *, as_json: bool) -> None:
    if as_json:
        show_json(listed)
        return
    show_table(
        ("trace", "began", "order", "outcome"),
        (
            (row["id"], row["began"], ", ".join(row["keys"].get("orderId", ())), row["outcome"])
            for row in listed["traces"]
        ),
    )
