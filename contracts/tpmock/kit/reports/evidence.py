"""Evidence pack: one zip with the results of a run, which can be verified on another machine."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from tpmock.common.version import __version__
from tpmock.kit.cases import case_files
from tpmock.kit.reports.as_json import case_text, contract_figures, document, requirements
from tpmock.kit.reports.collector import RunReport
from tpmock.kit.reports.readable.members import MANIFEST, RESULTS_FILE, VERIFIER, VERIFY, manifest, members, mistakes

# The earliest time in a zip; the time of packing is not evidence.
_TIME = (1980, 1, 1, 0, 0, 0)
_LARGEST = 500 * 1024 * 1024
#: Errors of zipfile for damaged files, besides its own error and zlib's.
_OTHER_DAMAGE = (RuntimeError, NotImplementedError, EOFError, ValueError, OSError, lzma.LZMAError)
_COMMON = ("__init__", "curl", "environment", "har", "stand_ins", "version")
_READABLE = Path(__file__).with_name("readable")


class Examined(msgspec.Struct, frozen=True):
    """Content of a pack, and its mistakes.

    :param results: its document; empty when it cannot be read
    :param mistakes: sentences; none when all is well
    """

    digest: str
    results: Mapping[str, Any]
    mistakes: tuple[str, ...]


def pack(report: RunReport, subject: Mapping[str, str]) -> bytes:
    """Return the pack. The same report gives the same bytes.

    :param subject: how to get the subject again: ``kind``, and what the kind needs
    """
    # Read as the verifier reads it: lone surrogates cannot be written.
    run = json.loads(json.dumps(document(report, subject), ensure_ascii=False).encode("utf-8", "replace"))
    found = members(run) | _verifier()
    found[MANIFEST] = manifest(found)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(found.items()):
            info = zipfile.ZipInfo(name, _TIME)
            info.external_attr = (0o755 if name.endswith(".sh") else 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            # Python writes the operating system here; the pack must be the same everywhere.
            info.create_system = 3
            archive.writestr(info, data)
    return out.getvalue()


def examine(file: Path) -> Examined:
    """Verify a pack, without a mock and without running anything."""
    data = file.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if sum(info.file_size for info in archive.infolist()) > _LARGEST:
                return Examined(digest, {}, ("It would unpack to more than 500 MB, the limit for a pack.",))
            found = {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, zlib.error, *_OTHER_DAMAGE) as problem:
        return Examined(digest, {}, (f"It is not a readable zip file: {problem}.",))
    if len(found) != len(names):
        return Examined(digest, {}, ("A file is in it twice.",))
    wrong = [*mistakes(found)]
    try:
        run = json.loads(found.get(RESULTS_FILE, b""))
        wrong += [*_other_facts(run), *_other_program(run["run"]["tpmock"], found)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # Reported already.
        return Examined(digest, {}, tuple(wrong))
    return Examined(digest, run, tuple(wrong))


def differences(packed: Mapping[str, Any], report: RunReport) -> list[str]:
    """Return where the results of a run differ from a pack; times do not count.

    :param packed: the pack's document
    """
    again = {one["id"]: one for one in document(report)["cases"]}
    found = []
    for before in packed["cases"]:
        after = again.pop(before["id"], None)
        if after is None:
            found.append(f"{before['id']} was not run again.")
        elif _essence(before) != _essence(after):
            found.append(f"{before['id']}: {before['result']} in the pack, {after['result']} now, or by other checks.")
    return [*found, *(f"{case_id} is not in the pack." for case_id in again)]


def _verifier() -> dict[str, bytes]:
    """Return the program that verifies a pack without us: these very sources, and the packages they lie in."""
    common, kit = _READABLE.parents[2] / "common", _READABLE.parents[1]
    sources = {
        *(common / f"{name}.py" for name in _COMMON),
        *(
            kit / name
            for name in (
                "__init__.py",
                "cases/__init__.py",
                "cases/claims.py",
                "cases/wording.py",
                "reports/__init__.py",
            )
        ),
        *(file for file in _READABLE.iterdir() if file.is_file() and file.name != VERIFY),
    }
    root = _READABLE.parents[3]
    found = {f"{VERIFIER}{file.relative_to(root).as_posix()}": file.read_bytes() for file in sources}
    return {VERIFY: (_READABLE / VERIFY).read_bytes(), **found}


def _other_facts(run: Mapping[str, Any]) -> Iterator[str]:
    """Yield mistakes for requirements, documents and cases that differ from those of this tpmock."""
    for name, here in (("requirements", requirements()), ("contract", contract_figures())):
        if run[name] != here:
            yield f"{name} in {RESULTS_FILE} is not the one of tpmock {__version__}."
    known = {case.id: case_text(case) for case in case_files.load_plan(case_files.STANDARD)}
    for one in run["cases"]:
        ours = known.get(one["id"])
        if ours is None:
            yield f"{one['id']} is not a case of tpmock {__version__}."
        for name, value in (ours or {}).items():
            if one[name] != value:
                yield f"{one['id']}: its {name} is not the one of tpmock {__version__}."


def _other_program(version: str, found: Mapping[str, bytes]) -> Iterator[str]:
    if version != __version__:
        yield f"It was made by tpmock {version}, and this is {__version__}: verify it with the version that made it."
        return
    ours = _verifier()
    inside = {name for name in found if name == VERIFY or name.startswith(VERIFIER)}
    for name in sorted(inside ^ ours.keys()):
        yield f"{name} is {'missing' if name in ours else 'not a file of the verifier'}."
    for name in sorted(inside & ours.keys()):
        if found[name] != ours[name]:
            yield f"{name} is not the one of tpmock {__version__}."


def _essence(one: Mapping[str, Any]) -> Any:
    return one["result"], [(finding["check"], finding["passed"]) for finding in one["findings"]]
