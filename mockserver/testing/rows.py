"""What is in a sandbox, as lists with filters that say what was there instead."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mockserver.testing.parts import Call, Row, Rows

#: Rows and characters of a row that a failure shows.
SHOWN_ROWS: Final = 5
SHOWN_LENGTH: Final = 400
#: How many rows are asked for at once: all there can be.
ALL: Final = 10_000


class Collection:
    """A list in the sandbox, read anew each time.

    Fields are named as the control API names them, which is Trustpilot's way: ``referenceNumber``, ``consumerEmail``.

    :param path: behind the sandbox's own, such as ``/segment/events``
    """

    def __init__(self, call: Call, path: str) -> None:
        self._call = call
        self._path = path
        self._name = path.rpartition("/")[2]
        #: What is in it, in words.
        self.noun = self._name.replace("-", " ")

    def list(self, **fields: object) -> Rows:
        """Those whose fields have these values; all without any. Oldest first."""
        rows = self._call("GET", self._path, limit=ALL)[self._name]
        return [row for row in rows if fits(row, fields)]

    def one(self, **fields: object) -> Row:
        """The only one whose fields have these values.

        :raises AssertionError: when there is none or are several, saying what there is
        """
        # A failure is shown at the test's own line.
        __tracebackhide__ = True
        everything = self.list()
        found = [row for row in everything if fits(row, fields)]
        if len(found) != 1:
            raise AssertionError(f"{counted(len(found), self.noun, fields)}, not one. {there(self.noun, everything)}")
        return found[0]

    @property
    def last(self) -> Row:
        """The newest.

        :raises AssertionError: when there is none
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
    """Every exchange in and out of the sandbox, secrets masked."""

    def __init__(self, call: Call) -> None:
        super().__init__(call, "/journal")
        self.noun = "exchanges"

    def calls(self, operation: str, **fields: object) -> Rows:
        """The exchanges of one operation, such as ``createEmailInvitations``."""
        return self.list(operation=operation, **fields)

    def clear(self) -> None:
        """Forget the exchanges."""
        self._call("DELETE", "/journal")


class Traces(Collection):
    """What happened, by first cause: one order from Segment's event to its review."""

    def __init__(self, call: Call) -> None:
        super().__init__(call, "/traces")

    def list(self, **fields: object) -> Rows:
        """Those whose fields have these values; all without any. Oldest first, as in every collection."""
        return super().list(**fields)[::-1]

    def story(self, of: str) -> Row:
        """One from end to end, with its steps.

        :param of: its id, a message id or an order number
        :raises RefusedError: when there is none
        """
        return dict(self._call("GET", f"/traces/{of}"))


def fits(row: Mapping[str, Any], fields: Mapping[str, object]) -> bool:
    """Whether a row has all these values."""
    return all(name in row and row[name] == value for name, value in fields.items())


def counted(number: int, name: str, fields: Mapping[str, object]) -> str:
    """``0 invitations with referenceNumber='1001'``."""
    wanted = ", ".join(f"{field}={value!r}" for field, value in fields.items())
    return f"{number} {name}{' with ' + wanted if wanted else ''}"


def there(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """What there is, in lines, the newest of them, cut to a bearable length."""
    if not rows:
        return f"There are no {name} at all."
    shown = [_cut(json.dumps(row, ensure_ascii=False)) for row in rows[-SHOWN_ROWS:]]
    head = f"There {'is' if len(rows) == 1 else 'are'} {len(rows)}" + (
        f", the newest {SHOWN_ROWS} of them:" if len(rows) > SHOWN_ROWS else ":"
    )
    return "\n  ".join([head, *shown])


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]} … ({len(text) - SHOWN_LENGTH} more)"
