"""Finds the data that is shipped with the program."""

from __future__ import annotations

from pathlib import Path


def path(folder: str, name: str) -> Path:
    """Where ``fixtures/<folder>/<name>`` lies.

    The wheel carries these folders inside the package; in a checkout they lie beside it.
    """
    package = Path(__file__).parent
    installed = package / "fixtures" / folder / name
    return installed if installed.is_file() else package.parent / "fixtures" / folder / name
