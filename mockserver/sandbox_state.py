"""The whole state of a sandbox as plain records, and those records as bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from mockserver.chance import ChanceState
from mockserver.clock import ClockState
from mockserver.faults import FaultsState
from mockserver.journal import JournalState
from mockserver.segment.model import WorkspaceState
from mockserver.timeline import TimelineState
from mockserver.traces import TracesState
from mockserver.trustpilot.world_state import WorldState


class StateError(Exception):
    """These bytes are no state of a sandbox. The message says where they go wrong."""


@dataclass(slots=True, kw_only=True)
class SandboxState:
    """A sandbox at one moment.

    :param switches: the variants it was made with, to which a reset goes back
    :param variants: where they stand
    :param begins: the moment to which a reset takes its clock, if not to the real time
    :param journal: its size and its last id; the entries stay behind, as they would outweigh all else
    """

    id: str
    seed: int
    world_name: str
    switches: dict[str, str]
    created_at: float
    credentials: dict[str, str]
    variants: dict[str, str]
    clock: ClockState
    chance: ChanceState
    secrets: ChanceState
    timeline: TimelineState
    faults: FaultsState
    world: WorldState
    workspace: WorkspaceState
    begins: float | None = None
    journal: JournalState = field(default_factory=JournalState)
    traces: TracesState = field(default_factory=TracesState)


@dataclass(slots=True, kw_only=True)
class KeptSandbox:
    """A sandbox with its snapshots, as it lies in a state file.

    :param state: as :func:`encode` made it
    :param snapshots: by name, the same
    """

    id: str
    state: bytes
    snapshots: dict[str, Snapshot] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A named state.

    :param now: the moment it was in the sandbox
    """

    now: float
    content: bytes


def encode(state: SandboxState) -> bytes:
    """A state as bytes. Its records are the living ones, so this happens under the sandbox's lock."""
    import msgspec  # noqa: PLC0415 - a mock of which no state is kept starts faster without it

    return msgspec.msgpack.encode(state)


def decode(content: bytes) -> SandboxState:
    """The state that was written as ``content``.

    :raises StateError: when it is none, or one of another version of this program
    """
    import msgspec  # noqa: PLC0415 - as above

    try:
        return msgspec.msgpack.decode(content, type=SandboxState)
    except msgspec.MsgspecError as error:
        raise StateError(str(error)) from None
