"""Faults of the connection, as data that each transport applies in its own way.

Over a socket an answer is held back, sent slowly, or its connection is cut. In process there is no connection:
the receiver of the answer gets :class:`ConnectionCutError` instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, assert_never, get_args

from tpmock.faults.effects import KINDS, LONGEST_WAIT, Effect

#: Real seconds in which the bytes written before a cut leave the server, which would otherwise drop them too.
FLUSH: Final = 0.1
#: Number of parts per second of a drip.
_DROPS: Final = 10

WireKind = Literal["timeout", "cut", "cut-body", "stall", "drip"]
_KINDS: Final[tuple[WireKind, ...]] = get_args(WireKind)
if {*_KINDS} != {kind.name for kind in KINDS.values() if kind.stage in ("silence", "transmit")}:
    raise AssertionError("a kind of fault that breaks the connection has to be carried out here, and no other")


class ConnectionCutError(ConnectionResetError):
    """The connection is cut here: before the answer, or within its body."""


@dataclass(frozen=True, slots=True)
class WireFault:
    """What happens to the connection.

    :param kind: ``timeout``: held, then cut with nothing answered. ``cut``: cut with nothing answered. ``cut-body``:
        cut in the middle of the body. ``stall``: the body comes late. ``drip``: the body comes slowly
    :param seconds: real time that ``timeout`` and ``stall`` take
    :param rate: bytes a second of ``drip``
    """

    kind: WireKind
    seconds: float = 0.0
    rate: int = 0

    @property
    def unanswered(self) -> bool:
        """Return whether not even a status is sent."""
        return self.kind in ("timeout", "cut")

    @property
    def error(self) -> str | None:
        """Return the journal's name for an answer that does not arrive in full."""
        return KINDS[self.kind].code

    def body(self, content: bytes, sleep: Callable[[float], None] = time.sleep) -> Iterator[bytes]:
        """Yield the parts of a body as they are sent, each at its time.

        :raises ConnectionCutError: where the connection is to be cut
        """
        match self.kind:
            case "timeout" | "cut":
                raise self._cut()
            case "cut-body":
                yield content[: len(content) // 2]
                sleep(FLUSH)
                raise self._cut()
            case "stall":
                sleep(self.seconds)
                yield content
            case "drip":
                yield from self._drops(content, sleep)
            case _:
                assert_never(self.kind)

    def _cut(self) -> ConnectionCutError:
        return ConnectionCutError(f"a fault cut the connection ({self.kind})")

    def _drops(self, content: bytes, sleep: Callable[[float], None]) -> Iterator[bytes]:
        rate = max(float(self.rate), len(content) / LONGEST_WAIT)
        size = max(1, round(rate / _DROPS))
        for start in range(0, len(content), size):
            yield content[start : start + size]
            sleep(size / rate)


def wire_fault(effect: Effect) -> WireFault | None:
    """Return what an effect does to the connection; None when it only changes the answer."""
    kind = next((kind for kind in _KINDS if kind == effect.kind), None)
    return None if kind is None else WireFault(kind, effect.hold, effect.rate)
