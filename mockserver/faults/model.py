"""Faults as they are told, armed and struck: plain data, so that they can be listed, kept and brought back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mockserver.faults.effects import KINDS, Effect
from mockserver.faults.matching import Exchange, Match
from mockserver.ring import Ring


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One fault as it was told.

    :param count: how many calls it strikes; None for no such end
    :param probability: how likely it strikes a call that fits, above 0 and at most 1
    :param lasts: seconds of the sandbox's clock after which it is gone; None for no such end
    """

    match: Match
    effect: Effect
    count: int | None = 1
    probability: float = 1.0
    lasts: float | None = None


@dataclass(slots=True)
class Fault:
    """An armed fault.

    :param expires_at: the moment of the sandbox's clock from which it strikes no more
    :param seen: calls that fitted
    :param struck: calls it struck
    """

    id: int
    script: Script
    expires_at: float | None
    seen: int = 0
    struck: int = 0

    @property
    def remaining(self) -> int | None:
        """Calls it will still strike; None for as many as come."""
        return None if self.script.count is None else self.script.count - self.struck


@dataclass(frozen=True, slots=True)
class Strike:
    """What hits one call.

    :param fault: the number of the fault; None when the data of the call asked for it
    :param cause: what made it, for a sentence
    """

    fault: int | None
    effect: Effect
    cause: str


@dataclass(slots=True, kw_only=True)
class FaultsState:
    """The faults of a sandbox at one moment.

    :param last: the highest number that was given
    :param magic: how often each magic address struck
    """

    last: int = 0
    armed: list[Fault] = field(default_factory=list)
    magic: dict[str, int] = field(default_factory=dict)


class Faults:
    """The armed faults of a sandbox, oldest first. Used under the sandbox's lock.

    :param state: what they were when they were kept
    """

    __slots__ = ("_armed", "_last", "_magic")

    def __init__(self, state: FaultsState | None = None) -> None:
        state = state or FaultsState()
        self._armed = list(state.armed)
        self._last = state.last
        self._magic: Ring[str, int] = Ring()
        self._magic.update(state.magic)

    def __bool__(self) -> bool:
        return bool(self._armed)

    def state(self) -> FaultsState:
        """What is armed."""
        return FaultsState(last=self._last, armed=self._armed, magic=dict(self._magic))

    def arm(self, script: Script, now: float) -> Fault:
        """Add a fault; several that fit a call strike one after the other, in the order in which they were armed."""
        self._last += 1
        fault = Fault(self._last, script, None if script.lasts is None else now + script.lasts)
        self._armed.append(fault)
        return fault

    def armed(self, now: float) -> list[Fault]:
        """Those that can still strike."""
        self._armed = [fault for fault in self._armed if fault.expires_at is None or now < fault.expires_at]
        return list(self._armed)

    def strike(self, exchange: Exchange, now: float, roll: Callable[[], float]) -> Strike | None:
        """What hits this call, if anything: the oldest fault that fits. It counts, and is gone when it struck enough.

        :param roll: a number from 0 to 1, by the sandbox's chance
        """
        fitting = [
            fault for fault in self.armed(now) if fault.script.match.fits(exchange, KINDS[fault.script.effect.kind])
        ]
        # Each counts every call that it is meant for, whoever strikes it.
        for fault in fitting:
            fault.seen += 1
        for fault in fitting:
            script = fault.script
            if fault.seen < script.match.nth or (script.probability < 1 and roll() >= script.probability):
                continue
            fault.struck += 1
            if fault.remaining == 0:
                self._armed.remove(fault)
            return Strike(fault.id, script.effect, f"Fault {fault.id} of this sandbox")
        return None

    def strike_by_address(self, address: str, effect: Effect, count: int | None) -> Strike | None:
        """What hits a call whose data asked for it, unless that address has struck ``count`` times."""
        if count is not None:
            struck = self._magic.get(address, 0)
            if struck >= count:
                return None
            self._magic[address] = struck + 1
        return Strike(None, effect, f"Fault by the address {address}")

    def disarm(self, fault_id: int) -> bool:
        """Take one away; whether it was there."""
        left = [fault for fault in self._armed if fault.id != fault_id]
        found = len(left) < len(self._armed)
        self._armed = left
        return found

    def clear(self) -> None:
        """Take all away."""
        self._armed = []
