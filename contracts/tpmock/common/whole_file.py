"""Files that are written atomically."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(file: Path, content: bytes, unfinished: Path) -> None:
    """Replace a file at once, and have it on the disk. Its owner alone may read it.

    A reader finds the old file or the new one, also after the program was killed at any moment.

    :param unfinished: its name until it is whole, in the same folder
    :raises OSError: when it cannot be written; the old one is there still
    """
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
        sink.write(content)
        sink.flush()
        os.fsync(sink.fileno())
    unfinished.replace(file)
    # The name is safe only when the folder is written down too; Windows has no such thing and needs none.
    if os.name == "posix":
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
