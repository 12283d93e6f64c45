"""``tpmock docs``."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import click
from tpmock.cli.remote import on_mock, prints
from tpmock.common.control_client import ControlClient, RefusedError, UnreachableError

#: Maximum number of results.
_MOST: Final = 5


def _show(found: dict[str, Any]) -> None:
    if not found["query"]:
        click.echo(found["address"])
    elif not found["hits"]:
        click.echo("No page was found. Use other words; 'tpmock docs' prints where all pages are.")
    for hit in found["hits"]:
        excerpt = "" if hit["excerpt"] == hit["purpose"] else f"  {hit['excerpt']}\n"
        click.echo(f"{hit['title']}: {hit['purpose']}\n{excerpt}  {hit['address']}\n")
    if not found["served"]:
        click.echo("A running mock serves these addresses, and none runs now. Start one with 'tpmock up'.", err=True)


@click.command()
@click.argument("words", nargs=-1)
@prints(_show)
@on_mock
def docs(client: ControlClient, words: tuple[str, ...]) -> object:
    """Search the documentation. Without words, print its address. A running mock serves the pages.

    Example: tpmock docs expired token
    """
    # Imported late: building the index takes longer than most commands.
    from tpmock.console.documentation import library, search  # noqa: PLC0415

    query = " ".join(words)
    hits = search.index().search(query)[:_MOST] if query else []
    return {
        "query": query,
        "address": f"{client.url}{library.ROOT}",
        "served": _served(client),
        "hits": [{**search.as_json(hit), "address": f"{client.url}{hit.address}"} for hit in hits],
    }


def _served(client: ControlClient) -> bool:
    with suppress(UnreachableError):
        with suppress(RefusedError):  # a mock that wants another control token shows its documentation all the same
            client.call("GET", "/health")
        return True
    return False
