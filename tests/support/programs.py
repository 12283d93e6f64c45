"""Programs that tests start and that Python does not bring: Node.js, and curl for lines that users copy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

import pytest
from tpmock.outbound.function_runner import find_node

_found: Final = find_node()
assert _found is not None, "Tests need Node.js, which the extra brings: pip install -e '.[test]'"
#: Path of the Node.js that tests use: the one that the mock would find.
NODE: Final = _found


def node_first() -> dict[str, str]:
    """Return this environment with ``NODE`` as the first ``node`` on the PATH."""
    return {**os.environ, "PATH": f"{Path(NODE).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


#: For tests that run lines which tpmock prints for a shell.
needs_curl: Final = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")),
    reason="curl or bash is missing: the lines that tpmock prints for a shell are not run",
)
