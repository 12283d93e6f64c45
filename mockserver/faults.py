"""Scripted misbehaviour: the next calls of an operation go wrong, then the fault is gone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Fault:
    """What goes wrong.

    :param operation: the operationId it strikes
    :param status: answered in place of the truth; None lets the call succeed
    :param delay: real seconds before the answer
    :param count: calls it will still strike
    """

    id: int
    operation: str
    status: int | None
    delay: float
    count: int
    struck: int = 0


class Faults:
    """The armed faults of a sandbox, oldest first. Used under the sandbox's lock."""

    __slots__ = ("_armed", "_last_id")

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._last_id = 0

    def __bool__(self) -> bool:
        return bool(self._armed)

    def arm(self, operation: str, status: int | None, delay: float, count: int) -> Fault:
        """Add a fault; faults of one operation strike one after the other in the order they were armed."""
        self._last_id += 1
        fault = Fault(self._last_id, operation, status, delay, count)
        self._armed.append(fault)
        return fault

    def strike(self, operation: str) -> Fault | None:
        """The fault that hits this call, if any. It counts down and vanishes when it has struck often enough."""
        for fault in self._armed:
            if fault.operation == operation:
                fault.struck += 1
                fault.count -= 1
                if fault.count == 0:
                    self._armed.remove(fault)
                return fault
        return None

    def armed(self) -> list[Fault]:
        """Those that will still strike."""
        return list(self._armed)

    def clear(self) -> None:
        """Disarm all."""
        self._armed.clear()
