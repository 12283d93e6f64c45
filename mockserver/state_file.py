"""All sandboxes of a process in one file: whole or not at all, whatever happens while it is written."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mockserver import __version__
from mockserver.sandbox_state import KeptSandbox

#: The first line; the second is the checksum of all that follows it.
_HEADER: Final = b"tpmock state 1\n"


class StateFileError(Exception):
    """The state file cannot be used. The message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class KeptProcess:
    """What lies in a state file.

    :param version: of the program that wrote it
    """

    version: str
    sandboxes: list[KeptSandbox]


def write(path: Path, sandboxes: list[KeptSandbox]) -> int:
    """Replace the file at once: a reader, or a process killed at any moment, finds the old one or the new one.

    :returns: its size in bytes
    :raises OSError: when it cannot be written; the old one is there still
    """
    import msgspec  # noqa: PLC0415 - only where a state is kept

    content = msgspec.msgpack.encode(KeptProcess(__version__, sandboxes))
    whole = _HEADER + hashlib.sha256(content).hexdigest().encode() + b"\n" + content
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as sink:
        sink.write(whole)
        sink.flush()
        os.fsync(sink.fileno())
    new.replace(path)
    _sync_folder(path.parent)
    return len(whole)


def _sync_folder(folder: Path) -> None:
    """The name is safe only when the folder is written down too; Windows has no such thing and needs none."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(path: Path) -> list[KeptSandbox]:
    """What was kept; nothing when there is no file yet.

    :raises StateFileError: when the file cannot be read
    :raises DamagedError: when it can, and is none of ours or not whole
    """
    try:
        whole = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StateFileError(f"The state file {path} cannot be read: {error.strerror}.") from None
    return _parse(whole)


class DamagedError(Exception):
    """These bytes are not a whole state file. The message says in what way."""


def _parse(whole: bytes) -> list[KeptSandbox]:
    import msgspec  # noqa: PLC0415 - only where a state is kept

    header, checksum, content = whole[: len(_HEADER)], *whole[len(_HEADER) :].partition(b"\n")[::2]
    if header != _HEADER:
        raise DamagedError("it does not begin as a state file of tpmock does")
    if hashlib.sha256(content).hexdigest().encode() != checksum:
        raise DamagedError("its checksum is wrong")
    try:
        kept = msgspec.msgpack.decode(content, type=KeptProcess)
    except msgspec.MsgspecError as error:
        raise DamagedError(f"this version does not understand it ({error})") from None
    return kept.sandboxes


def set_aside(path: Path) -> Path:
    """Give a file that cannot be used another name, so that it is not overwritten.

    :returns: the new name
    """
    number = 1
    while (other := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(other)
    return other
