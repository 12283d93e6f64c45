"""Fields of Segment events, in any casing, with or without spaces and underscores: Segment warns that customers differ.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from tpmock.destination.rules.messages import refuse
from tpmock.destination.rules.values import LONGEST_TEXT

Object = Mapping[str, object]


def get(place: Object, name: str) -> object:
    """Return the value of a field in any casing, ignoring spaces and underscores; None when it is missing or empty.

    The exact name wins over its variants, unless it is empty.
    """
    wanted = _plain(name)
    values = (place.get(name), *(value for key, value in place.items() if _plain(key) == wanted))
    return next((value for value in values if value is not None and value != ""), None)


def objects(place: Object, name: str, path: str | None = None) -> Object:
    """Return the object at a field, empty when the field is missing or null.

    :raises Refusal: 400 with the field's path when it is something else
    """
    value = get(place, name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise refuse("not-an-object", field=path or name)
    return value


def text(place: Object, name: str, path: str | None = None) -> str | None:
    """Return the text at a field without outer spaces; None when it is missing, null or empty.

    :raises Refusal: 400 with the field's path when it is something else
    """
    value = get(place, name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise refuse("not-a-string", field=path or name)
    return value.strip() or None


def identifier(place: Object, name: str, path: str) -> str | None:
    """Return a text or whole number as text; None when it is missing, null or empty.

    :raises Refusal: 400 with the field's path for another type, for control characters, and for more than 255
        characters
    """
    value = get(place, name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _digits(value, path)
    if value is not None and not isinstance(value, str):
        raise refuse("not-an-id", field=path)
    found = text(place, name, path)
    if found is None:
        return None
    # Line breaks would forge log lines, NUL and lone surrogates are refused by databases.
    if len(found) > LONGEST_TEXT or not found.isprintable():
        raise refuse("not-printable", field=path, longest=LONGEST_TEXT)
    return found


def _digits(number: float, path: str) -> str:
    if isinstance(number, float) and (not math.isfinite(number) or not number.is_integer()):
        raise refuse("not-an-id", field=path)
    whole = int(number)
    # Python refuses to print integers of several thousand digits, so the size is compared before.
    if abs(whole) >= 10 ** (LONGEST_TEXT - 1):
        raise refuse("not-printable", field=path, longest=LONGEST_TEXT)
    return str(whole)


def _plain(name: str) -> str:
    return name.replace("_", "").replace(" ", "").casefold()
