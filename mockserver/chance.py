"""Everything in a sandbox that looks random: repeatable from its seed, never from the operating system."""

from __future__ import annotations

import uuid
from random import Random

#: As :meth:`random.Random.getstate` has it: version, words of the generator, the second half of a pair if there is one.
ChanceState = tuple[int, tuple[int, ...], float | None]


class Chance:
    """A stream of ids and numbers. Same seed and same calls: same stream. Used under the sandbox's lock.

    :param seed: a number, or a text such as ``"7/default"``
    :param state: how far it had run when its state was kept
    """

    __slots__ = ("_random", "_seed")

    def __init__(self, seed: int | str, state: ChanceState | None = None) -> None:
        # Nothing here guards anything real: a mock's secrets must be repeatable, not unguessable.
        self._random = Random(seed)  # noqa: S311
        self._seed = seed
        if state is not None:
            self._random.setstate(state)

    def state(self) -> ChanceState:
        """How far the stream has run."""
        state: ChanceState = self._random.getstate()
        return state

    def branch(self, name: str) -> Chance:
        """A stream of its own, the same for the same seed and name whatever has been drawn from this one.

        For what happens in no certain order, such as answers that come back over the network.
        """
        return Chance(f"{self._seed}/{name}")

    def object_id(self) -> str:
        """24 hexadecimal digits, the form of Trustpilot's ids."""
        return f"{self._random.getrandbits(96):024x}"

    def hexadecimal(self, digits: int) -> str:
        """That many hexadecimal digits."""
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        """A UUID of version 4."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def between(self, low: float, high: float) -> float:
        """A number from ``low`` to ``high``."""
        return self._random.uniform(low, high)
