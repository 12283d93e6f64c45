"""What an operation may be called in a fault, and which word was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from contracts import spec
from mockserver.faults.effects import OUT, SERVED, TRUSTPILOT, Room

#: What a sandbox does by itself towards the outside, and what that is.
OUTGOING: Final[Mapping[str, str]] = {
    "deliver": "Segment's delivery to a destination",
    "webhook": "Trustpilot's post to a subscriber",
}


@lru_cache(maxsize=1)
def rooms() -> Mapping[str, Room]:
    """Every operation that can be struck, with where it lives."""
    found: dict[str, Room] = {}
    for api in SERVED:
        found |= dict.fromkeys(spec.load(api).operations, api)
    return found | dict.fromkeys(OUTGOING, OUT)


@lru_cache(maxsize=1)
def private() -> frozenset[str]:
    """The operations that want an access token."""
    operations = spec.load(TRUSTPILOT).operations.values()
    return frozenset(operation.id for operation in operations if "accessToken" in operation.security)


@lru_cache(maxsize=1)
def _by_name() -> Mapping[str, tuple[str, ...]]:
    """Operations by operationId and by the last segment of their path, in small letters."""
    found: dict[str, tuple[str, ...]] = {}
    for api in SERVED:
        for operation in spec.load(api).operations.values():
            segment = operation.path.rpartition("/")[2].lower()
            if segment and not segment.startswith("{"):
                found[segment] = (*found.get(segment, ()), operation.id)
    # An operationId means itself, whatever paths end with it.
    return found | {name.lower(): (name,) for name in rooms()}


def operation(name: str) -> str:
    """The operationId that is meant by an operationId, or by the last segment of a path where only one ends so.

    :raises ValueError: with a sentence, when it is none or could be several
    """
    meant = _by_name().get(name.lower(), ())
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise ValueError(f"{name!r} could be {' or '.join(meant)}: name one of them")
    raise ValueError(
        f"there is no operation {name!r}{nearest(name, _by_name(), rooms())}. "
        "Name an operationId, or the last part of a path such as email-invitations ('tpmock coverage' lists all), "
        f"or {' or '.join(OUTGOING)} for what goes out"
    )


def nearest(word: str, known: Iterable[str], spelled: Iterable[str] = ()) -> str:
    """`` (did you mean X?)``, or nothing when no known word is near.

    :param spelled: how the known words, compared in small letters, are really spelled
    """
    import difflib  # noqa: PLC0415 - only for a mistake

    close = difflib.get_close_matches(word.lower(), list(known), n=1)
    if not close:
        return ""
    right = {name.lower(): name for name in spelled}
    return f" (did you mean {right.get(close[0], close[0])}?)"
