"""All sandboxes of a process: made, found by their credentials, bounded in number, removed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from operator import attrgetter

from mockserver.journal import RING
from mockserver.sandbox import DEFAULT, Sandbox, Surroundings
from mockserver.sandbox_state import KeptSandbox, decode
from mockserver.world_file import WorldFileError


class Sandboxes:
    """All sandboxes of a process, and which credential belongs to which.

    :param around: what they share; its ``owners`` is filled here
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._lock = threading.Lock()
        self._last = 0
        self._by_id: dict[str, Sandbox] = {}
        self.default = self.create(DEFAULT)

    def create(
        self,
        sandbox_id: str | None = None,
        seed: int = 0,
        world: str = DEFAULT,
        switches: Mapping[str, str] | None = None,
        journal: int = RING,
        begins: float | None = None,
    ) -> Sandbox:
        """A new sandbox.

        :param world: one of :attr:`worlds`
        :param journal: how many entries its journal has room for
        :param begins: the moment at which its clock begins; None for the real time
        :raises KeyError: when the id is taken
        """
        with self._lock:
            if sandbox_id is None:
                sandbox_id = self._free_id()
            elif sandbox_id in self._by_id:
                raise KeyError(sandbox_id)
            displaced = self._make_room()
            sandbox = Sandbox(sandbox_id, seed, world, switches or {}, self._around, journal=journal, begins=begins)
            sandbox.displaced = displaced
            self._by_id[sandbox_id] = sandbox
            return sandbox

    def _make_room(self) -> list[str]:
        """Let the longest unused go, as many as there would be too many; the default one stays."""
        others = [sandbox for sandbox in self._by_id.values() if sandbox.id != DEFAULT]
        surplus = 0 if self._around.most is None else max(0, len(others) + 1 - self._around.most)
        going = sorted(others, key=attrgetter("used"))[:surplus]
        for sandbox in going:
            del self._by_id[sandbox.id]
            sandbox.close()
        return [sandbox.id for sandbox in going]

    def bring_back(self, kept: KeptSandbox) -> None:
        """Make one what it was in an earlier process.

        :raises StateError: when its state is none
        :raises WorldFileError: when its seed is not there
        """
        state = decode(kept.state)
        if state.world_name not in self._around.worlds:
            raise WorldFileError(f"The state that was kept needs the world {state.world_name}, which was not given.")
        with self._lock:
            earlier = self._by_id.get(kept.id)
            if earlier is not None:
                earlier.close()
            sandbox = Sandbox(kept.id, state.seed, state.world_name, state.switches, self._around, kept)
            self._by_id[kept.id] = sandbox
            if kept.id == DEFAULT:
                self.default = sandbox

    @property
    def worlds(self) -> list[str]:
        """The names of the seeds a sandbox can be made from."""
        return list(self._around.worlds)

    def _free_id(self) -> str:
        while True:
            self._last += 1
            if f"sandbox-{self._last}" not in self._by_id:
                return f"sandbox-{self._last}"

    def get(self, sandbox_id: str) -> Sandbox | None:
        """The sandbox of that id."""
        return self._by_id.get(sandbox_id)

    def owner(self, credential: str) -> Sandbox | None:
        """The sandbox a credential belongs to."""
        return self._around.owners.get(credential)

    def delete(self, sandbox: Sandbox) -> None:
        """Remove a sandbox."""
        with self._lock:
            if self._by_id.pop(sandbox.id, None) is not None:
                sandbox.close()

    def all(self) -> list[Sandbox]:
        """All, oldest first."""
        with self._lock:
            return list(self._by_id.values())
