"""The report of a failed test: the last exchanges of its sandbox, in a few lines each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tpmock.common.control_client import RefusedError, UnreachableError

if TYPE_CHECKING:
    from tpmock.testing.api import Tpmock
    from tpmock.testing.helpers import Row

#: Maximum number of exchanges, and maximum length of a line.
SHOWN: Final = 10
_WIDTH: Final = 300


def last_exchanges(tpmock: Tpmock) -> str:
    """Return the exchanges of a sandbox, oldest first, and those without a sandbox."""
    try:
        return "\n".join(_lines(tpmock))
    except (UnreachableError, RefusedError) as error:
        return f"They cannot be shown. {error}"


def _lines(tpmock: Tpmock) -> list[str]:
    listed = tpmock.call("GET", "/journal", limit=SHOWN)
    lines = [f"sandbox {tpmock.id} at {tpmock.url}: {_number(listed['total'])}"]
    lines += [line for entry in listed["journal"] for line in _entry(entry)]
    lost = tpmock.strangers(SHOWN)
    if lost:
        lines.append("with credentials that belong to no sandbox, from here or from another test:")
        lines += [line for entry in lost for line in _entry(entry)]
    armed = tpmock.faults.list()
    if armed:
        lines.append(f"{len(armed)} faults are still active, the first: {armed[0]}"[:_WIDTH])
    lines += [f"{host} was refused: this test may not call it" for host in dict.fromkeys(tpmock.refused_hosts)]
    return [*lines, *tpmock.not_led]


def _number(exchanges: int) -> str:
    if exchanges > SHOWN:
        return f"{exchanges} exchanges, the last {SHOWN} of them"
    return f"{exchanges} exchange{'' if exchanges == 1 else 's'}"


def _entry(entry: Row) -> list[str]:
    arrow = {"in": "->", "out": "<-"}.get(entry["direction"], "--")
    answered = entry["status"] if entry["status"] is not None else entry.get("error") or "no answer"
    fault = f", fault {entry['fault']}" if entry.get("fault") else ""
    what = f"{entry['operation'] or 'no operation'}{fault}"
    lines = [f"{entry['at'][11:23]} {arrow} {entry['method']} {entry['url']}: {answered} ({what})"]
    if entry.get("hint"):
        lines.append(f"                hint: {entry['hint']}")
    return [line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…" for line in lines]
