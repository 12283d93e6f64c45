"""``tpmock journal``."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import click

from mockserver.commands.running import ImpossibleError, Remote, as_json, on_sandbox, show_json, show_table, until_ended

_F = TypeVar("_F", bound=Callable[..., Any])

Row = dict[str, Any]

#: How many entries one answer may hold.
MOST: Final = 10_000

_FILTERS: Final = (
    click.option("--operation", help="Only this operationId."),
    click.option("--direction", type=click.Choice(["in", "out", "note"]), help="Only what came in, or went out."),
    click.option("--status", help="A status, a class such as 4xx, or none where no answer came."),
    click.option("--method", help="Only this method."),
    click.option("--path", help="Part of the path."),
    click.option("--text", help="Part of either body."),
    click.option("--trace", help="Only what belongs to this trace."),
    click.option("--hint/--no-hint", default=None, help="Only with a hint, or without."),
    click.option("--fault/--no-fault", default=None, help="Only struck by a fault, or not."),
    click.option("--since", type=click.IntRange(0), help="Only after the entry of this number."),
    click.option("--from", help="Not before this moment of the sandbox's clock."),
    click.option("--to", help="Before this moment."),
)


def _filtered(command: _F) -> _F:
    """Give a command an option for each filter of the journal, and hand it those that are set as ``filters``."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in _NAMES}
        filters = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
        return command(*args, filters=filters, **kwargs)

    wrapped: Any = run
    for option in reversed(_FILTERS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


_NAMES: Final = (
    *("operation", "direction", "status", "method", "path", "text", "trace", "hint", "fault", "since", "from", "to"),
)


def _fetch(remote: Remote, path: str, query: Row) -> Any:
    """A GET; the names of the journal's filters are those of a call's own arguments, too."""
    return remote.client.call("GET", f"/sandboxes/{remote.sandbox_id}{path}", query=query)


@click.group(invoke_without_command=True)
@click.pass_context
def journal(context: click.Context) -> None:
    """Show every exchange in and out of a sandbox; without a subcommand, the newest.

    Example: tpmock journal list --status 4xx
    """
    if context.invoked_subcommand is None:
        # Not Context.invoke, which knows nothing of environment variables.
        with list_entries.make_context("list", [], parent=context) as listing:
            list_entries.invoke(listing)


@journal.command("list")
@_filtered
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, MOST), help="The newest so many.")
@as_json
@on_sandbox
def list_entries(remote: Remote, limit: int, filters: Row, *, as_json: bool) -> None:
    """List the newest exchanges that fit, oldest first.

    Example: tpmock journal list --status 4xx --hint
    """
    listed = _fetch(remote, "/journal", filters | {"limit": limit})
    if as_json:
        show_json(listed)
        return
    show_table(("entry", "at", "", "status", "call", "operation", "trace"), map(_cells, listed["journal"]))
    if listed["total"] > len(listed["journal"]):
        click.echo(f"The newest {len(listed['journal'])} of {listed['total']}; --limit shows more.", err=True)


def _cells(entry: Row) -> tuple[object, ...]:
    address = urlsplit(entry["url"])
    where = entry["url"] if entry["direction"] == "out" else address.path
    said = entry["error"] if entry["status"] is None and entry["error"] else entry["status"]
    arrow = {"in": "->", "out": "<-"}.get(entry["direction"], "")
    call = f"{entry['method']} {where}" if entry["method"] else entry["hint"]
    return (entry["id"], entry["at"], arrow, said, call, entry["operation"], entry["trace"])


@journal.command()
@click.argument("entry", type=click.IntRange(1))
@as_json
@on_sandbox
def show(remote: Remote, entry: int, *, as_json: bool) -> None:
    """Show one exchange with headers, bodies and hint.

    Example: tpmock journal show 3
    """
    row = remote.call("GET", f"/journal/{entry}")
    if as_json:
        show_json(row)
        return
    for line in _told(row):
        click.echo(line)


def _told(row: Row) -> Iterable[str]:
    yield f"{row['method']} {row['url']}"
    yield from _half(row["request"], "")
    answer = f"no answer: {row['error']}" if row["status"] is None else str(row["status"])
    yield f"-> {answer}, {row['milliseconds']} ms, at {row['at']} of the sandbox's clock"
    yield from _half(row["response"], "")
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


def _half(part: Row, indent: str) -> Iterable[str]:
    for name, value in part["headers"].items():
        yield f"{indent}{name}: {value}"
    body = part["body"]
    yield ""
    if body is not None:
        yield body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
        yield ""


@journal.command()
@click.argument("entry", type=click.IntRange(1))
@on_sandbox
def curl(remote: Remote, entry: int) -> None:
    """Print a script that makes a call again; secrets come from the variables that 'tpmock env' sets.

    Example: tpmock journal curl 3 > again.sh
    """
    click.echo(remote.call("GET", f"/journal/{entry}/curl", text=True), nl=False)


@journal.command()
@_filtered
@click.option("--limit", default=MOST, show_default=True, type=click.IntRange(1, MOST), help="The newest so many.")
@click.option(
    "--output",
    "-o",
    default="-",
    help="Where to; - is standard output.",
    type=click.Path(path_type=Path, dir_okay=False),
)
@on_sandbox
def har(remote: Remote, limit: int, output: Path, filters: Row) -> None:
    """Write exchanges as an HTTP archive, which browsers' tools open. Secrets are masked.

    Example: tpmock journal har -o run.har
    """
    archive = json.dumps(_fetch(remote, "/journal.har", filters | {"limit": limit}), indent=1, ensure_ascii=False)
    if str(output) == "-":
        click.echo(archive)
        return
    try:
        output.write_text(archive + "\n", encoding="utf-8")
    except OSError as error:
        raise ImpossibleError(f"{output} cannot be written: {error.strerror}.") from None


@journal.command()
@_filtered
@click.option(
    "--every", default=0.5, show_default=True, type=click.FloatRange(0.05, 60), help="Look again after seconds."
)
@on_sandbox
def tail(remote: Remote, every: float, filters: Row) -> None:
    """Print exchanges as they happen, until Ctrl-C.

    Example: tpmock journal tail --status 4xx
    """
    born = _born(remote)
    if filters["since"] is None:
        newest = remote.call("GET", "/journal", limit=1)["journal"]
        filters["since"] = newest[0]["id"] if newest else 0
    ended = until_ended()
    while True:
        for entry in _fetch(remote, "/journal", filters | {"limit": MOST})["journal"]:
            filters["since"] = entry["id"]
            click.echo("  ".join("" if cell is None else str(cell) for cell in _cells(entry)))
        if ended.wait(every):
            return
        if (now := _born(remote)) != born:
            # The sandbox was reset, and counts from the beginning.
            born, filters["since"] = now, 0


def _born(remote: Remote) -> str:
    return str(remote.call("GET", "")["createdAt"])


@journal.command()
@on_sandbox
def clear(remote: Remote) -> None:
    """Forget the exchanges; their numbers go on rising.

    Example: tpmock journal clear
    """
    remote.call("DELETE", "/journal")
