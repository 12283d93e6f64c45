"""Data of faults: which calls they match, as added, active and applied. It can be listed and saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush, merge
from operator import attrgetter
from sys import getsizeof
from typing import Any, Final

from tpmock.core import glob
from tpmock.core.bounded import BoundedDict
from tpmock.core.memory import MEGABYTE
from tpmock.faults.effects import KINDS, OUT, Effect, Kind, Room


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call to which a fault can apply, inbound or outbound.

    :param header: returns the value of a request header, or an empty string
    :param body: the parsed JSON or form, or None
    """

    operation: str
    room: Room
    method: str
    path: str
    header: Callable[[str], str]
    body: Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A condition for calls: all its parts must match.

    :param operations: operationIds; empty for all inbound operations
    :param path: a pattern: ``*`` matches anything within a segment, ``**`` anything, ``{id}`` a segment
    :param body: members by dotted path or JSON Pointer, compared as text
    :param headers: compared as text; names in any letter case
    :param nth: the first matching call to which the fault applies, counted from 1
    """

    operations: tuple[str, ...] = ()
    method: str | None = None
    path: str | None = None
    body: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    nth: int = 1

    def fits(self, exchange: Exchange, kind: Kind) -> bool:
        """Return whether ``exchange`` matches, ignoring ``nth``, and ``kind`` can apply to it."""
        return (
            exchange.room in kind.rooms
            and (exchange.operation in self.operations if self.operations else exchange.room != OUT)
            and (self.method is None or exchange.method == self.method)
            and (self.path is None or glob.of_path(self.path).covers(exchange.path))
            and (kind.name != "token-revoked" or exchange.header("authorization").lower().startswith("bearer "))
            and self._fits_content(exchange)
        )

    def _fits_content(self, exchange: Exchange) -> bool:
        if any(exchange.header(name) != value for name, value in self.headers):
            return False
        if not self.body:
            return True
        body = exchange.body()
        return all(as_text(member(body, path)) == value for path, value in self.body)


def member(body: Any, path: str) -> Any:
    """Return the member of ``body`` at a dotted path or, with a leading slash, a JSON Pointer; None if missing."""
    if path.startswith("/"):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]
    else:
        parts = path.split(".")
    for part in parts:
        if isinstance(body, dict):
            body = body.get(part)
        elif isinstance(body, list) and part.isdecimal() and int(part) < len(body):
            body = body[int(part)]
        else:
            return None
    return body


def as_text(value: Any) -> str | None:
    """Return a scalar JSON value as text for a comparison; None for any other value."""
    if isinstance(value, str):
        return value
    return None if value is None or isinstance(value, dict | list) else json.dumps(value)


#: The maximum number of faults in a sandbox.
FAULTS: Final = 1_000


class TooManyFaultsError(Exception):
    """A sandbox has the maximum number of faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One fault as it was added.

    :param count: the number of calls to which it applies; None for no limit
    :param probability: the chance that it applies to a matching call, above 0 and at most 1
    :param lasts: seconds of the sandbox's clock after which it expires; None for no expiry
    """

    match: Match
    effect: Effect
    count: int | None = 1
    probability: float = 1.0
    lasts: float | None = None


@dataclass(slots=True)
class Fault:
    """An active fault.

    :param expires_at: the time on the sandbox's clock when it expires
    :param seen: matching calls so far
    :param struck: hits so far
    """

    id: int
    script: Script
    expires_at: float | None
    seen: int = 0
    struck: int = 0

    @property
    def remaining(self) -> int | None:
        """Return the number of calls to which it will still apply; None for no limit."""
        return None if self.script.count is None else self.script.count - self.struck


@dataclass(frozen=True, slots=True)
class FaultHit:
    """A fault applied to one call.

    :param fault: the number of the fault; None when the data of the call triggered it
    :param cause: what triggered it, for a message
    """

    fault: int | None
    effect: Effect
    cause: str


@dataclass(slots=True, kw_only=True)
class FaultsState:
    """The faults of a sandbox, as saved.

    :param last: the highest number given so far
    :param magic: hits of each trigger email address
    """

    last: int = 0
    armed: list[Fault] = field(default_factory=list)
    magic: dict[str, int] = field(default_factory=dict)


class Faults:
    """The active faults of a sandbox, oldest first. Used under the sandbox's lock.

    :param state: a saved state to restore
    """

    __slots__ = ("_armed", "_by_target", "_expiring", "_last", "_magic")

    def __init__(self, state: FaultsState | None = None) -> None:
        state = state or FaultsState()
        self._last = state.last
        self._magic: BoundedDict[str, int] = BoundedDict(weigh=lambda address, _: getsizeof(address), most=MEGABYTE)
        self._magic.update(state.magic)
        self.clear()
        for fault in state.armed:
            self._add(fault)

    def __bool__(self) -> bool:
        return bool(self._armed)

    def state(self) -> FaultsState:
        """Return the active faults as data to save."""
        return FaultsState(last=self._last, armed=list(self._armed.values()), magic=dict(self._magic))

    def arm(self, script: Script, now: float) -> Fault:
        """Add a fault. When several match a call, they apply one after the other, in the order of adding.

        :raises TooManyFaultsError: when there are :data:`FAULTS`
        """
        self._expire(now)
        if len(self._armed) >= FAULTS:
            raise TooManyFaultsError
        self._last += 1
        fault = Fault(self._last, script, None if script.lasts is None else now + script.lasts)
        self._add(fault)
        return fault

    def _add(self, fault: Fault) -> None:
        self._armed[fault.id] = fault
        for target in _targets(fault):
            self._by_target.setdefault(target, {})[fault.id] = fault
        if fault.expires_at is not None:
            heappush(self._expiring, (fault.expires_at, fault.id))

    def _expire(self, now: float) -> None:
        while self._expiring and self._expiring[0][0] <= now:
            self.disarm(heappop(self._expiring)[1])

    def armed(self, now: float) -> list[Fault]:
        """List the active faults."""
        self._expire(now)
        return list(self._armed.values())

    def _near(self, exchange: Exchange) -> Iterator[Fault]:
        """Return the faults that can match: by operation; else by method, or those that name neither. Oldest first."""
        targets = (exchange.operation, exchange.method, "")
        return merge(*(self._by_target.get(target, {}).values() for target in targets), key=attrgetter("id"))

    def hit(self, exchange: Exchange, now: float, roll: Callable[[], float]) -> FaultHit | None:
        """Return the fault that applies to this call, if any: the oldest match. Count the hit; remove a used-up fault.

        :param roll: a random number from 0 to 1 of the sandbox
        """
        self._expire(now)
        fitting = [
            fault
            for fault in self._near(exchange)
            if fault.script.match.fits(exchange, KINDS[fault.script.effect.kind])
        ]
        # Each fault counts every call that matches it, even if another fault applies.
        for fault in fitting:
            fault.seen += 1
        for fault in fitting:
            script = fault.script
            if fault.seen < script.match.nth or (script.probability < 1 and roll() >= script.probability):
                continue
            fault.struck += 1
            if fault.remaining == 0:
                self.disarm(fault.id)
            return FaultHit(fault.id, script.effect, f"Fault {fault.id} of this sandbox")
        return None

    def hit_by_address(self, address: str, effect: Effect, count: int | None) -> FaultHit | None:
        """Return the fault that the call's data asks for, unless that address has used up its ``count`` hits."""
        if count is not None:
            struck = self._magic.get(address, 0)
            if struck >= count:
                return None
            self._magic[address] = struck + 1
        return FaultHit(None, effect, f"Fault by the address {address}")

    def disarm(self, fault_id: int) -> bool:
        """Remove a fault; return whether it existed."""
        fault = self._armed.pop(fault_id, None)
        if fault is None:
            return False
        for target in _targets(fault):
            del self._by_target[target][fault_id]
        return True

    def clear(self) -> None:
        """Remove all faults."""
        self._armed: dict[int, Fault] = {}
        #: The faults by what they name, so that faults for other operations do not slow a call down.
        self._by_target: dict[str, dict[int, Fault]] = {}
        #: Expiry times of faults, the next first; some of these faults may have been removed already.
        self._expiring: list[tuple[float, int]] = []


def _targets(fault: Fault) -> tuple[str, ...]:
    """Return what a fault names: operations, else a method, else an empty string."""
    return fault.script.match.operations or (fault.script.match.method or "",)
