"""Removes people and secrets from everything that a report may hold, before it is written.

A stand-in keeps two persons apart, and an e-mail address stays one, so that a script made from a report still runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

# A search begins only where a run of letters begins, and gives nothing of it back: the time grows with the text only.
_EMAIL = re.compile(r"(?<![\w.+'~-])(?<!%(?=2[Bb]))(?:[\w.+'~-]|%2[Bb])++(?:@|%40)[\w-]++(?:\.[\w-]++)++")
_HIDDEN = "…"
# Keys, secrets and tokens that the mock has made since: it marks every one by its kind.
_MADE = re.compile(r"\b(tp[akrsi]-)[0-9a-f]{8,}")
_OURS = "redacted.example"


_Record = TypeVar("_Record", bound=msgspec.Struct)


class TranscriptRedactor:
    """Replaces what identifies a person, what is secret, and what differs from machine to machine.

    :param addresses: what to write instead of an address, such as ``{"127.0.0.1:4711": "subject.test"}``
    """

    def __init__(
        self, personal: Iterable[str] = (), secrets: Iterable[str] = (), addresses: Mapping[str, str] | None = None
    ) -> None:
        self._people: dict[str, str] = {}
        self._exact = dict(addresses or {}) | dict.fromkeys(filter(None, secrets), _HIDDEN)
        names: dict[str, str] = {}
        # In their order: the same run has the same stand-ins.
        for datum in sorted(personal):
            if "@" in datum:
                self._person(datum)
            else:
                names[datum] = f"[name {len(names) + 1}]"
        self._names = names
        # The longest first: one name may be the beginning of another.
        words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        self._name = re.compile(rf"(?<!\w)(?:{words})(?!\w)") if words else None

    def text(self, text: str) -> str:
        """Return a text without people and secrets, and without lone surrogates, which JSON can escape and no file
        can hold.
        """
        text = text.encode("utf-8", "replace").decode()
        for known, instead in self._exact.items():
            # Port 80 is not the beginning of port 8080.
            text = re.sub(rf"{re.escape(known)}(?!\w)", instead, text)
        text = _MADE.sub(rf"\1{_HIDDEN}", text)
        text = _EMAIL.sub(lambda found: self._person(found[0]), text)
        return self._name.sub(lambda found: self._names[found[0]], text) if self._name else text

    def data(self, data: Any) -> Any:
        """Return JSON without people and secrets, in values and in names of members."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, list):
            return [self.data(item) for item in data]
        if isinstance(data, dict):
            return {self.text(str(name)): self.data(value) for name, value in data.items()}
        return data

    def record(self, record: _Record, *names: str) -> _Record:
        """Return a record without people and secrets in the texts of these names."""
        return replace(record, **{name: self.text(getattr(record, name)) for name in names})

    def _person(self, email: str) -> str:
        address = email.replace("%40", "@").casefold()
        if address.endswith(f"@{_OURS}"):
            return email
        number = self._people.setdefault(address, f"person-{len(self._people) + 1}")
        return f"{number}{'%40' if '%40' in email else '@'}{_OURS}"
