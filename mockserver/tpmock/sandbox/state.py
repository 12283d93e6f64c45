"""The whole state of a sandbox as plain records, and those records as bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from tpmock.core.clock import ClockState
from tpmock.core.random_ids import RandomState
from tpmock.core.timeline import TimelineState
from tpmock.faults import FaultsState
from tpmock.journal.journal import JournalState
from tpmock.journal.traces import TracesState
from tpmock.segment.model import WorkspaceState
from tpmock.trustpilot.world_state import WorldState

#: The code of an integer beyond 64 bits, written as its digits.
_LONG_INTEGER: Final = 1
_INTEGERS: Final = range(-(2**63), 2**64)
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")

_Records = TypeVar("_Records")


class StateError(Exception):
    """These bytes are not a valid state of a sandbox. The message names the place."""


@dataclass(slots=True, kw_only=True)
class SandboxState:
    """The state of a sandbox at one time.

    :param switches: the variants it was created with, which a reset restores
    :param variants: their current values
    :param begins: the time to which a reset sets the clock, if not the real time
    :param journal: its size and its last id; the entries are not saved, because they would outweigh everything else
    """

    id: str
    seed: int
    world_name: str
    switches: dict[str, str]
    created_at: float
    credentials: dict[str, str]
    variants: dict[str, str]
    clock: ClockState
    chance: RandomState
    secrets: RandomState
    timeline: TimelineState
    faults: FaultsState
    world: WorldState
    workspace: WorkspaceState
    begins: float | None = None
    journal: JournalState = field(default_factory=JournalState)
    traces: TracesState = field(default_factory=TracesState)


@dataclass(slots=True, kw_only=True)
class SavedSandbox:
    """A sandbox with its snapshots, as stored in a state file.

    :param state: the result of :func:`encode`
    :param snapshots: by name, in the same form
    """

    id: str
    state: bytes
    snapshots: dict[str, Snapshot] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot.

    :param now: the sandbox's time
    """

    now: float
    content: bytes


def check_records(records: WorldState | WorkspaceState) -> None:
    """Check that each value in some records has its field's type, because users can edit the file.

    :raises StateError: when one has not, with its place
    """
    decode(encode(records), type(records))


def encode(records: Any) -> bytes:
    """Return a state as bytes. Its records are the live ones, so call this under the sandbox's lock.

    All JSON values can be saved. Half of a surrogate pair becomes U+FFFD, as in Segment's JSON decoder.
    """
    import msgspec  # noqa: PLC0415 - a mock of which no state is kept starts faster without it

    try:
        return msgspec.msgpack.encode(records)
    except (OverflowError, UnicodeEncodeError):
        # Rare, so a normal state skips the check of each value.
        return msgspec.msgpack.encode(_portable(msgspec.to_builtins(records, builtin_types=(bytes,))))


def _portable(value: Any) -> Any:
    if isinstance(value, dict):
        return {_portable(key): _portable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_portable(item) for item in value]
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, int) and value not in _INTEGERS:
        import msgspec  # noqa: PLC0415 - as above

        return msgspec.msgpack.Ext(_LONG_INTEGER, str(value).encode())
    return value


def _from_extension(code: int, data: memoryview) -> int:
    if code != _LONG_INTEGER:
        raise ValueError(f"extension {code} is unknown")
    return int(bytes(data))


def decode(content: bytes, kind: type[_Records]) -> _Records:
    """Decode the state in ``content``.

    :raises StateError: when it is not valid, or from another version of this program
    """
    import msgspec  # noqa: PLC0415 - as above

    try:
        return msgspec.msgpack.decode(content, type=kind, ext_hook=_from_extension)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise StateError(str(error)) from None
