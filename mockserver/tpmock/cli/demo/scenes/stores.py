"""All that the programs of the demo keep: files, logs, metrics."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Final

from tpmock.cli.demo.context import DemoContext

#: Standard output and standard error of the programs.
_LOGS: Final = ("stdout.txt", "stderr.txt")


def stores(context: DemoContext) -> list[tuple[str, str]]:
    """Return the texts by the place where they are: the integration's files, both logs, its metrics if it has any."""
    own = _files(context.programs.running.folder)
    logs = [
        file for folder in (context.programs.mock_folder, context.programs.running.folder) for file in _logs(folder)
    ]
    found = [
        ("The integration's files", _read(file for file in own if file.name not in _LOGS)),
        ("The logs of both programs", _read(logs)),
    ]
    measured = metrics(context)
    return [*found, ("The integration's metrics", measured)] if measured else found


def metrics(context: DemoContext) -> str:
    """Return the metrics that the integration serves in Prometheus' format; empty without."""
    if not context.destination:
        return ""
    answer = context.request("GET", f"{context.destination}/metrics")
    return answer.text if answer.status_code == HTTPStatus.OK and "# TYPE" in answer.text else ""


def _files(folder: Path | None) -> list[Path]:
    return [] if folder is None else sorted(path for path in folder.rglob("*") if path.is_file())


def _logs(folder: Path | None) -> list[Path]:
    return [file for file in _files(folder) if file.name in _LOGS]


def _read(files: Iterable[Path]) -> str:
    # Every byte is a character: a database is searched, too.
    return "".join(file.read_bytes().decode("latin-1") for file in files)
