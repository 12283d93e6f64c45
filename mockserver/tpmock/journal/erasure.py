"""Erases people from records: their addresses everywhere, their names in records about them.

The record itself stays, with :data:`TOKEN` in their place, so that a trace can still be followed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import Any, Final, TypeVar
from urllib.parse import unquote_plus

from tpmock.journal.spellings import by_sign, pattern, spellings

Json = Any
_T = TypeVar("_T")

#: The replacement of a deleted person's address or name. It needs no escaping anywhere.
TOKEN: Final = "deleted-person"  # noqa: S105 - it opens nothing
#: Minimum length of a word that counts as a name; an initial could mean anything.
_SHORTEST: Final = 2
#: Members that hold names of people, without separators, in lower case; names of shops and products are not erased.
_ADDRESS: Final = frozenset(
    {"email", "emailaddress", "mail", "consumeremail", "customeremail", "useremail", "buyeremail", "referralemail"}
)
_NAME: Final = frozenset(
    {
        *("name", "firstname", "lastname", "surname", "givenname", "familyname", "fullname"),
        *("consumername", "customername", "customerfirstname", "customerlastname"),
    }
)
#: Members of a message that describe the person, and members that contain such members.
_PLACES: Final = ("properties", "traits")
_PERSONS: Final = frozenset({"customer", "consumer", "user", "buyer", "billing", "shipping", "billingaddress"})
#: Number of records searched at once: most do not name the person.
_AT_ONCE: Final = 16
#: Maximum number of ids that are searched one by one.
_SINGLE_IDS: Final = 8
#: Forms of the separator of an address; JSON may escape it.
_SIGNS: Final = ("@", "%40", "\\u00")
_ESCAPED: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u00([2-7][0-9a-fA-F])")
#: What may precede a word and ends with a letter that is not part of it: an escape of an address or of JSON.
_ESCAPE: Final = r"(?<=%[0-9A-Fa-f]{2})|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})"
#: Characters that continue an address before and after another; in a quoted one, a plus is a space.
_BEFORE: Final = rf"(?:(?<![\w.+-])|{_ESCAPE})"
_BEFORE_QUOTED: Final = rf"(?:(?<![\w.-])|{_ESCAPE})"
_BEHIND: Final = r"(?![\w-]|\.\w)"
#: Boundaries of a name.
_NAME_EDGES: Final = rf"(?:(?<!\w)|{_ESCAPE})", r"(?!\w)"


@dataclass(frozen=True, slots=True)
class Person:
    """A person to erase, or several.

    :param addresses: email addresses, in lower case
    :param names: whole ones, or parts
    :param ids: the ids in the erasure request: they identify the records about the person, and are not erased
    """

    addresses: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    def __or__(self, other: Person) -> Person:
        return Person(self.addresses | other.addresses, self.names | other.names, self.ids | other.ids)

    def known_by(self, value: Json) -> Person:
        """Return the same person with all data that a message, a batch, or a request contains about them."""
        result = self
        for message in _messages(value):
            found = _find(message)
            user = message.get("userId")
            if found.addresses & self.addresses or (isinstance(user, str) and user in self.ids):
                result |= found
        return result


def _messages(value: Json) -> Iterator[Mapping[str, Json]]:
    if isinstance(value, dict):
        batch = value.get("batch")
        yield from (one for one in (batch if isinstance(batch, list) else (value,)) if isinstance(one, dict))


def _find(message: Mapping[str, Json]) -> Person:
    """Return addresses and names of the person whom a message or a request describes."""
    context = message.get("context")
    around = context.get("traits") if isinstance(context, dict) else None
    places = [place for place in (*(message.get(name) for name in _PLACES), around) if isinstance(place, dict)]
    places += [part for place in places for name, part in place.items() if _plain(name) in _PERSONS]
    own = _texts(message, _ADDRESS)
    if own:
        # A request to Trustpilot; the name of a visited page is not a person's.
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


class Redactor:
    """Removes a person from texts.

    :param person: whom; no other data about the person is searched
    """

    def __init__(self, person: Person) -> None:
        self.person = person
        self._spelled = {form for address in person.addresses if address for form in spellings(address)}
        self._plain, self._quoted, self._others = by_sign(self._spelled)
        ids = {json.dumps(one, ensure_ascii=ascii_only) for one in person.ids for ascii_only in (True, False)}
        # Most spellings are found as the whole text between two quotation marks; not those that contain one.
        self._ids = {one[1:-1] for one in ids if '"' not in one[1:-1]} if len(ids) > _SINGLE_IDS else set()
        self._single_ids = [one for one in ids if one[1:-1] not in self._ids]

    # Built on first use: a search does not need them, and building takes time.
    @cached_property
    def _addresses(self) -> re.Pattern[str] | None:
        quoted = {form for form in self._spelled if "%40" in form}
        return pattern(re.IGNORECASE, (_BEFORE, self._spelled - quoted, _BEHIND), (_BEFORE_QUOTED, quoted, _BEHIND))

    @cached_property
    def _names(self) -> re.Pattern[str] | None:
        before, behind = _NAME_EDGES
        words = {word for name in self.person.names for word in (name, *name.split()) if len(word) >= _SHORTEST}
        return pattern(0, (before, {form for word in words for form in spellings(word)}, behind))

    def among(self, records: Iterable[_T], texts: Callable[[_T], Sequence[str]]) -> list[_T]:
        """Return the records that name the person.

        :param texts: returns the texts of a record
        """
        found: list[_T] = []
        rest = iter(records)
        while some := list(islice(rest, _AT_ONCE)):
            said = list(map(texts, some))
            if self.about(*chain.from_iterable(said)):
                found += [record for record, told in zip(some, said, strict=True) if self.about(*told)]
        return found

    def about(self, *texts: str) -> bool:
        """Return whether one of some texts names the person: by an address, or by an id in JSON."""
        text = "\n".join(texts)
        if self._ids and not self._ids.isdisjoint(text.split('"')[1:-1]):
            return True
        if any(one in text for one in self._single_ids):
            return True
        if self._holds(_unescaped(text) if "\\u00" in text else text):
            return True
        return "?" in text and any(
            self._packed(pair)
            for part in texts
            if "?" in part and part.startswith("http")
            for pair in part.partition("?")[2].split("&")
        )

    def _holds(self, text: str) -> bool:
        return (
            ("@" in text and self._plain.found_in(text))
            or ("%40" in text and self._quoted.found_in(text))
            or (bool(self._others) and any(form in text.lower() for form in self._others))
        )

    def _packed(self, pair: str) -> bool:
        """Return whether a parameter contains an address in base64."""
        unpacked = _unpacked(unquote_plus(pair.partition("=")[2]))
        return unpacked is not None and self._holds(unpacked)

    def text(self, value: str) -> str:
        """Return a text without addresses and names of the person."""
        if self._others or any(sign in value for sign in _SIGNS):
            value = self._without(value, self._addresses)
        return self._without(value, self._names)

    @staticmethod
    def _without(value: str, pattern: re.Pattern[str] | None) -> str:
        if pattern is None:
            return value
        if "\\u00" in value:
            plain = _unescaped(value)
            # JSON may escape plain characters.
            value = plain if len(pattern.findall(plain)) > len(pattern.findall(value)) else value
        return pattern.sub(TOKEN, value)

    def content(self, value: bytes) -> bytes:
        """Return a body, text or binary, without the person."""
        return self.text(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def url(self, value: str) -> str:
        """Return a URL without the person, also where a parameter is base64, as in pixels."""
        before, mark, query = value.partition("?")
        if not mark:
            return self.text(value)
        return f"{self.text(before)}?{'&'.join(map(self._parameter, query.split('&')))}"

    def _parameter(self, pair: str) -> str:
        return f"{pair.partition('=')[0]}={TOKEN}" if self._packed(pair) else self.text(pair)

    def json(self, value: Json) -> Json:
        """Return a JSON value without the person, at any depth; an unchanged value is the same object."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            made = [self.json(part) for part in value]
            return made if any(one is not other for one, other in zip(made, value, strict=True)) else value
        if isinstance(value, dict):
            named = {self.text(name): self.json(part) for name, part in value.items()}
            return value if named == value else named
        return value


def _unescaped(text: str) -> str:
    """Return JSON with unescaped plain characters."""
    return _ESCAPED.sub(_plain_character, text)


def _plain_character(found: re.Match[str]) -> str:
    character = chr(int(found[2], 16))
    # These two must stay escaped.
    return found[0] if character in '"\\' else found[1] + character


def _unpacked(text: str) -> str | None:
    if len(text) < len("a@b.example"):
        return None
    try:
        packed = text.translate({ord("-"): "+", ord("_"): "/"})
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode()
    except ValueError:
        return None
