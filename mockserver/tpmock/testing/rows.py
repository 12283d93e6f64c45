"""Collections of a sandbox with filters, and waiting for new rows. Errors show the rows that exist."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from time import sleep
from typing import Any, Final

from tpmock.common.control_client import RefusedError
from tpmock.common.real_time import monotonic
from tpmock.testing.helpers import ControlCall, Row, Rows

#: Maximum number of rows and length of a row in an error.
SHOWN_ROWS: Final = 5
SHOWN_LENGTH: Final = 400
#: Number of rows per request: the maximum.
ALL: Final = 10_000
#: Seconds between two requests, when the sandbox is quiet and the change must come from outside.
_LOOK_AGAIN: Final = 0.02
#: Maximum real seconds of one settling, so that a new row is found soon.
_SETTLE_FOR: Final = 0.5


class Collection:
    """A collection of the sandbox, read again for each access.

    Fields have the control API's names, which follow Trustpilot's: ``referenceNumber``, ``consumerEmail``.

    :param path: relative to the sandbox's own, such as ``/segment/events``
    """

    def __init__(self, call: ControlCall, path: str) -> None:
        self._call = call
        self._path = path
        self._name = path.rpartition("/")[2]
        #: The plural name of its rows.
        self.noun = self._name.replace("-", " ")

    def list(self, **fields: object) -> Rows:
        """Return the rows with these field values, or all rows. Oldest first."""
        rows = self._call("GET", self._path, limit=ALL)[self._name]
        return [row for row in rows if fits(row, fields)]

    def one(self, **fields: object) -> Row:
        """Return the only row with these field values.

        :raises AssertionError: when there is none or are several, with the rows that exist
        """
        # pytest shows an error at the test's own line.
        __tracebackhide__ = True
        everything = self.list()
        found = [row for row in everything if fits(row, fields)]
        if len(found) != 1:
            raise AssertionError(
                f"{counted(len(found), self.noun, fields)}, not one. {there(self.noun, everything, fields)}"
            )
        return found[0]

    @property
    def last(self) -> Row:
        """Return the newest row.

        :raises AssertionError: when the collection is empty
        """
        __tracebackhide__ = True
        rows = self.list()
        if not rows:
            raise AssertionError(there(self.noun, rows))
        return rows[-1]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self.list())

    def __repr__(self) -> str:
        return f"<{self.noun} of a tpmock sandbox>"


class Journal(Collection):
    """Every exchange of the sandbox, secrets masked."""

    def __init__(self, call: ControlCall) -> None:
        super().__init__(call, "/journal")
        self.noun = "exchanges"

    def calls(self, operation: str, **fields: object) -> Rows:
        """Return the exchanges of one operation, such as ``createEmailInvitations``."""
        return self.list(operation=operation, **fields)

    def clear(self) -> None:
        """Delete the exchanges."""
        self._call("DELETE", "/journal")


class Traces(Collection):
    """The traces, for example of one order from Segment's event to its review."""

    def __init__(self, call: ControlCall) -> None:
        super().__init__(call, "/traces")

    def list(self, **fields: object) -> Rows:
        """Return the traces with these field values, or all traces. Oldest first, as in every collection."""
        return super().list(**fields)[::-1]

    def story(self, of: str) -> Row:
        """Return one trace with its steps.

        :param of: its id, a message id or an order number
        :raises RefusedError: when it does not exist
        """
        return dict(self._call("GET", f"/traces/{of}"))


def fits(row: Mapping[str, Any], fields: Mapping[str, object]) -> bool:
    """Return whether a row has all these values."""
    return all(name in row and row[name] == value for name, value in fields.items())


def counted(number: int, name: str, fields: Mapping[str, object]) -> str:
    """Return a text such as ``0 invitations with referenceNumber='1001'``."""
    wanted = ", ".join(f"{field}={value!r}" for field, value in fields.items())
    return f"{number} {name}{' with ' + wanted if wanted else ''}"


def there(name: str, rows: Sequence[Mapping[str, Any]], first: Iterable[str] = ()) -> str:
    """Return the newest rows as lines of limited length.

    :param first: the fields to show first, because the test looked for them
    """
    if not rows:
        return f"There are no {name} at all."
    first = [field for field in first if field in rows[-1]]
    shown = [
        _cut(json.dumps({**{field: row.get(field) for field in first}, **row}, ensure_ascii=False))
        for row in rows[-SHOWN_ROWS:]
    ]
    head = f"There {'is' if len(rows) == 1 else 'are'} {len(rows)}" + (
        f", the newest {SHOWN_ROWS} of them:" if len(rows) > SHOWN_ROWS else ":"
    )
    return "\n  ".join([head, *shown])


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]} … ({len(text) - SHOWN_LENGTH} more)"


def wait_for(
    call: ControlCall, wanted: Collection | Callable[[], Any], fields: dict[str, object], timeout: float
) -> Any:
    """Settle and check repeatedly; see :meth:`tpmock.testing.api.Tpmock.wait_for`."""
    __tracebackhide__ = True
    deadline = monotonic() + timeout
    while True:
        found = next(reversed(wanted.list(**fields)), None) if isinstance(wanted, Collection) else wanted()
        if found:
            return found
        left = deadline - monotonic()
        if left <= 0:
            raise AssertionError(_instead(call, wanted, fields, timeout))
        if _settled(call, min(left, _SETTLE_FOR)):
            sleep(min(left, _LOOK_AGAIN))


def _settled(call: ControlCall, seconds: float) -> bool:
    """Return whether the sandbox became quiet; if not, this call has already waited."""
    try:
        call("POST", "/settle", {"timeout": f"PT{seconds:.6f}S"})
    except RefusedError as refused:
        if refused.status != HTTPStatus.GATEWAY_TIMEOUT:
            raise
        return False
    return True


def _instead(
    call: ControlCall, wanted: Collection | Callable[[], Any], fields: dict[str, object], timeout: float
) -> str:
    waited = f"after {timeout:g} s of real time."
    if isinstance(wanted, Collection):
        rows = wanted.list()
        near = [row for row in rows if any(fits(row, {name: value}) for name, value in fields.items())]
        lines = [f"There are {counted(0, wanted.noun, fields)} {waited}", there(wanted.noun, near or rows, fields)]
    else:
        lines = [f"{getattr(wanted, '__qualname__', repr(wanted))} gave nothing true {waited}"]
    due = call("GET", "/clock")["nextDue"]
    if due is not None:
        lines.append(f"Something is due in the sandbox at {due}: does its clock have to be advanced first?")
    return "\n".join(lines)
