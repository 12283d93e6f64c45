"""A sandbox: isolated, with its own credentials, clock, Trustpilot world, Segment workspace and journal."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from hashlib import sha256
from itertools import count
from typing import Any, Final

from tpmock import spec
from tpmock.core.clock import Clock, ClockState, System
from tpmock.core.garbage import GarbageControl
from tpmock.core.memory import Memory, ProcessMemory
from tpmock.core.public_url import PublicUrl
from tpmock.core.random_ids import RandomSource
from tpmock.core.timeline import Action, Due, Timeline, Work
from tpmock.faults import Faults
from tpmock.journal.erasure import Person, Redactor
from tpmock.journal.journal import RING, Entry, Journal
from tpmock.journal.masking import Masks
from tpmock.journal.traces import Traces
from tpmock.outbound.function_runner import FunctionRunner
from tpmock.outbound.http_client import HttpClient
from tpmock.outbound.sender import Outbound
from tpmock.outbound.services import SandboxServices
from tpmock.sandbox.errors import WorldFileError
from tpmock.sandbox.scheduler import Scheduler
from tpmock.sandbox.state import SandboxState, SavedSandbox, Snapshot, StateError, check_records, decode, encode
from tpmock.sandbox.ticker import Ticker
from tpmock.sandbox.world_file import WorldFile
from tpmock.segment import delivery, engage, erasure, model, regulations
from tpmock.segment.workspace import Workspace
from tpmock.trustpilot import invitation_life, webhooks, world_state
from tpmock.trustpilot.world import World
from tpmock.trustpilot.world_state import WorldState

DEFAULT: Final = "default"

#: Maximum number of snapshots of one sandbox.
SNAPSHOTS: Final = 32

#: Keys in pages of shops have 15 or 16 letters and digits (MAGENTO).
_KEY_LENGTH: Final = 16
_NO_SIGNS: Final = {ord(sign): None for sign in "+/="}

_WORLD_ACTIONS: Final[Mapping[str, Action]] = invitation_life.actions.handlers | webhooks.actions.handlers
_WORKSPACE_ACTIONS: Final[Mapping[str, Action]] = (
    delivery.actions.handlers | regulations.actions.handlers | engage.actions.handlers
)


@lru_cache(maxsize=1)
def variants() -> Mapping[str, spec.model.Variant]:
    """Return all variants of all documents."""
    return {name: variant for api in spec.APIS for name, variant in spec.load(api).variants.items()}


def _give_keys(world: WorldState, credentials: Mapping[str, str]) -> None:
    """Give each claimed unit an Integration Key, if the world file or a state of an earlier version has none.

    Two sandboxes of one world must not share keys, because a key identifies the sandbox.
    """
    own = credentials.get("integrationKey", "")
    claimed = {unit_id for user in world.users for unit_id in user.roles}
    if own not in (unit.integration_key for unit in world.units):
        for unit in world.units:
            if unit.id == credentials.get("businessUnitId") and unit.integration_key is None:
                unit.integration_key = own or None
    for unit in world.units:
        if unit.integration_key is None and unit.id in claimed and own:
            digest = sha256(f"{own} {unit.id}".encode(errors="surrogatepass")).digest()
            unit.integration_key = b64encode(digest).decode().translate(_NO_SIGNS)[:_KEY_LENGTH]


class TooManySnapshotsError(Exception):
    """A snapshot does not fit into memory. The message is the reason, as part of a sentence."""


@dataclass(frozen=True, slots=True)
class ProcessContext:
    """Data that all sandboxes of a process share.

    :param worlds: the world seeds by name; that of the default sandbox is named ``default``
    :param itself: posts to the mock itself
    :param unchecked: the names of seeds whose values are not validated yet, such as a user's file
    :param recent: all but the default one, the least recently used first
    :param owners: sandboxes by credential
    :param ticker: runs due entries in each sandbox
    :param most: maximum number beside the default one; above it the least recently used are removed
    :param memory: the memory budget of all sandboxes
    :param destination_url: the initial delivery address of the default sandbox's workspace, if any
    :param public_url: the mock's own address
    :param watch: called with each entry of a sandbox's journal, under that sandbox's lock
    """

    worlds: Mapping[str, WorldFile]
    system: System
    http_client: HttpClient
    itself: HttpClient
    functions: FunctionRunner
    executor: Executor
    owners: dict[str, Sandbox]
    recent: OrderedDict[str, Sandbox]
    ticker: Ticker
    memory: ProcessMemory = field(default_factory=ProcessMemory)
    most: int | None = None
    destination_url: str | None = None
    unchecked: set[str] = field(default_factory=set)
    public_url: PublicUrl = field(default_factory=PublicUrl)
    garbage: GarbageControl = field(default_factory=partial(GarbageControl, serving=False))
    watch: Callable[[Sandbox, Entry], object] | None = None


#: Orders the changes of all sandboxes of the process.
_moments = count(1)


class Sandbox:
    """One sandbox. ``lock`` makes each operation in it atomic; no input or output happens under it.

    :param sandbox_id: its name
    :param seed: the same seed and the same calls give the same ids
    :param world: the name of its world seed
    :param switches: variants that differ from their default
    :param kept: a saved state to restore
    :param journal: size of its journal, in entries
    :param begins: the initial time of its clock, also after a reset; None for the real time
    :raises StateError: when the saved state is not valid
    :raises WorldFileError: when the things in the seed are not consistent
    """

    #: A reset replaces each of them.
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
        context: ProcessContext,
        kept: SavedSandbox | None = None,
        journal: int = RING,
        begins: float | None = None,
    ) -> None:
        self.id = sandbox_id
        self._begins = begins
        self.seed = seed
        self.journal_ring = journal
        self.world_name = world
        self.lock = threading.RLock()
        self._context = context
        #: The clock, and the scheduler that follows it.
        self.scheduler = Scheduler(self, context.executor, context.ticker)
        self._switches = dict(switches)
        self._owned: set[str] = set()
        self.snapshots: dict[str, Snapshot] = {} if kept is None else kept.snapshots
        for snapshot in self.snapshots.values():
            context.memory.drop_snapshots(-len(snapshot.content))
        #: Snapshots that were removed to make room for this one.
        self.displaced: list[str] = []
        #: The number of the last change, which only increases.
        self.changed = next(_moments)
        with context.garbage.building():
            self._build(None if kept is None else decode(kept.state, SandboxState), run_on=True)
        context.garbage.made(self.world.size)
        # Continue the scheduled work of an earlier process.
        self.scheduler.changed()

    def _build(self, kept: SandboxState | None = None, *, run_on: bool = False) -> None:
        """Build from the seed, or from a saved state.

        :param run_on: whether an earlier process saved it: a clock that is not frozen has continued since then, and the
            delivery address comes from the new process
        """
        context = self._context
        self.clock = Clock(context.system)
        if kept is not None:
            self.clock.set(kept.clock, run_on=run_on)
            self._begins = kept.begins
        elif self._begins is not None:
            self.clock.set(ClockState(self._begins, 0.0, frozen=False), run_on=False)
        self.created_at = self.clock.now() if kept is None else kept.created_at
        self.timeline = Timeline(self.scheduler.changed, kept.timeline if kept else None)
        self.faults = Faults(kept.faults if kept else None)
        defaults = {name: variant.default for name, variant in variants().items()} | self._switches
        self.variants = defaults if kept is None else defaults | kept.variants
        self.random = RandomSource(self.seed, kept.chance if kept else None)
        # Keys and tokens identify a sandbox, so two sandboxes of one seed must not share them.
        self.secrets = RandomSource(f"{self.seed}/{self.id}", kept.secrets if kept else None)
        world, workspace = self._from_seed() if kept is None else self._from_state(kept, run_on=run_on)
        self.memory = Memory(context.memory, self.lock)
        self.journal = Journal(
            Masks(self.credentials),
            self.journal_ring,
            kept.journal if kept else None,
            self.memory,
            None if context.watch is None else partial(context.watch, self),
        )
        self.journal_ring = self.journal.ring
        self.traces = Traces(self.clock.now, kept.traces if kept else None, self.memory)
        outbound = Outbound(
            clock=self.clock,
            lock=self.lock,
            journal=self.journal,
            traces=self.traces,
            http_client=context.http_client,
            itself=context.itself,
            faults=self.faults,
            random=self.random,
            runner=context.functions,
        )
        _give_keys(world, self.credentials)
        services = SandboxServices(
            clock=self.clock,
            random=self.random,
            secrets=self.secrets,
            schedule=self.timeline,
            variants=self.variants,
            memory=self.memory,
            traces=self.traces,
            outbound=outbound,
            on_credential=self._own,
            off_credential=self._disown,
            public_url=context.public_url,
        )
        self.world = World(world, services)
        self.workspace = Workspace(workspace, services, self.forget)

    def _from_seed(self) -> tuple[world_state.WorldState, model.WorkspaceState]:
        file = self._context.worlds[self.world_name]
        self.credentials = file.credentials(None if self.id == DEFAULT else self.secrets)
        try:
            content = file.seed(self.credentials)
            segment = content["segment"] | self._wiring()
            world, workspace = world_state.from_seed(content), model.from_seed(segment)
            if self.world_name in self._context.unchecked:
                for records in (world, workspace):
                    check_records(records)
                self._context.unchecked.discard(self.world_name)
        except RecursionError:
            raise WorldFileError(f"The world {self.world_name} does not fit together: nested too deeply.") from None
        except (TypeError, LookupError, ValueError, AttributeError, OverflowError, StateError) as error:
            raise WorldFileError(f"The world {self.world_name} does not fit together: {error}.") from error
        return world, workspace

    def _from_state(self, kept: SandboxState, *, run_on: bool) -> tuple[world_state.WorldState, model.WorkspaceState]:
        self.credentials = kept.credentials
        if not run_on:
            return kept.world, kept.workspace
        # A restarted program sets its delivery address again.
        wired = model.from_seed({"sources": [], **self._wiring()})
        known = {destination.name: destination for destination in kept.workspace.destinations}
        for destination in wired.destinations:
            if destination.name in known:
                known[destination.name].url = destination.url
                known[destination.name].settings = known[destination.name].settings | destination.settings
            else:
                kept.workspace.destinations.append(destination)
        kept.workspace.endpoints |= wired.endpoints
        return kept.world, kept.workspace

    def _wiring(self) -> dict[str, Any]:
        """Return the initial delivery address of the default sandbox's workspace."""
        url = self._context.destination_url
        if url is None or self.id != DEFAULT:
            return {}
        settings = {"apiKey": self.credentials["integrationKey"]}
        return {
            "endpoints": {"Trustpilot": url},
            "destinations": [{"name": "Trustpilot", "url": url, "settings": settings}],
        }

    def _own(self, credential: str) -> None:
        self._owned.add(credential)
        self._context.owners[credential] = self

    def _disown(self, credential: str) -> None:
        self._owned.discard(credential)
        self._context.owners.pop(credential, None)

    def close(self) -> None:
        """Close a removed sandbox: its credentials become unknown, and its scheduler stops."""
        self.scheduler.close()
        self._let_go()
        self._context.memory.drop_snapshots(sum(len(snapshot.content) for snapshot in self.snapshots.values()))

    def _let_go(self) -> None:
        with self.lock:
            for credential in tuple(self._owned):
                self._disown(credential)
            self.memory.close()
        self._context.garbage.gone(self.world.size)

    def reset(self) -> None:
        """Reset to the seed: clock, world, workspace, journal, faults, variants. Ignore results of work in flight."""
        with self.scheduler.paused(), self.lock:
            self._rebuild()
        self._context.garbage.made(self.world.size)

    def _rebuild(self, kept: SandboxState | None = None) -> None:
        self._let_go()
        with self._context.garbage.building():
            self._build(kept)
        self.scheduler.begin_anew()

    @property
    def functions(self) -> FunctionRunner:
        """Return the runner of destination functions."""
        return self._context.functions

    def forget(self, person: Person) -> Redactor:
        """Erase a person from the records; the world and the workspace stay unchanged.

        :returns: a function that removes the person, with all data found in the records
        """
        with self.lock:
            entries: dict[int, Entry] = {}
            events: dict[int, model.Event] = {}
            # An id leads to addresses, an address to names and, in other records, to more addresses.
            unseen = person
            while unseen.addresses or unseen.ids:
                known, redactor = person.addresses, Redactor(unseen)
                entries |= {entry.id: entry for entry in self.journal.about(redactor)}
                events |= {event.id: event for event in erasure.about(self.workspace, redactor)}
                for said in (*(one.message for one in events.values()), *(one.said for one in entries.values())):
                    person = person.known_by(said)
                unseen = Person(person.addresses - known)
            traces = {one.trace for one in events.values()}
            traces |= {one.trace for one in entries.values() if one.trace is not None}
            redactor = Redactor(person)
            self.journal.erase(redactor, entries, traces)
            self.traces.erase(redactor, traces)
            erasure.erase(self.workspace, redactor, events, traces)
            webhooks.erase(self.world, redactor, traces)
            return redactor

    def touch(self) -> None:
        """Mark the sandbox as used."""
        if self.id != DEFAULT:
            with suppress(KeyError):  # it was removed meanwhile
                self._context.recent.move_to_end(self.id)

    def note_change(self) -> None:
        """Mark the sandbox as changed: a saved state is out of date."""
        self.changed = next(_moments)

    # --- states ---------------------------------------------------------------------------------------------------

    def state(self) -> bytes:
        """Return the complete state at one time; work in flight will be repeated."""
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
                    chance=self.random.state(),
                    secrets=self.secrets.state(),
                    timeline=self.timeline.state(),
                    faults=self.faults.state(),
                    world=self.world.state(),
                    workspace=self.workspace.state(),
                    journal=self.journal.state(entries=False),
                    traces=self.traces.state(),
                )
            )

    def kept(self) -> SavedSandbox:
        """Return the complete state with its snapshots, for another process."""
        with self.lock:
            return SavedSandbox(id=self.id, state=self.state(), snapshots=dict(self.snapshots))

    def take_snapshot(self, name: str) -> Snapshot:
        """Save a snapshot, replacing one of the same name; wait for work in flight.

        :raises TooManySnapshotsError: when there are :data:`SNAPSHOTS` others, or too many bytes
        """
        with self.scheduler.paused():
            self.scheduler.wait_until_idle()
            with self.lock:
                if name not in self.snapshots and len(self.snapshots) >= SNAPSHOTS:
                    raise TooManySnapshotsError(f"{SNAPSHOTS} are kept")
                snapshot = Snapshot(self.clock.now(), self.state())
                earlier = self.snapshots.get(name)
                size, memory = len(snapshot.content), self._context.memory
                if not memory.keep_snapshot(size, instead_of=0 if earlier is None else len(earlier.content)):
                    raise TooManySnapshotsError(
                        f"this one has {size:,} bytes, and all sandboxes keep {memory.snapshots:,} of "
                        f"{memory.most // 2:,} bytes (--max-memory)"
                    )
                self.snapshots[name] = snapshot
                return snapshot

    def drop_snapshot(self, name: str) -> None:
        """Delete a snapshot.

        :raises KeyError: when it does not exist
        """
        with self.lock:
            self._context.memory.drop_snapshots(len(self.snapshots.pop(name).content))

    def restore(self, snapshot: Snapshot) -> None:
        """Restore a snapshot, with its time. Results of work in flight are ignored."""
        kept = decode(snapshot.content, SandboxState)
        with self.scheduler.paused(), self.lock:
            # Readers that follow the journal must not mistake new entries for old ones.
            kept.journal.last = max(kept.journal.last, self.journal.last)
            self._rebuild(kept)
        self._context.garbage.made(self.world.size)

    def perform(self, due: Due) -> Work | None:
        """Run one due entry. Called under the lock."""
        if due.act in _WORLD_ACTIONS:
            return _WORLD_ACTIONS[due.act](self.world, due.subject)
        return _WORKSPACE_ACTIONS[due.act](self.workspace, due.subject)
