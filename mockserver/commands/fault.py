"""``tpmock fault``."""

from __future__ import annotations

import click

from mockserver.commands.running import Remote, as_json, on_sandbox, show_json, show_table


@click.group()
def fault() -> None:
    """Make calls go wrong: by status, by time, by connection, coming in or going out.

    Example: tpmock fault add "email-invitations 429 x2 then ok"
    """


@fault.command()
@click.argument("line", nargs=-1, required=True)
@as_json
@on_sandbox
def add(remote: Remote, line: tuple[str, ...], *, as_json: bool) -> None:
    """Arm a fault: which calls, what goes wrong, when it ends. 'tpmock fault kinds' lists the words.

    Example: tpmock fault add "find delay 2s for 5m"
    """
    made = remote.call("POST", "/faults", {"fault": " ".join(line)})
    if as_json:
        show_json(made)
    else:
        click.echo(f"Fault {made['id']}: {made['fault']}")


@fault.command("list")
@as_json
@on_sandbox
def list_faults(remote: Remote, *, as_json: bool) -> None:
    """List what is armed: how often it struck, how often it still will.

    Example: tpmock fault list
    """
    listed = remote.call("GET", "/faults")
    if as_json:
        show_json(listed)
        return
    show_table(
        ("id", "fault", "struck", "remaining", "until"),
        (
            (row["id"], row["fault"], row["struck"], _remaining(row["remaining"]), row["expiresAt"])
            for row in listed["faults"]
        ),
    )


def _remaining(count: int | None) -> str:
    return "no limit" if count is None else str(count)


@fault.command()
@click.argument("fault_id", metavar="[ID]", type=int, required=False)
@on_sandbox
def clear(remote: Remote, fault_id: int | None) -> None:
    """Disarm all faults, or the one with this number.

    Example: tpmock fault clear
    """
    remote.call("DELETE", "/faults" if fault_id is None else f"/faults/{fault_id}")


@fault.command()
def kinds() -> None:
    """Print everything that can go wrong, and the words that may come behind it.

    Example: tpmock fault kinds
    """
    from mockserver.faults import grammar, magic  # noqa: PLC0415 - needs the documents, which other commands do not
    from mockserver.faults.effects import KINDS  # noqa: PLC0415

    by_address = {kind.name for kind in magic.kinds()}
    show_table(
        ("what goes wrong", "means", "by address"),
        (
            (
                grammar.example(kind),
                kind.meaning,
                f"{magic.example(kind)}@example.com" if kind.name in by_address else "",
            )
            for kind in KINDS.values()
        ),
    )
    click.echo()
    show_table(("behind it", "means"), grammar.MODIFIERS.items())
