"""Server that runs while a process holds it: ``held_server FOLDER WORLDS [functions]``, see shared_server."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

from tpmock.common.serving import PortTakenError
from tpmock.sandbox.errors import WorldFileError
from tpmock.server.serve import Options, run
from tpmock.testing.shared_server import Folder


def main() -> int:
    """Serve until the last holder has ended."""
    path, worlds, *functions = sys.argv[1:]
    folder = Folder(Path(path))
    folder.serving.take()
    threading.Thread(target=_end_with_the_last_holder, args=(folder,), daemon=True).start()
    files = {name: Path(file) for name, file in json.loads(worlds).items()}
    try:
        return run(Options("127.0.0.1", 0, worlds=files, allow_functions=bool(functions), as_json=True))
    except (PortTakenError, WorldFileError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _end_with_the_last_holder(folder: Folder) -> None:
    while not folder.abandoned():
        folder.wait_for_a_holder_to_end()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    raise SystemExit(main())
