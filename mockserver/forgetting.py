"""Makes people unfindable in what was recorded: their addresses wherever they stand, their names in records about them.

The record itself stays, with :data:`TOKEN` in their place, so that a story can still be followed.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote_plus

Json = Any

#: What stands where a deleted person's address or name was. It needs no escaping in any place.
TOKEN: Final = "deleted-person"  # noqa: S105 - it opens nothing
#: Letters from which on a word is taken for a name of its own; an initial could stand for anything.
_SHORTEST: Final = 2
#: What names come as, the separators and the case taken away: people's alone, for shops and products have names too.
_ADDRESS: Final = frozenset(
    {"email", "emailaddress", "mail", "consumeremail", "customeremail", "useremail", "buyeremail", "referralemail"}
)
_NAME: Final = frozenset(
    {
        *("name", "firstname", "lastname", "surname", "givenname", "familyname", "fullname"),
        *("consumername", "customername", "customerfirstname", "customerlastname"),
    }
)
#: Where a message speaks of the person itself, and members in which it does so one level deeper.
_PLACES: Final = ("properties", "traits")
_PERSONS: Final = frozenset({"customer", "consumer", "user", "buyer", "billing", "shipping", "billingaddress"})
_ESCAPED: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u00([2-7][0-9a-fA-F])")
#: What stands in front of a word and ends with a letter that is not part of it: an escape of an address or of JSON.
_ESCAPE: Final = r"(?<=%[0-9A-Fa-f]{2})|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})"
#: What can be part of an address in front of another, and behind it; where it is quoted, a plus is a space.
_BEFORE: Final = rf"(?:(?<![\w.+-])|{_ESCAPE})"
_BEFORE_QUOTED: Final = rf"(?:(?<![\w.-])|{_ESCAPE})"
_BEHIND: Final = r"(?![\w-]|\.\w)"
#: Where a name begins and ends.
_NAME_EDGES: Final = rf"(?:(?<!\w)|{_ESCAPE})", r"(?!\w)"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to be found no more; also several at once.

    :param addresses: of e-mail, in lower case
    :param names: whole ones, or parts
    :param ids: what they are called by those who asked for it: tells which records are about them, and stays in them
    """

    addresses: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    def __or__(self, other: Person) -> Person:
        return Person(self.addresses | other.addresses, self.names | other.names, self.ids | other.ids)

    def known_by(self, value: Json) -> Person:
        """The same person with whatever else a message, a batch of them, or a request tells of them."""
        result = self
        for message in _messages(value):
            told = _told(message)
            user = message.get("userId")
            if told.addresses & self.addresses or (isinstance(user, str) and user in self.ids):
                result |= told
        return result


def _messages(value: Json) -> Iterator[Mapping[str, Json]]:
    if isinstance(value, dict):
        batch = value.get("batch")
        yield from (one for one in (batch if isinstance(batch, list) else (value,)) if isinstance(one, dict))


def _told(message: Mapping[str, Json]) -> Person:
    """Addresses and names of the person whom a message or a request is about."""
    context = message.get("context")
    around = context.get("traits") if isinstance(context, dict) else None
    places = [place for place in (*(message.get(name) for name in _PLACES), around) if isinstance(place, dict)]
    places += [part for place in places for name, part in place.items() if _plain(name) in _PERSONS]
    own = _texts(message, _ADDRESS)
    if own:
        # A request of Trustpilot's; the name of a page that was looked at is no person's.
        places.append(dict(message))
    found = [place for place in places if isinstance(place, dict)]
    return Person(
        frozenset(text.lower() for place in found for text in _texts(place, _ADDRESS)),
        frozenset(text for place in found for text in _texts(place, _NAME)),
    )


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


def _texts(place: Mapping[str, Json], names: frozenset[str]) -> list[str]:
    return [part.strip() for name, part in place.items() if isinstance(part, str) and part and _plain(name) in names]


class Eraser:
    """Takes a person out of texts.

    :param person: whom; what is known of them beside this is not looked for
    """

    __slots__ = ("_addresses", "_ids", "_names", "_needles")

    def __init__(self, person: Person) -> None:
        addresses = {form for address in person.addresses for form in _forms(address)}
        words = {word for name in person.names for word in (name, *name.split()) if len(word) >= _SHORTEST}
        self._needles = sorted(form.lower() for form in addresses)
        quoted = {form for form in addresses if "%40" in form}
        self._addresses = _pattern(
            re.IGNORECASE, (_BEFORE, addresses - quoted, _BEHIND), (_BEFORE_QUOTED, quoted, _BEHIND)
        )
        before, behind = _NAME_EDGES
        self._names = _pattern(0, (before, {form for word in words for form in _forms(word)}, behind))
        self._ids = [json.dumps(one, ensure_ascii=ascii_only) for one in person.ids for ascii_only in (True, False)]

    def about(self, *texts: str) -> bool:
        """Whether one of some texts names the person: by an address, or by an id as JSON has it."""
        text = "\n".join(texts)
        if any(one in text for one in self._ids) or self._holds(_unescaped(text) if "\\u00" in text else text):
            return True
        queries = (part.partition("?")[2] for part in texts if part.startswith("http") and "?" in part)
        return any(self._packed(pair) for query in queries for pair in query.split("&"))

    def _holds(self, text: str) -> bool:
        lower = text.lower()
        return any(needle in lower for needle in self._needles)

    def _packed(self, pair: str) -> bool:
        """Whether a parameter carries an address in base64."""
        unpacked = _unpacked(unquote_plus(pair.partition("=")[2]))
        return unpacked is not None and self._holds(unpacked)

    def text(self, value: str) -> str:
        """A text without addresses and names of the person."""
        return self._without(self._without(value, self._addresses), self._names)

    @staticmethod
    def _without(value: str, pattern: re.Pattern[str] | None) -> str:
        if pattern is None or not value:
            return value
        if "\\u00" in value:
            plain = _unescaped(value)
            # JSON may spell plain characters in another way.
            value = plain if len(pattern.findall(plain)) > len(pattern.findall(value)) else value
        return pattern.sub(TOKEN, value)

    def content(self, value: bytes) -> bytes:
        """The same for a body, text or not."""
        return _as_text(self.text, value)

    def url(self, value: str) -> str:
        """The same for an address, also where a parameter is packed in base64, as pixels have it."""
        before, mark, query = value.partition("?")
        if not mark:
            return self.text(value)
        return f"{self.text(before)}?{'&'.join(map(self._parameter, query.split('&')))}"

    def _parameter(self, pair: str) -> str:
        return f"{pair.partition('=')[0]}={TOKEN}" if self._packed(pair) else self.text(pair)

    def json(self, value: Json) -> Json:
        """The same for a JSON value, at any depth; what holds nothing of the person is the very same object."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            made = [self.json(part) for part in value]
            return made if any(one is not other for one, other in zip(made, value, strict=True)) else value
        if isinstance(value, dict):
            named = {self.text(name): self.json(part) for name, part in value.items()}
            return value if named == value else named
        return value


def _forms(word: str) -> set[str]:
    """How a word may be spelled in headers, addresses, forms, JSON and pages."""
    escaped = (json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1])
    return {word, quote(word, safe=""), quote(word), quote_plus(word), html.escape(word), *escaped}


def _pattern(flags: int, *kinds: tuple[str, set[str], str]) -> re.Pattern[str] | None:
    """What finds words of some kinds, each between what may stand before it and behind it."""
    # Longer ones first: one may be part of another.
    found = [
        f"{before}(?:{'|'.join(map(re.escape, sorted(forms, key=lambda form: (-len(form), form))))}){behind}"
        for before, forms, behind in kinds
        if forms
    ]
    return re.compile("|".join(found), flags) if found else None


def _unescaped(text: str) -> str:
    """JSON that spells plain characters as they are."""
    return _ESCAPED.sub(_plain_character, text)


def _plain_character(found: re.Match[str]) -> str:
    character = chr(int(found[2], 16))
    # These two mean something where they stand by themselves.
    return found[0] if character in '"\\' else found[1] + character


def _unpacked(text: str) -> str | None:
    if len(text) < len("a@b.example"):
        return None
    try:
        packed = text.translate({ord("-"): "+", ord("_"): "/"})
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode()
    except ValueError:
        return None


def _as_text(change: Callable[[str], str], value: bytes) -> bytes:
    if not value:
        return value
    return change(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
