"""What goes wrong with an answer on its way: data that each door carries out in its own manner.

Over a socket an answer is held back, let out slowly, or its connection is cut. In process there is no connection:
whoever takes the answer meets :class:`ConnectionCutError` instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from mockserver.faults.effects import CODES, LONGEST_WAIT, Effect

#: Real seconds in which what was written before a cut leaves the server, which would otherwise drop it with the rest.
FLUSH: Final = 0.1
#: A drip comes about so often a second.
_DROPS: Final = 10

WireKind = Literal["timeout", "cut", "cut-body", "stall", "drip"]
_KINDS: Final[tuple[WireKind, ...]] = ("timeout", "cut", "cut-body", "stall", "drip")


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
        """Whether not even a status comes."""
        return self.kind in ("timeout", "cut")

    @property
    def error(self) -> str | None:
        """How the journal calls it, when the answer does not arrive whole."""
        return CODES.get(self.kind)

    def body(self, content: bytes, sleep: Callable[[float], None] = time.sleep) -> Iterator[bytes]:
        """The parts of a body as they leave, each at its time.

        :raises ConnectionCutError: where the connection is to be cut
        """
        if self.kind == "cut-body":
            yield content[: len(content) // 2]
            sleep(FLUSH)
        if self.kind in ("timeout", "cut", "cut-body"):
            raise ConnectionCutError(f"a fault cut the connection ({self.kind})")
        if self.kind == "stall":
            sleep(self.seconds)
            yield content
        else:
            yield from self._drops(content, sleep)

    def _drops(self, content: bytes, sleep: Callable[[float], None]) -> Iterator[bytes]:
        rate = max(float(self.rate), len(content) / LONGEST_WAIT)
        size = max(1, round(rate / _DROPS))
        for start in range(0, len(content), size):
            yield content[start : start + size]
            sleep(size / rate)


def wire_fault(effect: Effect) -> WireFault | None:
    """What an effect does to the connection; None when it only changes what is answered."""
    kind = next((kind for kind in _KINDS if kind == effect.kind), None)
    return None if kind is None else WireFault(kind, effect.hold, effect.rate)
