"""Where tpmock keeps files of its user between runs: the platform's folder for an application's data."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

#: The environment variable that names another folder.
HOME_VARIABLE: Final = "TPMOCK_HOME"


class NoHomeError(Exception):
    """The user has no home folder. The message is a sentence for the user."""


def user_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder, which need not exist.

    :param environ: the environment, by default this process's
    :raises NoHomeError: when nothing says where it is
    """
    environ = os.environ if environ is None else environ
    if given := environ.get(HOME_VARIABLE):
        return Path(given).absolute()
    return _data_folder(environ) / "tpmock"


def authority_certificate() -> Path | None:
    """Return the file of the local authority's certificate; None where there is none (:mod:`tpmock.tls`)."""
    try:
        file = user_folder() / "authority" / "authority.pem"
    except NoHomeError:
        return None
    return file if file.is_file() else None


def _data_folder(environ: Mapping[str, str]) -> Path:
    try:
        if sys.platform == "win32":
            return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Application Support"
        # The XDG Base Directory Specification: a path that is not absolute is ignored.
        given = Path(environ.get("XDG_DATA_HOME") or "")
        return given if given.is_absolute() else Path.home() / ".local" / "share"
    except RuntimeError:
        raise NoHomeError(f"This user has no home folder. Name a folder in {HOME_VARIABLE}.") from None
