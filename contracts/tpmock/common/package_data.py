"""Locate the data files that the packages read: OpenAPI documents, cases, schemas, worlds, events, documentation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

_TPMOCK: Final = Path(__file__).parents[1]


def folder(name: str) -> Path:
    """Return the folder ``name``: ``tpmock/data/<name>`` in a wheel, in a checkout a folder beside the sources.

    :raises FileNotFoundError: if the installation has no such folder
    """
    repository = _TPMOCK.parents[1]
    beside = (repository / home / name for home in ("contracts", "fixtures", "mockserver"))
    for place in (_TPMOCK / "data" / name, *beside):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"tpmock's data folder {name!r} is missing: reinstall tpmock.")


def path(folder_name: str, name: str) -> Path:
    """Return the path of one file in a data folder."""
    return folder(folder_name) / name


def source_folders() -> list[str]:
    """Return the folders from which this copy of tpmock is imported, for a child's ``PYTHONPATH``."""
    return list(dict.fromkeys(str(Path(portion).parent) for portion in sys.modules["tpmock"].__path__))
