"""A sandbox: one isolated universe with its own credentials, clock, Trustpilot world, Segment workspace and journal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import count
from typing import Any, Final

from contracts import spec
from mockserver.chance import Chance
from mockserver.clock import Clock, ClockState, System
from mockserver.collector import Collector
from mockserver.courier import Courier
from mockserver.faults import Faults
from mockserver.forgetting import Eraser, Person
from mockserver.functions.runner import Runner
from mockserver.journal import RING, Journal
from mockserver.masking import Masks
from mockserver.outbound import Outbound
from mockserver.passing import Passing
from mockserver.sandbox_state import KeptSandbox, SandboxState, Snapshot, decode, encode
from mockserver.segment import delivery, model, people, regulations
from mockserver.segment.workspace import Workspace
from mockserver.timeline import Act, Due, Timeline, Work
from mockserver.traces import Traces
from mockserver.trustpilot import invitation_life, webhooks, world_state
from mockserver.trustpilot.world import World
from mockserver.world_file import WorldFile, WorldFileError

DEFAULT: Final = "default"

#: How many named states of one sandbox are kept.
SNAPSHOTS: Final = 32

_WORLD_ACTS: Final[Mapping[str, Act]] = invitation_life.acts.by_name | webhooks.acts.by_name
_WORKSPACE_ACTS: Final[Mapping[str, Act]] = delivery.acts.by_name | regulations.acts.by_name


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
    :param most: how many there may be beside the default one; the longest unused go when there would be more
    :param destination_url: where the default sandbox's workspace delivers from the beginning, if anywhere
    """

    worlds: Mapping[str, WorldFile]
    system: System
    courier: Courier
    functions: Runner
    executor: Executor
    owners: dict[str, Sandbox]
    wake: Callable[[], None]
    most: int | None = None
    destination_url: str | None = None
    collector: Collector = field(default_factory=partial(Collector, serving=False))


#: Orders uses and changes of all sandboxes of the process.
_moments = count(1)


class Sandbox:
    """One universe. ``lock`` makes each operation in it atomic; no input or output happens under it.

    :param sandbox_id: its name
    :param seed: same seed and same calls: same ids
    :param world: the name of its seed
    :param switches: variants that do not stand at their default
    :param kept: what it was in an earlier process
    :param journal: how many entries its journal has room for
    :param begins: the moment at which its clock begins, and begins again when it is reset; None for the real time
    :raises StateError: when that cannot be brought back
    :raises WorldFileError: when the things in the seed do not fit together
    """

    #: Each of them is another one after a reset.
    clock: Clock
    timeline: Timeline
    world: World
    workspace: Workspace

    def __init__(
        self,
        sandbox_id: str,
        seed: int,
        world: str,
        switches: Mapping[str, str],
        around: Surroundings,
        kept: KeptSandbox | None = None,
        journal: int = RING,
        begins: float | None = None,
    ) -> None:
        self.id = sandbox_id
        self._begins = begins
        self.seed = seed
        self.journal_ring = journal
        self.world_name = world
        self.lock = threading.RLock()
        self._around = around
        #: Time, and what it brings.
        self.time = Passing(self, around.executor, around.wake)
        self._switches = dict(switches)
        self._owned: set[str] = set()
        self.snapshots: dict[str, Snapshot] = {} if kept is None else kept.snapshots
        #: Who had to go for it.
        self.displaced: list[str] = []
        #: When it was last called, and when something last happened in it, as numbers that only ever rise.
        self.used = self.changed = next(_moments)
        with around.collector.building():
            self._build(None if kept is None else decode(kept.state), run_on=True)
        around.collector.made(self.world.size)

    def _build(self, kept: SandboxState | None = None, *, run_on: bool = False) -> None:
        """From the seed, or from a state that was kept.

        :param run_on: kept by an earlier process: a clock that is not frozen has run on since then, and where events
            are delivered to is told anew
        """
        around = self._around
        self.clock = Clock(around.system)
        if kept is not None:
            self.clock.set(kept.clock, run_on=run_on)
            self._begins = kept.begins
        elif self._begins is not None:
            self.clock.set(ClockState(self._begins, 0.0, frozen=False), run_on=False)
        self.created_at = self.clock.now() if kept is None else kept.created_at
        self.timeline = Timeline(around.wake, kept.timeline if kept else None)
        self.faults = Faults(kept.faults if kept else None)
        defaults = {name: variant.default for name, variant in variants().items()} | self._switches
        self.variants = defaults if kept is None else defaults | kept.variants
        self.chance = Chance(self.seed, kept.chance if kept else None)
        # Keys and tokens are how a sandbox is found, so two sandboxes of one seed must not share them.
        self.secrets = Chance(f"{self.seed}/{self.id}", kept.secrets if kept else None)
        world, workspace = self._from_seed() if kept is None else self._from_state(kept, run_on=run_on)
        self.journal = Journal(Masks(self.credentials), self.journal_ring, kept.journal if kept else None)
        self.journal_ring = self.journal.ring
        self.traces = Traces(self.clock.now, kept.traces if kept else None)
        outbound = Outbound(
            self.clock,
            self.lock,
            self.journal,
            self.traces,
            around.courier,
            self.faults,
            self.chance,
            around.functions,
        )
        self.world = World(
            world,
            clock=self.clock,
            chance=self.chance,
            secrets=self.secrets,
            schedule=self.timeline,
            variants=self.variants,
            traces=self.traces,
            outbound=outbound,
            on_credential=self._own,
            off_credential=self._disown,
        )
        self.workspace = Workspace(
            workspace,
            clock=self.clock,
            chance=self.chance,
            secrets=self.secrets,
            schedule=self.timeline,
            variants=self.variants,
            traces=self.traces,
            outbound=outbound,
            on_credential=self._own,
            off_credential=self._disown,
            forget=self.forget,
        )

    def _from_seed(self) -> tuple[world_state.WorldState, model.WorkspaceState]:
        file = self._around.worlds[self.world_name]
        self.credentials = file.credentials(None if self.id == DEFAULT else self.secrets)
        try:
            content = file.seed(self.credentials)
            segment = content["segment"] | self._wiring()
            return world_state.from_seed(content), model.from_seed(segment)
        except (TypeError, KeyError, ValueError) as error:
            raise WorldFileError(f"The world {self.world_name} does not fit together: {error}.") from error

    def _from_state(self, kept: SandboxState, *, run_on: bool) -> tuple[world_state.WorldState, model.WorkspaceState]:
        self.credentials = kept.credentials
        if not run_on:
            return kept.world, kept.workspace
        # A program that is started again is told anew where it delivers to.
        told = model.from_seed({"sources": [], **self._wiring()})
        known = {destination.name: destination for destination in kept.workspace.destinations}
        for destination in told.destinations:
            if destination.name in known:
                known[destination.name].url = destination.url
                known[destination.name].settings = known[destination.name].settings | destination.settings
            else:
                kept.workspace.destinations.append(destination)
        kept.workspace.endpoints |= told.endpoints
        return kept.world, kept.workspace

    def _wiring(self) -> dict[str, Any]:
        """Where the workspace of the default sandbox delivers from the beginning."""
        url = self._around.destination_url
        if url is None or self.id != DEFAULT:
            return {}
        settings = {"apiKey": self.credentials["integrationKey"]}
        return {
            "endpoints": {"Trustpilot": url},
            "destinations": [{"name": "Trustpilot", "url": url, "settings": settings}],
        }

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
        self._around.collector.gone(self.world.size)

    def reset(self) -> None:
        """Back to the seed: clock, world, workspace, journal, faults and variants. What is under way ends unheard."""
        with self.time.stopped(), self.lock:
            self.close()
            with self._around.collector.building():
                self._build()
            self.time.begun_anew()
        self._around.collector.made(self.world.size)

    @property
    def functions(self) -> Runner:
        """What runs destination functions."""
        return self._around.functions

    def forget(self, person: Person) -> Person:
        """Let nobody find a person any more in what was recorded; what is there of the world and workspace stays.

        :returns: the person with what the records told of them
        """
        with self.lock:
            traces: set[str] = set()
            # By an id one comes to addresses, by an address to names and, in what else was said, to more addresses.
            known = None
            while known != person.addresses:
                known = person.addresses
                person, of_events = people.known(self.workspace, person)
                entries = self.journal.about(Eraser(person))
                traces |= of_events | {entry.trace for entry in entries if entry.trace is not None}
                for entry in entries:
                    person = person.known_by(entry.said)
            eraser = Eraser(person)
            self.journal.erase(eraser, traces)
            self.traces.erase(eraser, traces)
            people.erase(self.workspace, eraser, traces)
            webhooks.erase(self.world, eraser, traces)
            return person

    def touch(self) -> None:
        """Somebody uses it."""
        self.used = next(_moments)

    def note_change(self) -> None:
        """Something may be different now: what was written down before is out of date."""
        self.changed = next(_moments)

    # --- states ---------------------------------------------------------------------------------------------------

    def state(self) -> bytes:
        """Everything in it, written down at one moment; what is under way will be repeated."""
        with self.lock:
            return encode(
                SandboxState(
                    id=self.id,
                    seed=self.seed,
                    world_name=self.world_name,
                    switches=self._switches,
                    begins=self._begins,
                    created_at=self.created_at,
                    credentials=self.credentials,
                    variants=self.variants,
                    clock=self.clock.state(),
                    chance=self.chance.state(),
                    secrets=self.secrets.state(),
                    timeline=self.timeline.state(),
                    faults=self.faults.state(),
                    world=self.world.state(),
                    workspace=self.workspace.state(),
                    journal=self.journal.state(entries=False),
                    traces=self.traces.state(),
                )
            )

    def kept(self) -> KeptSandbox:
        """Everything in it and its snapshots, for another process."""
        with self.lock:
            return KeptSandbox(id=self.id, state=self.state(), snapshots=dict(self.snapshots))

    def take_snapshot(self, name: str) -> Snapshot:
        """Keep the state under a name, in place of an earlier one of that name; what is under way is waited for.

        :raises OverflowError: when there are too many
        """
        with self.time.stopped():
            self.time.wait_for_flights()
            with self.lock:
                if name not in self.snapshots and len(self.snapshots) >= SNAPSHOTS:
                    raise OverflowError
                snapshot = Snapshot(self.clock.now(), self.state())
                self.snapshots[name] = snapshot
                return snapshot

    def restore(self, snapshot: Snapshot) -> None:
        """Back to a named state, its time too. What is under way ends unheard."""
        kept = decode(snapshot.content)
        with self.time.stopped(), self.lock:
            # Whoever follows the journal must not take new entries for old ones.
            kept.journal.last = max(kept.journal.last, self.journal.last)
            self.close()
            with self._around.collector.building():
                self._build(kept)
            self.time.begun_anew()
        self._around.collector.made(self.world.size)
        self._around.wake()

    def perform(self, due: Due) -> Work | None:
        """Do one thing that is due. Called under the lock."""
        if due.act in _WORLD_ACTS:
            return _WORLD_ACTS[due.act](self.world, due.subject)
        return _WORKSPACE_ACTS[due.act](self.workspace, due.subject)
