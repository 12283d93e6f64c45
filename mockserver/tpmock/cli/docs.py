"""``tpmock docs``."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import click
from tpmock.cli.remote import prints, url_option
from tpmock.common import running_mocks
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
@url_option
def docs(url: str | None, words: tuple[str, ...]) -> object:
    """Search the documentation, or print a page's address. A running mock serves the pages.

    Without words, print the address of all pages. The name of a page, as in its address, finds that page alone.

    \b
    Examples:
      tpmock docs expired token
      tpmock docs concepts/clock
    """
    # Imported late: building the index takes longer than most commands.
    from tpmock.console.documentation import library, search  # noqa: PLC0415

    # All mocks serve the same pages, and the message that several run names one of them.
    client = running_mocks.client(url, lambda sentence: click.echo(sentence, err=True), one_of_many=True)
    query = " ".join(words)
    page = library.pages().get(query)
    if page is not None:
        hits = [search.Hit(page, page.title, page.address, page.purpose)]
    else:
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
