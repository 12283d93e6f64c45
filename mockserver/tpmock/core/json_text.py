"""Serializes values as JSON, and parses JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from operator import attrgetter
from typing import Any, Final

import msgspec
from tpmock.common.moments import iso


def wsgi_text(value: str) -> str:
    """Decode a header: WSGI passes its bytes as Latin-1, but they are UTF-8."""
    return value if value.isascii() else value.encode("latin-1", "replace").decode("utf-8", "replace")


def to_json(value: Any) -> bytes:
    """Encode a value as UTF-8; escape text that UTF-8 cannot hold (a lone surrogate from a client)."""
    try:
        # The output of json.dumps with ensure_ascii=False, in a fifth of the time.
        return msgspec.json.format(msgspec.json.encode(value), indent=0)
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def from_json(text: bytes, *, typed: bool = False) -> Any:
    """Parse a JSON text in any of JSON's encodings.

    :param typed: whether 4.0 is an integer, as in JSON Schema
    :raises ValueError: when it is not valid JSON; a json.JSONDecodeError has the position
    :raises RecursionError: when it is nested too deeply
    """
    if not typed:
        try:
            # It accepts a subset of what json accepts, in a third of the time; json decides about the rest.
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, ValueError, RecursionError):
            """Such as half a surrogate pair, or another encoding than UTF-8."""
    return _DECODERS[typed].decode(text.decode(json.detect_encoding(text), "surrogatepass"))


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


_DECODERS: Final = {
    typed: json.JSONDecoder(parse_constant=_no_constant, parse_float=_number if typed else None)
    for typed in (False, True)
}


def readable(text: str) -> Any:
    """Parse a text as JSON if it is valid JSON, else return it unchanged."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def members(record: object, *names: str, moment: Callable[[float], str] = iso) -> dict[str, Any]:
    """Return fields of a record as members of a JSON object: ``created_at`` as ``createdAt``, a time as text.

    :param names: of the fields; a field named ``at`` or ``..._at`` is a time or None
    :param moment: formats a time
    """
    spelled, values, moments = _plan(names)
    found: dict[str, Any] = dict(zip(spelled, values(record), strict=False))
    for name in moments:
        if found[name] is not None:
            found[name] = moment(found[name])
    return found


@cache
def _plan(names: tuple[str, ...]) -> tuple[list[str], Callable[[object], tuple[Any, ...]], list[str]]:
    """Return the spelling of the members, a reader of the fields, and which members are times: once for all records."""
    spelled = [first + "".join(map(str.capitalize, others)) for first, *others in (name.split("_") for name in names)]
    moments = [member for member, name in zip(spelled, names, strict=True) if name == "at" or name.endswith("_at")]
    # An extra name, because a getter of a single name does not return a tuple.
    return spelled, attrgetter(*names, names[0]), moments


#: Maximum nesting of objects and lists in a body: more than any message needs, less than recursion
#: on the stack allows.
DEEPEST: Final = 100


def nests_deeper(value: Any, most: int = DEEPEST) -> bool:
    """Return whether objects and lists are nested deeper than ``most``, without recursion."""
    level: list[Any] = [value]
    for _ in range(most):
        level = [part for each in level for part in _parts(each)]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def _parts(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
