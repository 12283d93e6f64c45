"""Waiting for something in a sandbox, bounded in real time, with an answer when it does not come."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any, Final

from mockserver.client import RefusedError
from mockserver.testing.parts import Call
from mockserver.testing.rows import Collection, counted, fits, there

#: Seconds between two looks, when the sandbox is at rest and something outside it has to happen.
_LOOK_AGAIN: Final = 0.02
#: Real seconds that one settling may take, so that what is looked for is seen soon.
_SETTLE_FOR: Final = 0.5
_GATEWAY_TIMEOUT: Final = 504


def wait_for(call: Call, wanted: Collection | Callable[[], Any], fields: dict[str, object], timeout: float) -> Any:
    """Settle and look, again and again.

    :param wanted: a collection, of which the newest row with these ``fields`` is given back; or what is called until it
        gives back something true, which is given back
    :param timeout: real seconds
    :raises AssertionError: when the time is up, saying what was there instead
    """
    __tracebackhide__ = True
    deadline = monotonic() + timeout
    while True:
        if found := _look(wanted, fields):
            return found
        left = deadline - monotonic()
        if left <= 0:
            raise AssertionError(_instead(call, wanted, fields, timeout))
        if _settled(call, min(left, _SETTLE_FOR)):
            sleep(min(left, _LOOK_AGAIN))


def _look(wanted: Collection | Callable[[], Any], fields: dict[str, object]) -> Any:
    if not isinstance(wanted, Collection):
        return wanted()
    rows = wanted.list(**fields)
    return rows[-1] if rows else None


def _settled(call: Call, seconds: float) -> bool:
    """Whether the sandbox came to rest; if not, that took its time already."""
    try:
        call("POST", "/settle", {"timeout": f"PT{seconds:.6f}S"})
    except RefusedError as refused:
        if refused.status != _GATEWAY_TIMEOUT:
            raise
        return False
    return True


def _instead(call: Call, wanted: Collection | Callable[[], Any], fields: dict[str, object], timeout: float) -> str:
    lines = [f"{_named(wanted, fields)} after {timeout:g} s of real time."]
    if isinstance(wanted, Collection):
        rows = wanted.list()
        near = [row for row in rows if any(fits(row, {name: value}) for name, value in fields.items())]
        lines.append(there(wanted.noun, near or rows))
    due = call("GET", "/clock")["nextDue"]
    if due is not None:
        lines.append(f"Something is due in the sandbox at {due}: does its clock have to be advanced first?")
    return "\n".join(lines)


def _named(wanted: Collection | Callable[[], Any], fields: dict[str, object]) -> str:
    if isinstance(wanted, Collection):
        return f"There are {counted(0, wanted.noun, fields)}"
    return f"{getattr(wanted, '__qualname__', repr(wanted))} gave nothing true"
