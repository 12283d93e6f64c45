"""The long run by Schemathesis's own command: every served document in all phases, against a live ``tpmock serve``.

``python -m tests.property.generated --examples 300``; the figures go to the terminal.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tpmock import spec

from tests.property.generated.callers import Caller
from tests.property.generated.documents import CONFIG, SERVED
from tests.support import ROOT
from tests.support.doors import Judge, OverSocket
from tests.support.sandboxes import SandboxUnderTest


def toml(table: dict[str, Any], path: str = "") -> Iterator[str]:
    """Nested tables as TOML."""
    if path:
        yield f"[{path}]"
    for name, value in table.items():
        if not isinstance(value, dict):
            yield f"{name} = {json.dumps(value)}"
    for name, value in table.items():
        if isinstance(value, dict):
            yield from toml(value, f"{path}.{name}".lstrip("."))


def config(api: str, caller: Caller) -> Iterator[str]:
    """Arguments of the command: as for the tests here, with the credentials of each operation."""
    yield from toml(CONFIG)
    for operation in spec.load(api).operations.values():
        # The host is not a credential: kept in a session it would go along with other calls. The hooks set it.
        given = {name: text for name, text in caller.headers(operation).items() if name != "Host"}
        headers = ", ".join(f"{json.dumps(name)} = {json.dumps(text)}" for name, text in given.items())
        yield f"[[operations]]\ninclude-operation-id = {json.dumps(operation.id)}\nheaders = {{{headers}}}"


def run(api: str, examples: int, door: OverSocket, folder: Path) -> int:
    """Try one document; the exit code of the command."""
    sandboxes = [SandboxUnderTest(door, Judge()) for _ in range(2)]
    file = folder / f"{api}.toml"
    file.write_text("\n".join(config(api, Caller(sandboxes[0]))), encoding="utf-8")
    command = [
        *("st", "--config-file", str(file), "run", str(ROOT / "contracts" / "openapi" / f"{api}.yaml")),
        *("--url", door.url, "--max-examples", str(examples), "--continue-on-failure"),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.property.generated.hooks",
        "TPMOCK_URL": door.url,
        "TPMOCK_SANDBOXES": " ".join(sandbox.id for sandbox in sandboxes),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(command, env=environment, cwd=folder, check=False).returncode  # noqa: S603 - our own words


def main() -> None:
    """Try them all; end with 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.property.generated", description=__doc__)
    parser.add_argument("--examples", type=int, default=300, help="calls an operation, and walks a document")
    parser.add_argument("--api", choices=SERVED, action="append", help="only this document")
    chosen = parser.parse_args()
    door = OverSocket()
    try:
        with TemporaryDirectory() as folder:
            codes = [run(api, chosen.examples, door, Path(folder)) for api in chosen.api or SERVED]
    finally:
        door.close()
    sys.exit(any(codes))


if __name__ == "__main__":
    main()
