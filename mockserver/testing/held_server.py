"""``python -m mockserver.testing.held_server FOLDER``: serves for as long as anyone holds it. See shared_server."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from contracts.serving import PortTakenError
from mockserver.serve import Options, run
from mockserver.testing.shared_server import Folder
from mockserver.world_file import WorldFileError


def main() -> int:
    """Serve, and end when the last holder has ended."""
    parser = argparse.ArgumentParser(prog="mockserver.testing.held_server")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--world", action="append", default=[], metavar="NAME=FILE")
    given = parser.parse_args()
    folder = Folder(given.folder)
    folder.serving.take()
    threading.Thread(target=_end_with_the_last_holder, args=(folder,), daemon=True).start()
    worlds = {name: Path(file) for name, _, file in (text.partition("=") for text in given.world)}
    try:
        return run(Options("127.0.0.1", 0, worlds=worlds, as_json=True))
    except (PortTakenError, WorldFileError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _end_with_the_last_holder(folder: Folder) -> None:
    while not folder.abandoned():
        folder.wait_for_a_holder_to_end()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    raise SystemExit(main())
