"""Hints: messages beside an answer that say what was wrong and what to do. One place has them, and each is tested.

Users get them in the header ``X-Mock-Hint``, the journal and the console; the body stays what the real API sends.
Their texts are in ``fixtures/texts/hints.yaml``; here they are ``hints.TOKEN_REVOKED`` or, with placeholders,
``hints.UNIT_OUT_OF_REACH.format(unit=...)``. Hints with a choice of words are functions.
"""

from __future__ import annotations

from functools import cache

from tpmock.common import compiled, package_data


@cache
def texts() -> dict[str, str]:
    """Return all hints of the file by name, with their placeholders."""
    found: dict[str, str] = compiled.content(package_data.path("texts", "hints.yaml"))
    return found


def __getattr__(name: str) -> str:
    """Return the hint of that name; the module then keeps it as an attribute."""
    if name not in texts():
        raise AttributeError(f"fixtures/texts/hints.yaml has no sentence {name!r}")
    return str(globals().setdefault(name, texts()[name]))


def unknown_route(nearest: str | None) -> str:
    """Return the hint for an undocumented path."""
    close = f" The nearest documented one is {nearest}." if nearest else ""
    return f"No documented operation has this path.{close} GET /_mock/coverage lists all."


def unknown_parameter(name: str, known: str | None) -> str:
    """Return the hint for an undocumented query parameter."""
    return f"The query parameter {name} is not documented and was ignored{_meant(known)}"


def unknown_member(path: str, known: str | None) -> str:
    """Return the hint for an undocumented member of a body."""
    return f"{path} in the body is not documented and was ignored{_meant(known)}"


def _meant(known: str | None) -> str:
    return f"; did you mean {known}?" if known else "."


def domain_unknown(name: str) -> str:
    """Return the hint for an unknown business unit."""
    if "/" in name:
        return f"Send the domain alone: {name} holds a scheme or a path."
    return f"No business unit has the domain {name}. Spelling counts: with and without www. are two names."


def fault(cause: str, effect: str, own: int | None) -> str:
    """Return the hint for an answer that a fault replaced, whether or not the call was performed."""
    truth = "not performed" if own is None else f"performed, and its own answer was {own}"
    return f"{cause} ({effect}) made this answer; the call was {truth}."


def dropped(reason: str | None) -> str | None:
    """Return the hint for a call that is accepted with 200 but will not be delivered."""
    return None if reason is None else f"Segment answers 200 and drops it: {reason}."
