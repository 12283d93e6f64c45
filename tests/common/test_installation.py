"""Hints about extras name the place from which this installation came."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tpmock.common import installation

from tests.support import ROOT

REVISION = "3a936b9d0f1c2a7d4e5f60718293a4b5c6d7e8f9"
GIT = {"vcs": "git", "requested_revision": "main", "commit_id": REVISION}
AT = "https://git.example.com/tpmock"

#: What installers write, after PEP 610, and what the hint about the extra ``seed`` says.
SOURCES: list[tuple[dict[str, Any], str]] = [
    ({"url": AT, "vcs_info": GIT}, f"pip install 'tpmock[seed] @ git+{AT}@{REVISION}'"),
    (
        {"url": "ssh://git@git.example.com/tpmock", "vcs_info": GIT},
        f"pip install 'tpmock[seed] @ git+ssh://git@git.example.com/tpmock@{REVISION}'",
    ),
    (
        {"url": AT, "vcs_info": GIT, "subdirectory": "python/mock"},
        f"pip install 'tpmock[seed] @ git+{AT}@{REVISION}#subdirectory=python/mock'",
    ),
    (
        {"url": "https://ada:word@git.example.com/tpmock", "vcs_info": GIT},
        f"pip install 'tpmock[seed] @ git+{AT}@{REVISION}'",
    ),
    (
        {"url": "https://files.example.com/tpmock-0.2.0-py3-none-any.whl", "archive_info": {}},
        "pip install 'tpmock[seed] @ https://files.example.com/tpmock-0.2.0-py3-none-any.whl'",
    ),
    ({"url": "file:///srv/my%20code/tpmock", "dir_info": {}}, "pip install '/srv/my code/tpmock[seed]'"),
    ({"url": "file:///srv/tpmock", "dir_info": {"editable": True}}, "pip install -e '/srv/tpmock[seed]'"),
    ({"url": "file:///srv/all", "dir_info": {}, "subdirectory": "mock"}, "pip install '/srv/all/mock[seed]'"),
]


@pytest.mark.parametrize(("direct_url", "command"), SOURCES, ids=[command for _, command in SOURCES])
def test_the_command_names_the_source(direct_url: dict[str, Any], command: str) -> None:
    assert installation.read(direct_url).command("seed") == command
    assert shlex.split(command)[:2] == ["pip", "install"]


def test_an_index_needs_the_name_alone() -> None:
    assert installation.Source().command() == "pip install tpmock"
    assert installation.Source().command("seed", "demo") == "pip install 'tpmock[seed,demo]'"


@pytest.mark.parametrize(
    ("direct_url", "portable"),
    [
        ({"url": AT, "vcs_info": GIT}, True),
        ({"url": "file:///srv/tpmock", "dir_info": {}}, False),
        ({"url": "file:///srv/tpmock.whl", "archive_info": {}}, False),
        ({"url": "file:///srv/tpmock", "vcs_info": GIT}, False),
    ],
)
def test_what_lies_on_this_machine_is_not_for_another(direct_url: dict[str, Any], portable: bool) -> None:  # noqa: FBT001
    assert installation.read(direct_url).portable is portable


def test_a_checkout_is_used_in_place() -> None:
    assert installation.source() == installation.Source(folder=ROOT, editable=True)
    assert installation.install_command("demo") == f"pip install -e {shlex.quote(f'{ROOT}[demo]')}"


@pytest.mark.parametrize("recorded", [None, {"url": AT, "vcs_info": GIT}], ids=["index", "git"])
def test_an_installed_copy_reads_what_the_installer_wrote(tmp_path: Path, recorded: dict[str, Any] | None) -> None:
    package, about = tmp_path / "tpmock" / "common", tmp_path / "tpmock-1.dist-info"
    package.mkdir(parents=True)
    about.mkdir()
    (package / "__init__.py").touch()
    (package / "installation.py").write_bytes(Path(installation.__file__).read_bytes())
    (about / "METADATA").write_text(f"Name: tpmock\nVersion: 1\nProject-URL: Repository, {AT}\n", encoding="utf-8")
    if recorded:
        (about / "direct_url.json").write_text(json.dumps(recorded), encoding="utf-8")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from tpmock.common import installation as i;"
        "print(i.source().requirement('seed')); print(i.repository().requirement())"
    )
    # Isolated, without site: nothing else named tpmock is seen.
    said = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert said.stdout.splitlines() == [
        f"tpmock[seed] @ git+{AT}@{REVISION}" if recorded else "tpmock[seed]",
        f"tpmock @ git+{AT}",
    ]
