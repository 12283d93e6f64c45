"""Where the values of an invitation come from: the fields of the event with the same value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any, Final, NamedTuple

#: Maximum number of fields of an event that are compared.
_MOST: Final = 300
#: Members of a message that Segment adds, and that describe the delivery instead of the order.
_NOT_COMPARED: Final = frozenset({"type", "event", "version", "channel", "writeKey", "receivedAt", "sentAt"})


class Field(NamedTuple):
    """A field of an invitation with its value, and the fields of the event with the same value, if any."""

    name: str
    value: str
    sources: Sequence[str]


def fields(invitation: Any, event: Any) -> list[Field]:
    """Return the fields of an invitation.

    :param invitation: body of the request to Trustpilot
    :param event: message of Segment
    """
    given = [(path, value) for path, value in _leaves(event) if path not in _NOT_COMPARED][:_MOST]
    return [Field(path, str(value), _sources(value, given)) for path, value in _leaves(invitation)]


def _sources(value: object, given: list[tuple[str, object]]) -> Sequence[str]:
    same = [path for path, other in given if value not in (None, "") and str(other) == str(value)]
    if same or not isinstance(value, str) or " " not in value:
        return same
    # Two fields that make a name.
    parts = [(path, other) for path, other in given if isinstance(other, str) and other and other in value]
    joined = (
        f"{one} + {other}" for (one, first), (other, last) in permutations(parts, 2) if f"{first} {last}" == value
    )
    return [found] if (found := next(joined, None)) else []


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for number, part in enumerate(value):
            yield from _leaves(part, f"{path}[{number}]")
    else:
        yield path, "(empty)" if value in ({}, []) else value
