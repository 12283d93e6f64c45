"""The parts of a :class:`~mockserver.testing.bench.Tpmock`: names, clock, faults, switches."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

Row = dict[str, Any]
Rows = list[Row]


class Call(Protocol):
    """Calls the control API of one sandbox."""

    def __call__(self, method: str, path: str, body: Any = None, **query: object) -> Any:
        """:param path: behind the sandbox's own, such as ``/clock``"""


class Names(Mapping[str, str]):
    """Credentials or addresses: ``credentials["apiKey"]`` as the control API names it, ``credentials.api_key`` too.

    :param what: what they are, for the sentence when one is asked for that is not there
    """

    def __init__(self, what: str, values: Mapping[str, str]) -> None:
        self._what = what
        self._values = dict(values)
        self._attributes = {_snake_case(name): value for name, value in self._values.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> str:
        # Private names are asked for by copy and pickle before there is anything here.
        if not name.startswith("_") and name in self._attributes:
            return self._attributes[name]
        raise AttributeError(f"there is no {self._what} {name!r}. {nearest(name, self.__dir__())}")

    def __dir__(self) -> list[str]:
        return sorted(self.__dict__.get("_attributes", ()))

    def __repr__(self) -> str:
        return f"<{self._what}s: {', '.join(self._values)}>"


class Clock:
    """The sandbox's own time."""

    def __init__(self, call: Call) -> None:
        self._call = call

    @property
    def now(self) -> datetime:
        """The time there, in UTC."""
        return _moment(self._call("GET", "/clock")["now"])

    @property
    def frozen(self) -> bool:
        """Whether it stands still there."""
        return bool(self._call("GET", "/clock")["frozen"])

    @property
    def next_due(self) -> datetime | None:
        """When the next thing happens by itself; None when nothing will."""
        due = self._call("GET", "/clock")["nextDue"]
        return None if due is None else _moment(due)

    def advance(self, by: str | timedelta) -> int:
        """Let time pass. What falls due on the way happens in order, each thing at its own time.

        :param by: ``7d``, ``101h``, ``P7D`` or a timedelta
        :returns: how many things happened
        :raises RefusedError: when it is no duration
        """
        text = f"PT{by.total_seconds():.6f}S" if isinstance(by, timedelta) else by
        return int(self._call("POST", "/clock/advance", {"by": text})["performed"])

    def freeze(self) -> None:
        """Let time stand still."""
        self._call("POST", "/clock/freeze")

    def resume(self) -> None:
        """Let time run on from where it stands."""
        self._call("POST", "/clock/resume")


class Faults:
    """Scripted misbehaviour of the sandbox."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def add(self, script: str | None = None, /, **fields: Any) -> Row:
        """Make calls go wrong.

        :param script: one line, as ``tpmock fault add`` takes it, such as ``email-invitations 429 x2``
        :param fields: in place of a script the fields of the control API, such as ``operation="batch", status=500``
        :returns: the fault as the control API shows it
        :raises RefusedError: when it is no fault
        """
        body = fields if script is None else {"fault": script, **fields}
        return dict(self._call("POST", "/faults", body))

    def list(self) -> Rows:
        """Those that will still strike."""
        rows: Rows = self._call("GET", "/faults")["faults"]
        return rows

    def clear(self) -> None:
        """Disarm all."""
        self._call("DELETE", "/faults")


class Variants:
    """The switches of the sandbox, where sources disagree or are silent: ``variants["partner_grant"] = "password"``."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __getitem__(self, name: str) -> str:
        return str({row["name"]: row["value"] for row in self._rows()}[name])

    def __setitem__(self, name: str, value: str) -> None:
        self.set(**{name: value})

    def set(self, **values: str) -> None:
        """Move switches: all that are named, or none when one is wrong.

        :raises RefusedError: when there is no such switch or no such value
        """
        self._call("PATCH", "/variants", values)

    def list(self) -> Rows:
        """All, with their values, defaults and what they decide."""
        return self._rows()

    def _rows(self) -> Rows:
        rows: Rows = self._call("GET", "/variants")["variants"]
        return rows


def nearest(name: str, known: Sequence[str]) -> str:
    """A sentence about what was probably meant."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
