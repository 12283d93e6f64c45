"""Styles, scripts and pictures with a fingerprint, cached by browsers until they change."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from flask import Response, request

FOLDER: Final = Path(__file__).parent / "static"
_KEPT: Final = "max-age=31536000, immutable"


def fingerprint(folder: Path = FOLDER) -> str:
    """Return a fingerprint of all files in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def keep(response: Response, asked_for: str) -> None:
    """Let the browser cache a file that was requested with the fingerprint."""
    if request.endpoint == "static" and request.args.get("v") == asked_for:
        response.headers["Cache-Control"] = _KEPT
