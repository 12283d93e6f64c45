"""``tpmock journal``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import click
from tpmock.cli.errors import write_file
from tpmock.cli.remote import Remote, control_command, on_sandbox, prints, until_ended
from tpmock.cli.tables import Colored, Row, show_table
from tpmock.common import terminal
from tpmock.common.command_group import CommandGroup

_F = TypeVar("_F")

#: Maximum number of entries in one response.
MOST: Final = 10_000

_FILTERS: Final = (
    click.option("--operation", help="Filter by operationId."),
    click.option("--direction", type=click.Choice(["in", "out", "note"]), help="Only inbound or outbound requests."),
    click.option("--status", help="A status, a class such as 4xx, or none for requests without a response."),
    click.option("--method", help="Only this method."),
    click.option("--path", help="Part of the path."),
    click.option("--text", help="Part of either body."),
    click.option("--trace", help="Only entries of this trace."),
    click.option("--hint/--no-hint", default=None, help="Only entries with a hint, or without."),
    click.option("--fault/--no-fault", default=None, help="Only entries with a fault hit, or without."),
    click.option("--since", type=click.IntRange(0), help="Only entries after this number."),
    click.option("--from", help="Only entries at or after this time of the sandbox's clock."),
    click.option("--to", help="Only entries before this time."),
)


def _filtered(command: _F) -> _F:
    """Give a command an option for each filter of the journal."""
    for option in reversed(_FILTERS):
        command = option(command)  # type: ignore[type-var]
    return command


def _get(remote: Remote, path: str, /, **filters: Any) -> Any:
    given: dict[str, Any] = {
        name: str(value).lower() if isinstance(value, bool) else value for name, value in filters.items()
    }
    return remote.call("GET", path, **given)


@click.group(cls=CommandGroup, invoke_without_command=True)
@click.pass_context
def journal(context: click.Context) -> None:
    """Show the requests and responses of a sandbox. Without a subcommand: the newest.

    Example: tpmock journal list --status 4xx
    """
    if context.invoked_subcommand is None:
        # Not Context.invoke, which ignores environment variables.
        with list_entries.make_context("list", [], parent=context) as listing:
            list_entries.invoke(listing)


def _cells(entry: Row) -> tuple[object, ...]:
    address = urlsplit(entry["url"])
    where = entry["url"] if entry["direction"] == "out" else address.path
    status = entry["error"] if entry["status"] is None and entry["error"] else entry["status"]
    shown = Colored(status, terminal.of_status(entry["status"])) if status is not None else None
    call = f"{entry['method']} {where}" if entry["method"] else entry["hint"]
    return (entry["id"], entry["at"], entry["direction"], shown, call, entry["operation"], entry["trace"])


def _show_list(listed: Row) -> None:
    show_table(("entry", "at", "", "status", "call", "operation", "trace"), map(_cells, listed["journal"]))
    if listed["total"] > len(listed["journal"]):
        click.echo(f"The newest {len(listed['journal'])} of {listed['total']}; --limit shows more.", err=True)


@journal.command("list")
@_filtered
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, MOST), help="Number of newest entries to show."
)
@prints(_show_list)
@on_sandbox
def list_entries(remote: Remote, limit: int, **filters: Any) -> object:
    """List the newest matching exchanges, oldest first.

    Example: tpmock journal list --status 4xx --hint
    """
    return _get(remote, "/journal", limit=limit, **filters)


def _lines(row: Row) -> Iterable[str]:
    yield f"{row['method']} {row['url']}"
    yield from _message(row["request"])
    answer = f"no answer: {row['error']}" if row["status"] is None else str(row["status"])
    yield f"-> {answer}, {row['milliseconds']} ms, at {row['at']} of the sandbox's clock"
    yield from _message(row["response"])
    joined = f"{row['trace']} (by {row['join']})" if row["trace"] else None
    for name, value in (
        ("Operation", row["operation"]),
        ("Evidence", row["evidence"]),
        ("Hint", row["hint"]),
        ("Fault", row["fault"]),
        ("Trace", joined),
    ):
        if value is not None:
            yield f"{name}: {value}"


def _message(part: Row) -> Iterable[str]:
    for name, value in part["headers"].items():
        yield f"{name}: {value}"
    body = part["body"]
    yield ""
    if body is not None:
        yield body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
        yield ""


_ENTRY: Final = click.argument("entry", type=click.IntRange(1))
control_command(
    journal,
    "show",
    "GET /journal/{entry}",
    "Show one exchange with headers, bodies and hint.",
    _ENTRY,
    show=lambda row: click.echo("\n".join(_lines(row))),
    example="3",
)


@journal.command()
@_ENTRY
@on_sandbox
def curl(remote: Remote, entry: int) -> None:
    """Print a curl script that repeats a request; it takes secrets from the variables that 'tpmock env' sets.

    Example: tpmock journal curl 3 > again.sh
    """
    click.echo(remote.call("GET", f"/journal/{entry}/curl", as_text=True), nl=False)


@journal.command()
@_filtered
@click.option(
    "--limit", default=MOST, show_default=True, type=click.IntRange(1, MOST), help="Number of newest entries to show."
)
@click.option(
    "--output",
    "-o",
    default="-",
    help="Output file; - is standard output.",
    type=click.Path(path_type=Path, dir_okay=False),
)
@on_sandbox
def har(remote: Remote, limit: int, output: Path, **filters: Any) -> None:
    """Write exchanges as an HTTP archive (HAR) for browser developer tools. Secrets are masked.

    Example: tpmock journal har -o run.har
    """
    archive = json.dumps(_get(remote, "/journal.har", limit=limit, **filters), indent=1, ensure_ascii=False)
    if str(output) == "-":
        click.echo(archive)
    else:
        write_file(output, f"{archive}\n")


@journal.command()
@_filtered
@click.option(
    "--every", default=0.5, show_default=True, type=click.FloatRange(0.05, 60), help="Polling interval in seconds."
)
@on_sandbox
def tail(remote: Remote, every: float, **filters: Any) -> None:
    """Print exchanges as they happen, until Ctrl-C.

    Example: tpmock journal tail --status 4xx
    """
    created = _created_at(remote)
    if filters["since"] is None:
        newest = remote.call("GET", "/journal", limit=1)["journal"]
        filters["since"] = newest[0]["id"] if newest else 0
    ended = until_ended()
    while True:
        for entry in _get(remote, "/journal", limit=MOST, **filters)["journal"]:
            filters["since"] = entry["id"]
            show_table((), [_cells(entry)])
        if ended.wait(every):
            return
        if (now := _created_at(remote)) != created:
            # The sandbox was reset, and its numbers restart.
            created, filters["since"] = now, 0


def _created_at(remote: Remote) -> str:
    return str(remote.call("GET", "")["createdAt"])


control_command(journal, "clear", "DELETE /journal", "Delete the exchanges; numbering continues.")
