"""Styles, scripts and pictures: kept by browsers, and asked for anew when they are others."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from flask import Response, request

FOLDER: Final = Path(__file__).parent / "static"
_KEPT: Final = "max-age=31536000, immutable"


def fingerprint() -> str:
    """Of all files together."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def keep(response: Response, asked_for: str) -> None:
    """Let the browser keep a file that was asked for by the fingerprint, so that it never is out of date."""
    if request.endpoint == "static" and request.args.get("v") == asked_for:
        response.headers["Cache-Control"] = _KEPT
