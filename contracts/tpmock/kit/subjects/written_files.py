"""What a started program has written outside its working folder: logs in unexpected places."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from tpmock.kit.subjects.processes import Program

# Full of files, and none of them is a program's log.
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})
# A larger file takes longer than a case; its end is what this case wrote.
_MOST_BYTES = 16_000_000
_PROCESSES = Path("/proc")


def outside(program: Program, folder: Path) -> Mapping[str, bytes]:
    """Return the content of files by their path.

    Looked at are the files in the folder in which the program was started that have changed since, without hidden
    folders and those of installed packages; and, on Linux, every file that a process of the program has open for
    writing, wherever it is, also when it has no name any more.

    :param folder: the working folder, whose files are not returned
    """
    found: dict[str, bytes] = {}
    for name, place in (*_changed(program), *_open(program)):
        if not Path(name).is_relative_to(folder.resolve()) and name not in found:
            # Meanwhile a file may be gone, or its process.
            with contextlib.suppress(OSError):
                found[name] = _end_of(place)
    return found


def _changed(program: Program) -> Iterator[tuple[str, Path]]:
    for place, folders, names in os.walk(program.folder.resolve()):
        folders[:] = [name for name in folders if name not in _SKIPPED and not name.startswith(".")]
        for name in names:
            file = Path(place, name)
            with contextlib.suppress(OSError):
                about = file.lstat()
                if stat.S_ISREG(about.st_mode) and about.st_mtime >= program.began:
                    yield str(file), file


def _open(program: Program) -> Iterator[tuple[str, Path]]:
    for process in _processes(program.pid):
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if stat.S_ISREG(descriptor.stat().st_mode) and _is_written(process / "fdinfo" / descriptor.name):
                        yield str(descriptor.readlink()), descriptor


def _processes(group: int) -> Iterator[Path]:
    """Yield the processes of a group; none where the system has no such folder."""
    for process in _PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # Behind the name, which may hold spaces and parentheses: state, parent, group.
            after_name = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(after_name[2]) == group:
                yield process


def _is_written(about: Path) -> bool:
    flags = next(line.split()[1] for line in about.read_text(encoding="ascii").splitlines() if "flags" in line)
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY


def _end_of(file: Path) -> bytes:
    with file.open("rb") as content:
        content.seek(max(0, content.seek(0, os.SEEK_END) - _MOST_BYTES))
        return content.read()
