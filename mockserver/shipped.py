"""Finds the data that is shipped with the program."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def text(folder: str, name: str) -> str:
    """The text of ``fixtures/<folder>/<name>``.

    The wheel carries these folders inside the package; in a checkout they lie beside it.
    """
    installed = files("mockserver") / "fixtures" / folder / name
    if installed.is_file():
        return installed.read_text(encoding="utf-8")
    return (Path(__file__).resolve().parent.parent / "fixtures" / folder / name).read_text(encoding="utf-8")
