"""Takes people and secrets out of everything a report may hold, before it is written down.

A stand-in keeps two persons apart, and an e-mail address stays one, so that a script made from a report still runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_EMAIL = re.compile(r"(?:[\w.+'~-]|%2[Bb])+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_HIDDEN = "…"
# Keys, secrets and tokens that the mock has made since: it marks every one by its kind.
_MADE = re.compile(r"\b(tp[akrsi]-)[0-9a-f]{8,}")
_OURS = "redacted.example"


class Redactor:
    """Replaces what identifies a person, what is secret, and what differs from machine to machine.

    :param personal: e-mail addresses and names that are known.
    :param secrets: keys and passwords.
    :param addresses: what to write instead of an address, such as ``{"127.0.0.1:4711": "subject.test"}``.
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
        """A text without them, and without half characters, which JSON can escape and no file can hold."""
        text = text.encode("utf-8", "replace").decode()
        for known, instead in self._exact.items():
            # Port 80 is not the beginning of port 8080.
            text = re.sub(rf"{re.escape(known)}(?!\w)", instead, text)
        text = _MADE.sub(rf"\1{_HIDDEN}", text)
        text = _EMAIL.sub(lambda found: self._person(found[0]), text)
        return self._name.sub(lambda found: self._names[found[0]], text) if self._name else text

    def data(self, data: Any) -> Any:
        """JSON without them, in values and in names of members."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, list):
            return [self.data(item) for item in data]
        if isinstance(data, dict):
            return {self.text(str(name)): self.data(value) for name, value in data.items()}
        return data

    def _person(self, email: str) -> str:
        address = email.replace("%40", "@").casefold()
        if address.endswith(f"@{_OURS}"):
            return email
        number = self._people.setdefault(address, f"person-{len(self._people) + 1}")
        return f"{number}{'%40' if '%40' in email else '@'}{_OURS}"
