"""Mutants that leave on the disk what does not belong there."""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path
from typing import Any

from flask import Flask, Response, request


def logs_elsewhere(app: Flask) -> None:
    """Writes every event into a log outside its working folder."""
    # Without a name, so that nothing of it is left; it is open as long as the program runs.
    _logging(app, tempfile.TemporaryFile("w"), lambda: request.get_data(as_text=True))  # noqa: SIM115 - as said


def logs_keys(app: Flask) -> None:
    """Writes the headers of every request into a log."""
    folder = Path(app.extensions["destination"].store.settings.outcome_folder).parent
    log = (folder / "requests.log").open("a", encoding="utf-8")
    _logging(app, log, lambda: str(request.headers.get("Authorization")))


def _logging(app: Flask, log: Any, line: Any) -> None:
    def write(answer: Response) -> Response:
        log.write(f"{line()}\n")
        log.flush()
        return answer

    app.after_request(write)
    weakref.finalize(app, log.close)
