"""The tables of the destination's own README; ``python -m tests.support.doc_tables --write`` brings them up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING
from pathlib import Path

from tpmock.destination.config import DestinationSettings
from tpmock.destination.metrics import Metrics
from tpmock.destination.rules import messages, orders
from tpmock.destination.rules.preferences import Preferences
from tpmock.destination.rules.variables import Variable, declared_in

from tests.support import ROOT
from tests.support.tables import table, with_parts

DESTINATION_README: Path = ROOT / "contracts" / "tpmock" / "destination" / "README.md"


def described() -> Iterator[tuple[str, str, str]]:
    """Yield every variable, whether it is required or what its default is, and its meaning."""
    for declared, by in (*declared_in(DestinationSettings).values(), *declared_in(Preferences).values()):
        yield by.name, _default(declared.default, by), by.meaning


def _default(default: object, by: Variable) -> str:
    if default is MISSING:
        return "required"
    if default is None or default == ():
        return "optional"
    shown = by.show(default)
    if isinstance(shown, float):
        shown = f"{shown:g}"
    return f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"


def variables() -> str:
    """Every environment variable."""
    return table("variable", "default", "", rows=((f"`{name}`", *rest) for name, *rest in described()))


def settings() -> str:
    """Every custom setting that Segment may send."""
    rows = ((f"`{by.setting}`", f"`{by.name}`", by.meaning) for _, by in declared_in(Preferences).values())
    return table("setting", "default from", "", rows=rows)


def said() -> str:
    """Every message."""

    def rows() -> Iterator[tuple[str, ...]]:
        for name, message in messages.MESSAGES.items():
            yield str(int(message.status)), f"`{name}`", message.text, message.advice

    return table("status", "name", "message", "for the operator", rows=rows())


def measured() -> str:
    """Every metric."""

    def rows() -> Iterator[tuple[str, str]]:
        for family in Metrics().registry.collect():
            if family.name.startswith("destination_"):
                yield f"`{family.name}{'_total' if family.type == 'counter' else ''}`", family.documentation

    return table("metric", "", rows=rows())


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
    """The README with every table up to date."""
    return with_parts(with_parts(text, TABLES), WORDS, around="")
