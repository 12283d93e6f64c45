"""The tables of the destination's own README; ``python -m tests.readme --write`` brings them up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from contracts.destination import config, messages, metrics, orders, preferences
from tests.readme import README, table, with_tables

DESTINATION_README: Path = README.parent / "contracts" / "destination" / "README.md"


def variables() -> str:
    """Every environment variable."""
    return table("variable", "default", "", rows=((f"`{name}`", *rest) for name, *rest in config.described()))


def settings() -> str:
    """Every custom setting that Segment may send."""
    rows = ((f"`{setting}`", f"`{variable}`", meaning) for setting, variable, meaning in preferences.described())
    return table("setting", "default from", "", rows=rows)


def said() -> str:
    """Every message."""

    def rows() -> Iterator[tuple[str, ...]]:
        for message in messages.MESSAGES.values():
            yield str(int(message.status)), f"`{message.name}`", message.text, message.advice

    return table("status", "name", "message", "for whoever runs it", rows=rows())


def measured() -> str:
    """Every metric."""
    return table("metric", "", rows=((f"`{name}`", meaning) for name, meaning in metrics.described()))


def email_places() -> str:
    """Where an address is looked for."""
    return ", then ".join(f"`{place}`" for place in orders.EMAIL_PLACES)


TABLES: dict[str, Callable[[], str]] = {
    "variables": variables,
    "settings": settings,
    "messages": said,
    "metrics": measured,
}
WORDS: dict[str, Callable[[], str]] = {"email places": email_places}


def of_destination(text: str) -> str:
    """The README with every table as it should be."""
    return with_tables(with_tables(text, TABLES), WORDS, around="")
