"""The names of operations in faults, and suggestions for unknown words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from tpmock import spec
from tpmock.common.suggestions import closest
from tpmock.faults.effects import OUT, SERVED, TRUSTPILOT, Room

#: Outgoing requests of a sandbox, with their descriptions.
OUTGOING: Final[Mapping[str, str]] = {
    "deliver": "Segment's delivery to a destination",
    "webhook": "Trustpilot's post to a subscriber",
}


@lru_cache(maxsize=1)
def rooms() -> Mapping[str, Room]:
    """Return every operation to which a fault can apply, with its group."""
    found: dict[str, Room] = {}
    for api in SERVED:
        found |= dict.fromkeys(spec.load(api).operations, api)
    return found | dict.fromkeys(OUTGOING, OUT)


@lru_cache(maxsize=1)
def private() -> frozenset[str]:
    """Return the operations that require an access token."""
    operations = spec.load(TRUSTPILOT).operations.values()
    return frozenset(operation.id for operation in operations if "accessToken" in operation.security)


@lru_cache(maxsize=1)
def _by_name() -> Mapping[str, tuple[str, ...]]:
    """Return operations by operationId and by the last segment of their path, in lower case."""
    found: dict[str, tuple[str, ...]] = {}
    for api in SERVED:
        for operation in spec.load(api).operations.values():
            segment = operation.path.rpartition("/")[2].lower()
            if segment and not segment.startswith("{"):
                found[segment] = (*found.get(segment, ()), operation.id)
    # An operationId takes precedence over the last segment of a path.
    return found | {name.lower(): (name,) for name in rooms()}


def operation(name: str) -> str:
    """Return the operationId for an operationId, or for the last segment of a path if it is unique.

    :raises ValueError: with an error message, when the name is unknown or ambiguous
    """
    meant = _by_name().get(name.lower(), ())
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise ValueError(f"{name!r} could be {' or '.join(meant)}: name one of them")
    raise ValueError(
        f"there is no operation {name!r}{nearest(name, (*_by_name(), *rooms()))}. "
        "Name an operationId, or the last part of a path such as email-invitations ('tpmock coverage' lists all), "
        f"or {' or '.join(OUTGOING)} for what goes out"
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean X?)``, or an empty string when no known word is similar."""
    found = closest(word, known)
    return f" (did you mean {found}?)" if found else ""
