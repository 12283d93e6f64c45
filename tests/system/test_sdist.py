"""The source distribution: complete, and its tests pass in it."""

from __future__ import annotations

import os
import sys
import tarfile
from pathlib import Path

import pytest
from tpmock.common.version import __version__

from tests.support import ROOT
from tests.system.installed.running import ran

#: What tools leave in a checkout.
LEFT = {"__pycache__", ".venv", ".hypothesis", ".schemathesis", ".pytest_cache", "build", "dist"}
#: Quick, and of each kind: rules, documents, cases, the wheel that is built of it, the repository's own files.
SOME = (
    "tests/mock/unit/test_fql.py",
    "tests/common/test_compiled.py",
    "tests/kit/cases/test_cases.py",
    "tests/system/test_release.py::test_every_module_is_inside",
    "tests/system/docs/test_pages.py",
)


@pytest.fixture(scope="module")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        # Debian's Python 3.11.2 has no filters yet; the archive is our own.
        options = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(folder, **options)  # type: ignore[arg-type]  # noqa: S202 - our own
    return folder / f"tpmock-{__version__}"


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not LEFT & set(path.parts) and path.suffix not in {".pyc", ".db"}
    }


@pytest.mark.parametrize("folder", [".ci", "contracts", "fixtures", "mockserver", "tests"])
def test_every_file_is_inside(unpacked: Path, folder: str) -> None:
    assert files(ROOT / folder)
    assert files(unpacked / folder) == files(ROOT / folder)


def test_what_lies_beside_the_folders_is_inside(unpacked: Path) -> None:
    documents = {path.name for path in ROOT.glob("*.md")}
    assert documents >= {"README.md", "CHANGELOG.md", "SECURITY.md"}
    wanted = documents | {"LICENSE", "Dockerfile", "pyproject.toml", ".dockerignore", ".pre-commit-config.yaml"}
    assert wanted <= {path.name for path in unpacked.iterdir()}


def test_its_tests_pass(unpacked: Path) -> None:
    # These folders come before those of the checkout, where modules of the namespace are looked for.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(unpacked / name) for name in ("mockserver", "contracts")),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SOME]
    done = ran(command, cwd=unpacked, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
