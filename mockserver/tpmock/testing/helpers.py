"""The parts of a :class:`~tpmock.testing.api.Tpmock`: names, clock, faults, variants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from tpmock.common.suggestions import did_you_mean

Row = dict[str, Any]
Rows = list[Row]


class ControlCall(Protocol):
    """Calls the control API of one sandbox."""

    def __call__(self, method: str, path: str, body: Any = None, **query: object) -> Any:
        """:param path: relative to the sandbox's own, such as ``/clock``"""


class Names(Mapping[str, str]):
    """Credentials or addresses: ``credentials["apiKey"]`` as the control API names it, or ``credentials.api_key``.

    :param what: their kind, for the error message about an unknown name
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
        # copy and pickle ask for private names before the object is initialized.
        if not name.startswith("_") and name in self._attributes:
            return self._attributes[name]
        raise AttributeError(f"there is no {self._what} {name!r}. {did_you_mean(name, self.__dir__())}")

    def __dir__(self) -> list[str]:
        return sorted(self.__dict__.get("_attributes", ()))

    def __repr__(self) -> str:
        return f"<{self._what}s: {', '.join(self._values)}>"


class Clock:
    """The sandbox's clock."""

    def __init__(self, call: ControlCall) -> None:
        self._call = call

    @property
    def now(self) -> datetime:
        """Return the sandbox's time, in UTC."""
        return datetime.fromisoformat(self._call("GET", "/clock")["now"])

    @property
    def frozen(self) -> bool:
        """Return whether the clock is frozen."""
        return bool(self._call("GET", "/clock")["frozen"])

    @property
    def next_due(self) -> datetime | None:
        """Return the time of the next timeline entry; None without one."""
        due = self._call("GET", "/clock")["nextDue"]
        return None if due is None else datetime.fromisoformat(due)

    def advance(self, by: str | timedelta) -> int:
        """Advance the clock. Due timeline entries run in order, each at its own time.

        :param by: ``7d``, ``101h``, ``P7D`` or a timedelta
        :returns: the number of entries run
        :raises RefusedError: when it is not a valid duration
        """
        text = f"PT{by.total_seconds():.6f}S" if isinstance(by, timedelta) else by
        return int(self._call("POST", "/clock/advance", {"by": text})["performed"])

    def freeze(self) -> None:
        """Freeze the clock."""
        self._call("POST", "/clock/freeze")

    def resume(self) -> None:
        """Resume the clock."""
        self._call("POST", "/clock/resume")


class Faults:
    """Faults of the sandbox."""

    def __init__(self, call: ControlCall) -> None:
        self._call = call

    def add(self, script: str | None = None, /, **fields: Any) -> Row:
        """Add a fault.

        :param script: in one-line syntax, as for ``tpmock fault add``, such as ``email-invitations 429 x2``
        :param fields: instead of a script, the fields of the control API, such as ``operation="batch", status=500``
        :returns: the fault as the control API shows it
        :raises RefusedError: when it is not valid
        """
        body = fields if script is None else {"fault": script, **fields}
        return dict(self._call("POST", "/faults", body))

    def list(self) -> Rows:
        """Return the active faults."""
        rows: Rows = self._call("GET", "/faults")["faults"]
        return rows

    def clear(self) -> None:
        """Remove all faults."""
        self._call("DELETE", "/faults")


class Variants:
    """The variants of the sandbox, where the sources disagree: ``variants["partner_grant"] = "password"``."""

    def __init__(self, call: ControlCall) -> None:
        self._call = call

    def __getitem__(self, name: str) -> str:
        return str({row["name"]: row["value"] for row in self.list()}[name])

    def __setitem__(self, name: str, value: str) -> None:
        self.set(**{name: value})

    def set(self, **values: str) -> None:
        """Change variants: all that are named, or none when one is wrong.

        :raises RefusedError: for an unknown variant or value
        """
        self._call("PATCH", "/variants", values)

    def list(self) -> Rows:
        """Return all variants with their values, defaults and meanings."""
        rows: Rows = self._call("GET", "/variants")["variants"]
        return rows


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
