"""A sandbox: one isolated universe with its own credentials, clock, Trustpilot world, Segment workspace and journal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any, Final

from contracts import spec
from mockserver.chance import Chance
from mockserver.clock import LATEST, Clock, System
from mockserver.courier import Courier
from mockserver.faults import Faults
from mockserver.journal import Journal
from mockserver.outbound import Outbound
from mockserver.segment.model import Workspace
from mockserver.timeline import Timeline, Work
from mockserver.traces import Traces
from mockserver.trustpilot.world import World
from mockserver.world_file import WorldFile, WorldFileError

DEFAULT: Final = "default"


@lru_cache(maxsize=1)
def variants() -> Mapping[str, spec.Variant]:
    """All switches of all documents."""
    return {name: variant for api in spec.APIS for name, variant in spec.load(api).variants.items()}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all sandboxes of a process share.

    :param worlds: the seeds there are, by name; that of the default sandbox is named ``default``
    :param owners: which sandbox is found by which credential
    :param wake: called when something became due earlier than before
    :param destination_url: where the default sandbox's workspace delivers from the beginning, if anywhere
    """

    worlds: Mapping[str, WorldFile]
    system: System
    courier: Courier
    executor: Executor
    owners: dict[str, Sandbox]
    wake: Callable[[], None]
    destination_url: str | None = None


class Sandbox:
    """One universe. ``lock`` makes each operation in it atomic; no input or output happens under it.

    :param sandbox_id: its name
    :param seed: same seed and same calls: same ids
    :param world: the name of its seed
    :param switches: variants that do not stand at their default
    :raises WorldFileError: when the things in the seed do not fit together
    """

    def __init__(
        self, sandbox_id: str, seed: int, world: str, switches: Mapping[str, str], around: Surroundings
    ) -> None:
        self.id = sandbox_id
        self.seed = seed
        self.world_name = world
        self.lock = threading.RLock()
        self._quiet = threading.Condition(self.lock)
        self._driving = threading.Lock()
        self._around = around
        self._switches = dict(switches)
        self._owned: set[str] = set()
        self._build()

    def _build(self) -> None:
        around = self._around
        self.clock = Clock(around.system)
        self.created_at = self.clock.now()
        self.timeline = Timeline(around.wake)
        self.journal = Journal()
        self.traces = Traces()
        self.faults = Faults()
        self.variants = {name: variant.default for name, variant in variants().items()} | self._switches
        self.chance = Chance(self.seed)
        # Keys and tokens are how a sandbox is found, so two sandboxes of one seed must not share them.
        secrets = Chance(f"{self.seed}/{self.id}")
        file = around.worlds[self.world_name]
        self.credentials = file.credentials(None if self.id == DEFAULT else secrets)
        outbound = Outbound(self.clock, self.lock, self.journal, around.courier)
        try:
            content = file.seed(self.credentials)
            self.world = World(
                content,
                clock=self.clock,
                chance=self.chance,
                secrets=secrets,
                schedule=self.timeline,
                variants=self.variants,
                outbound=outbound,
                on_credential=self._own,
                off_credential=self._disown,
            )
            self.workspace = Workspace(
                content["segment"] | {"destinations": self._destinations()},
                clock=self.clock,
                chance=self.chance,
                schedule=self.timeline,
                variants=self.variants,
                traces=self.traces,
                outbound=outbound,
                on_credential=self._own,
            )
        except (TypeError, KeyError, ValueError) as error:
            raise WorldFileError(f"The world {self.world_name} does not fit together: {error}.") from error

    def _destinations(self) -> list[dict[str, Any]]:
        url = self._around.destination_url
        if url is None or self.id != DEFAULT:
            return []
        return [{"name": "Trustpilot", "url": url, "api_key": self.credentials["integrationKey"], "enabled": True}]

    def _own(self, credential: str) -> None:
        self._owned.add(credential)
        self._around.owners[credential] = self

    def _disown(self, credential: str) -> None:
        self._owned.discard(credential)
        self._around.owners.pop(credential, None)

    def close(self) -> None:
        """Let go of all credentials: nobody finds this sandbox any more."""
        with self.lock:
            for credential in tuple(self._owned):
                self._disown(credential)

    def reset(self) -> None:
        """Back to the seed: clock, world, workspace, journal, faults and variants. What is under way ends unheard."""
        with self._driving, self.lock:
            self.close()
            self._build()
            self._quiet.notify_all()

    # --- time -----------------------------------------------------------------------------------------------------

    def next_wait(self) -> float | None:
        """Real seconds until something is due here; None when nothing comes by itself."""
        with self.lock:
            moment = self.timeline.next
            return None if moment is None else self.clock.real_wait(moment)

    def perform_due(self) -> None:
        """Perform what is due now, unless someone is moving the clock, who will."""
        if not self._driving.acquire(blocking=False):
            return
        try:
            while self._step(self.clock.now()) is not None:
                pass
        finally:
            self._driving.release()
        if self.next_wait() == 0.0:
            # Something fell due between the last look and the release, while others found this place taken.
            self._around.wake()

    def advance(self, by: float) -> int:
        """Let time pass: stop at each due moment, perform what is due there, go on.

        What goes out over the network is waited for, so that its effects come before the next moment.

        :param by: seconds
        :returns: how many things happened
        :raises OverflowError: when that moment is beyond what a calendar holds
        """
        with self._driving:
            self._wait_for_flights(self.timeline)
            target = self.clock.now() + by
            if target > LATEST:
                raise OverflowError
            performed = 0
            while (timeline := self._step(target)) is not None:
                performed += 1
                self._wait_for_flights(timeline)
            with self.lock:
                self.clock.move_to(target)
        self._around.wake()
        return performed

    def settle(self, timeout: float) -> tuple[int, int]:
        """Wait until nothing is due and nothing is under way, at most ``timeout`` real seconds.

        :returns: what is still due and what is still under way; two zeros when quiet
        """
        deadline = monotonic() + timeout
        while True:
            self.perform_due()
            with self.lock:
                due, in_flight = self.timeline.count(self.clock.now()), self.timeline.in_flight
                left = deadline - monotonic()
                if not (due or in_flight) or left <= 0:
                    return due, in_flight
                # Woken by every end of a flight; otherwise looks again soon, as time itself makes things due.
                self._quiet.wait(min(left, 0.05))

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Something is under way here for as long as the block runs, and whoever waits for rest waits for it too."""
        with self.lock:
            timeline = self.timeline
            timeline.in_flight += 1
        try:
            yield
        finally:
            self._landed(timeline)

    def _step(self, until: float) -> Timeline | None:
        """Perform the next thing due by ``until``; the timeline it came from, or None when there was none."""
        with self.lock:
            timeline = self.timeline
            due = timeline.pop(until)
            if due is None:
                return None
            moment, act = due
            self.clock.move_to(moment)
            work = act()
            if work is not None:
                timeline.in_flight += 1
        if work is not None:
            self._around.executor.submit(self._fly, timeline, work)
        return timeline

    def _fly(self, timeline: Timeline, work: Work) -> None:
        try:
            work()
        finally:
            self._landed(timeline)

    def _landed(self, timeline: Timeline) -> None:
        with self.lock:
            timeline.in_flight -= 1
            self._quiet.notify_all()

    def _wait_for_flights(self, timeline: Timeline) -> None:
        with self.lock:
            # Every flight ends by its own time-out.
            while timeline.in_flight:
                self._quiet.wait(1.0)


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
    ) -> Sandbox:
        """A new sandbox.

        :param world: one of :attr:`worlds`
        :raises KeyError: when the id is taken
        """
        with self._lock:
            if sandbox_id is None:
                sandbox_id = self._free_id()
            elif sandbox_id in self._by_id:
                raise KeyError(sandbox_id)
            sandbox = Sandbox(sandbox_id, seed, world, switches or {}, self._around)
            self._by_id[sandbox_id] = sandbox
            return sandbox

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
