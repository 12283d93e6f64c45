"""``tpmock fault``."""

from __future__ import annotations

import click
from tpmock.cli.remote import Remote, control_command, on_sandbox, prints
from tpmock.cli.tables import Row, show_table, table
from tpmock.common.command_group import CommandGroup


@click.group(cls=CommandGroup)
def fault() -> None:
    """Add, list and remove faults. A fault replaces, delays or breaks responses of the mock, or its outgoing requests.

    Example: tpmock fault add "email-invitations 429 x2 then ok"
    """


@fault.command()
@click.argument("line", nargs=-1, required=True)
@prints(lambda made: click.echo(f"Fault {made['id']}: {made['fault']}"))
@on_sandbox
def add(remote: Remote, line: tuple[str, ...]) -> object:
    """Add a fault: which calls, what goes wrong, when it ends. 'tpmock fault kinds' lists the words.

    Example: tpmock fault add "find delay 2s for 5m"
    """
    return remote.call("POST", "/faults", {"fault": " ".join(line)})


def _remaining(row: Row) -> object:
    return "no limit" if row["remaining"] is None else row["remaining"]


control_command(
    fault,
    "list",
    "GET /faults",
    "List the faults: how often each was applied, how often it still will be.",
    show=table(
        "faults", {"id": "id", "fault": "fault", "hits": "struck", "remaining": _remaining, "until": "expiresAt"}
    ),
)


@fault.command()
@click.argument("fault_id", metavar="[ID]", type=int, required=False)
@on_sandbox
def clear(remote: Remote, fault_id: int | None) -> None:
    """Remove all faults, or the one with this number.

    Example: tpmock fault clear
    """
    remote.call("DELETE", "/faults" if fault_id is None else f"/faults/{fault_id}")


def _show_kinds(listed: Row) -> None:
    show_table(("effect", "means", "by address"), [row.values() for row in listed["kinds"]])
    click.echo()
    show_table(("behind it", "means"), listed["words"].items())


@fault.command()
@prints(_show_kinds)
def kinds() -> Row:
    """Print all effects, and the modifiers that may follow them.

    Example: tpmock fault kinds
    """
    from tpmock.faults import grammar, trigger_addresses  # noqa: PLC0415 - needs the documents, which other commands do not
    from tpmock.faults.effects import KINDS  # noqa: PLC0415

    addresses = {kind.name: f"{trigger_addresses.example(kind)}@example.com" for kind in trigger_addresses.kinds()}
    rows = [
        {"fault": grammar.example(kind), "meaning": kind.meaning, "address": addresses.get(kind.name)}
        for kind in KINDS.values()
    ]
    return {"kinds": rows, "words": dict(grammar.modifiers())}
