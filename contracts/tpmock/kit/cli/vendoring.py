"""Makes a wheel of an installed distribution, from the metadata that its installer wrote.

An installation that came from a wheel has every file of that wheel, with its digest in ``RECORD`` (`Binary distribution
format <https://packaging.python.org/en/latest/specifications/binary-distribution-format/>`_); an installer adds a few
of its own, compiles, and writes a script for each entry point.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from email import message_from_string
from importlib.metadata import Distribution, PackagePath
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

#: Files of the metadata that installers write.
_OF_INSTALLERS: Final = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_build.json", "uv_cache.json"}
#: The earliest time of a zip file: the same installation makes the same wheel.
_WHEN: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16


class VendoringError(Exception):
    """The installation cannot be made a wheel again. The message is for users."""


class Wheel(NamedTuple):
    """A wheel in memory."""

    name: str
    content: bytes


def wheel_of(installed: Distribution) -> Wheel:
    """Return the wheel of a pure Python distribution.

    :raises VendoringError: when files are missing or not what was installed, or are used in place
    """
    kinds = message_from_string(installed.read_text("WHEEL") or "")
    tags = kinds.get_all("Tag", [])
    if kinds["Root-Is-Purelib"] != "true" or len(tags) != 1 or not installed.files:
        raise VendoringError("its metadata do not describe a wheel")
    stem = f"{installed.name.replace('-', '_')}-{installed.version}"
    packed, rows = io.BytesIO(), io.StringIO()
    record = csv.writer(rows, lineterminator="\n")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _content(installed.files, stem):
            archive.writestr(_entry(name), content)
            record.writerow((name, f"sha256={_digest(content)}", len(content)))
        name = f"{stem}.dist-info/RECORD"
        record.writerow((name, "", ""))
        archive.writestr(_entry(name), rows.getvalue())
    return Wheel(f"{stem}-{tags[0]}.whl", packed.getvalue())


def _content(files: list[PackagePath], stem: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the wheel, in their order, with what is in them."""
    for file in sorted(files):
        name, place = file.as_posix(), PurePosixPath(file.as_posix())
        if place.suffix == ".pth":
            raise VendoringError(f"its files are used in place ({name})")
        of_installer = place.parent.name == f"{stem}.dist-info" and place.name in _OF_INSTALLERS
        if place.is_absolute() or place.parts[0] == ".." or "__pycache__" in place.parts or of_installer:
            continue
        try:
            content = Path(file.locate()).read_bytes()
        except OSError as problem:
            raise VendoringError(f"{name} cannot be read: {problem.strerror}") from problem
        if file.hash is not None and file.hash.mode == "sha256" and file.hash.value != _digest(content):
            raise VendoringError(f"{name} is not what was installed")
        yield name, content


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _MODE
    return entry


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
