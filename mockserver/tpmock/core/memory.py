"""Memory budgets in bytes: one for a sandbox, and one for the process.

History (journal, traces, finished deliveries) is dropped, oldest first, when the budget is used up. Confirmed work
that is not done yet is never dropped: it waits, and when too much waits, the next call is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final, Protocol

MEGABYTE: Final = 1024 * 1024
#: Memory budget of one sandbox, in bytes.
SANDBOX_BYTES: Final = 96 * MEGABYTE
#: Default memory budget of a process for all sandboxes, in bytes.
PROCESS_BYTES: Final = 512 * MEGABYTE
#: The share of a process's budget that waiting work can use, by the name of its holder. Deliveries
#: have a smaller share: to deliver an order is to create an invitation, which needs memory too.
WAITING_SHARES: Final = {"deliveries": 0.5}
WAITING_SHARE: Final = 0.75
#: The share of a process's budget that is freed at once when it is used up, so that this happens rarely.
_FREED: Final = 1 / 16


class Lock(Protocol):
    """The lock of a sandbox, which is re-entrant."""

    def acquire(self, blocking: bool = True) -> bool:  # noqa: FBT001, FBT002 - as threading.RLock has it
        """Acquire the lock."""

    def release(self) -> None:
        """Release the lock."""


class Holder:
    """A store for things of one kind, oldest first. Used under the sandbox's lock.

    :param name: of the kind, for users
    :param memory: the budget it belongs to, if any
    :ivar weight: bytes of its content
    :ivar waiting_weight: bytes that must not be dropped
    :ivar waiting: number of things that must not be dropped
    :ivar dropped: number of dropped things
    """

    def __init__(self, name: str, memory: Memory | None) -> None:
        self.weight = 0
        self.waiting_weight = 0
        self.waiting = 0
        self.dropped = 0
        self.memory = memory
        if memory is not None:
            memory.holders[name] = self

    @property
    def loose(self) -> int:
        """Return the bytes that can be dropped."""
        return self.weight - self.waiting_weight

    def is_full(self) -> bool:
        """Return whether there is no room for more waiting work."""
        raise NotImplementedError

    def drop_oldest(self) -> bool:
        """Drop the oldest thing that can be dropped, but never the newest.

        :returns: whether one was dropped
        """
        raise NotImplementedError

    def grew(self, by: int, waiting: int = 0) -> None:
        """Count more or fewer bytes; drop things when the budget is exceeded.

        :param waiting: the change of the bytes that must not be dropped
        """
        if not by and not waiting:
            return
        self.weight += by
        self.waiting_weight += waiting
        if self.memory is not None:
            self.memory.grew(by, waiting)


class Memory:
    """The budget of one sandbox. Used under its lock.

    :param process: the budget of the process
    :param lock: the sandbox's
    :param most: its size in bytes
    :ivar holders: the stores that share the budget, by name
    """

    def __init__(self, process: ProcessMemory, lock: Lock, most: int = SANDBOX_BYTES) -> None:
        self.process = process
        self.lock = lock
        self.most = most
        self.used = 0
        self.waiting = 0
        self.holders: dict[str, Holder] = {}
        self._open = True
        process.join(self)

    @property
    def loose(self) -> int:
        """Return the bytes that can be dropped."""
        return self.used - self.waiting

    def dropped(self) -> dict[str, int]:
        """Return the number of dropped things, by kind."""
        return {name: holder.dropped for name, holder in self.holders.items()}

    def grew(self, by: int, waiting: int) -> None:
        """Count the growth of a holder, and drop things when the budget is exceeded."""
        self.used += by
        self.waiting += waiting
        if not self._open:
            # Work that was running during a reset writes into a budget that is no longer used.
            return
        # This runs several times per call, so it skips every call without an effect.
        process = self.process
        with process.lock:
            process.used += by
            process.waiting += waiting
        if by > 0:
            if self.used > self.most:
                self.shrink(self.used - self.most)
            if process.used > process.relieve_at:
                process.relieve(self)

    def shrink(self, by: int) -> None:
        """Drop the oldest things of the largest holder, until the bytes are free or nothing is left to drop."""
        enough = self.used - by
        exhausted: set[str] = set()
        while self.used > enough and len(exhausted) < len(self.holders):
            name = max(self.holders.keys() - exhausted, key=lambda name: self.holders[name].loose)
            if not self.holders[name].drop_oldest():
                exhausted.add(name)

    def refusal(self, name: str) -> str | None:
        """Return why no more waiting work of a kind can be added, as part of a sentence; None when it can.

        :param name: of the kind
        """
        holder = self.holders[name]
        if holder.is_full():
            return f"{holder.waiting:,} {name} of this sandbox wait ({_megabytes(holder.waiting_weight)})"
        most = int(self.process.most * WAITING_SHARES.get(name, WAITING_SHARE))
        if self.process.waiting > most:
            return f"{_megabytes(self.process.waiting)} wait in all sandboxes together, {_megabytes(most)} may"
        return None

    def close(self) -> None:
        """Remove the sandbox from the process's budget, because it is removed or rebuilt."""
        if self._open:
            self._open = False
            self.process.leave(self)


class ProcessMemory:
    """The budget of all sandboxes of a process.

    :param most: its size in bytes
    :ivar used: bytes in use
    :ivar waiting: bytes that must not be dropped
    :ivar lock: guards both; only counting happens under it
    :ivar relieve_at: number of bytes above which things are dropped
    """

    def __init__(self, most: int = PROCESS_BYTES) -> None:
        self.most = most
        self.used = 0
        self.waiting = 0
        self.snapshots = 0
        self.lock = threading.Lock()
        self._parts: dict[int, Memory] = {}
        self.relieve_at = most

    def join(self, part: Memory) -> None:
        """Add a sandbox."""
        with self.lock:
            self._parts[id(part)] = part

    def leave(self, part: Memory) -> None:
        """Remove a sandbox."""
        with self.lock:
            del self._parts[id(part)]
            self.used -= part.used
            self.waiting -= part.waiting
            self.relieve_at = self.most

    def relieve(self, asking: Memory) -> None:
        """Drop the oldest things of the largest sandboxes when the budget is exceeded.

        :param asking: the sandbox whose lock is held. Other locks are not waited for, to prevent deadlocks:
            when the other sandboxes are busy, this one drops its own things
        """
        with self.lock:
            parts = list(self._parts.values())
        level = _level([part.loose for part in parts], self.used - int(self.most * (1 - _FREED)))
        for part in parts:
            if part.loose > level and part.lock.acquire(blocking=False):
                try:
                    part.shrink(part.loose - level)
                finally:
                    part.lock.release()
        asking.shrink(self.used - self.most)
        # When nothing is left to drop, later calls do not search again.
        self.relieve_at = self.most if self.used <= self.most else self.used + int(self.most * _FREED)

    def keep_snapshot(self, size: int, instead_of: int = 0) -> bool:
        """Count a snapshot, unless all snapshots together would take more than half of the budget.

        :param size: bytes
        :param instead_of: bytes of the snapshot that it replaces
        """
        with self.lock:
            if size > instead_of and self.snapshots + size - instead_of > self.most // 2:
                return False
            self.snapshots += size - instead_of
            return True

    def drop_snapshots(self, size: int) -> None:
        """Count the bytes of a removed snapshot no more."""
        with self.lock:
            self.snapshots -= size


def _level(weights: Sequence[int], excess: int) -> int:
    """Return the weight to which all heavier sandboxes must shrink, so that they lose ``excess`` together."""
    if excess <= 0:
        return max(weights, default=0)
    above = 0
    falling = sorted(weights, reverse=True)
    for number, (weight, lower) in enumerate(zip(falling, [*falling[1:], 0], strict=True), 1):
        above += weight
        # Shrink all heavier ones to the next lower weight.
        if above - number * lower >= excess:
            return max(0, (above - excess) // number)
    return 0


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"
