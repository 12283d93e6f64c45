"""All sandboxes of a process in one file, which is replaced atomically."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tpmock.common.version import __version__
from tpmock.common.whole_file import write_whole
from tpmock.sandbox.errors import StateFileError
from tpmock.sandbox.state import SavedSandbox

#: The first line; the second is the checksum of the rest.
_HEADER: Final = b"tpmock state 1\n"


@dataclass(frozen=True, slots=True)
class SavedProcess:
    """The content of a state file.

    :param version: of the program that wrote it
    """

    version: str
    sandboxes: list[SavedSandbox]


def write(path: Path, sandboxes: list[SavedSandbox]) -> int:
    """Replace the file atomically: a reader, or a restart after a crash, finds the old one or the new one.

    :returns: its size in bytes
    :raises OSError: when it cannot be written; the old one still exists
    """
    import msgspec  # noqa: PLC0415 - only where a state is kept

    content = msgspec.msgpack.encode(SavedProcess(__version__, sandboxes))
    # Replace the target of a link, not the link.
    path = path.resolve()
    whole = _HEADER + hashlib.sha256(content).hexdigest().encode() + b"\n" + content
    # It holds credentials and addresses.
    write_whole(path, whole, path.with_name(f"{path.name}.new"))
    return len(whole)


def read(path: Path) -> list[SavedSandbox]:
    """Return the saved state; an empty one without a file.

    :raises StateFileError: when the file is not readable
    :raises DamagedError: when it is not a complete state file
    """
    try:
        whole = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StateFileError(f"The state file {path} cannot be read: {error.strerror}.") from None
    return _parse(whole)


class DamagedError(Exception):
    """These bytes are not a complete state file. The message says why."""


def _parse(whole: bytes) -> list[SavedSandbox]:
    import msgspec  # noqa: PLC0415 - only where a state is kept

    header, checksum, content = whole[: len(_HEADER)], *whole[len(_HEADER) :].partition(b"\n")[::2]
    if header != _HEADER:
        raise DamagedError("it does not begin as a state file of tpmock does")
    if hashlib.sha256(content).hexdigest().encode() != checksum:
        raise DamagedError("its checksum is wrong")
    try:
        kept = msgspec.msgpack.decode(content, type=SavedProcess)
    except msgspec.MsgspecError as error:
        raise DamagedError(f"this version does not understand it ({error})") from None
    return kept.sandboxes


def set_aside(path: Path) -> Path:
    """Rename a file that is not usable, so that it is not overwritten.

    :returns: the new name
    """
    number = 1
    while (other := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(other)
    return other
