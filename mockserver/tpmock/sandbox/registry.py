"""All sandboxes of a process: create, find by credentials, limit, remove."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from itertools import count

from tpmock.journal.journal import RING
from tpmock.sandbox.errors import WorldFileError
from tpmock.sandbox.sandbox import DEFAULT, ProcessContext, Sandbox
from tpmock.sandbox.state import SandboxState, SavedSandbox, decode


class Sandboxes:
    """All sandboxes of a process, with an index of their credentials.

    :param context: shared data; its ``owners`` is filled here
    """

    def __init__(self, context: ProcessContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._names = map("sandbox-{}".format, count(1))
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
        """Create a sandbox.

        :param world: one of :attr:`worlds`
        :param journal: size of its journal, in entries
        :param begins: the initial time of its clock; None for the real time
        :raises KeyError: when the id is taken
        """
        with self._lock:
            if sandbox_id is None:
                sandbox_id = next(name for name in self._names if name not in self._by_id)
            elif sandbox_id in self._by_id:
                raise KeyError(sandbox_id)
            displaced = self._make_room()
            sandbox = Sandbox(sandbox_id, seed, world, switches or {}, self._context, journal=journal, begins=begins)
            sandbox.displaced = displaced
            self._add(sandbox)
            return sandbox

    def _make_room(self) -> list[str]:
        """Remove the least recently used sandboxes above the limit; the default one stays."""
        surplus = 0 if self._context.most is None else len(self._by_id) - self._context.most
        if surplus <= 0:
            return []
        # In one step, because concurrent calls move their sandbox to the end.
        going = [self._context.recent.popitem(last=False)[0] for _ in range(surplus)]
        for sandbox_id in going:
            self._by_id.pop(sandbox_id).close()
        return going

    def _add(self, sandbox: Sandbox) -> None:
        self._by_id[sandbox.id] = sandbox
        if sandbox.id != DEFAULT:
            self._context.recent[sandbox.id] = sandbox

    def restore_saved(self, kept: SavedSandbox) -> None:
        """Restore a sandbox from an earlier process.

        :raises StateError: when its state is not valid
        :raises WorldFileError: when its seed is missing
        """
        state = decode(kept.state, SandboxState)
        if state.world_name not in self._context.worlds:
            raise WorldFileError(f"The state that was kept needs the world {state.world_name}, which was not given.")
        with self._lock:
            earlier = self._by_id.get(kept.id)
            if earlier is not None:
                earlier.close()
            sandbox = Sandbox(kept.id, state.seed, state.world_name, state.switches, self._context, kept)
            self._add(sandbox)
            if kept.id == DEFAULT:
                self.default = sandbox

    @property
    def worlds(self) -> list[str]:
        """Return the names of the world seeds."""
        return list(self._context.worlds)

    def get(self, sandbox_id: str) -> Sandbox | None:
        """Return the sandbox of that id."""
        return self._by_id.get(sandbox_id)

    def owner(self, credential: str) -> Sandbox | None:
        """Return the sandbox of a credential."""
        return self._context.owners.get(credential)

    def delete(self, sandbox: Sandbox) -> None:
        """Remove a sandbox."""
        with self._lock:
            if self._by_id.get(sandbox.id) is sandbox:
                del self._by_id[sandbox.id]
                self._context.recent.pop(sandbox.id, None)
                sandbox.close()

    def all(self) -> list[Sandbox]:
        """Return all sandboxes, oldest first."""
        with self._lock:
            return list(self._by_id.values())
