"""Random values of a sandbox: repeatable from its seed, never from the operating system."""

from __future__ import annotations

import uuid
from random import Random

#: The state of :meth:`random.Random.getstate`: version, words of the generator, the second half of a pair if any.
RandomState = tuple[int, tuple[int, ...], float | None]


class RandomSource:
    """A stream of ids and numbers. Same seed and same calls: same stream. Used under the sandbox's lock.

    :param seed: a number, or a text such as ``"7/default"``
    :param state: a saved state to continue from
    """

    __slots__ = ("_random", "_seed")

    def __init__(self, seed: int | str, state: RandomState | None = None) -> None:
        # This is not used for security: a mock's secrets must be repeatable, not unguessable.
        self._random = Random(seed)  # noqa: S311
        self._seed = seed
        if state is not None:
            self._random.setstate(state)

    def state(self) -> RandomState:
        """Return the state to save."""
        state: RandomState = self._random.getstate()
        return state

    def branch(self, name: str) -> RandomSource:
        """Return an independent stream: the same for the same seed and name, whatever this one has returned.

        For things without a fixed order, such as answers that arrive over the network.
        """
        return RandomSource(f"{self._seed}/{name}")

    def object_id(self) -> str:
        """Return 24 hexadecimal digits, the form of Trustpilot's ids."""
        return f"{self._random.getrandbits(96):024x}"

    def hexadecimal(self, digits: int) -> str:
        """Return that many hexadecimal digits."""
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        """Return a UUID of version 4."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def between(self, low: float, high: float) -> float:
        """Return a number from ``low`` to ``high``."""
        return self._random.uniform(low, high)
