"""Two linters read the documents, strictly: what a rule is off for stands in their settings."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tpmock import spec

from tests.system.clients.calling import document, ran, succeeded

HERE = Path(__file__).parent

Linter = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=["redocly", "spectral"])
def lint(request: pytest.FixtureRequest, node_modules: Path, tmp_path: Path) -> Linter:
    """A linter with our settings; it takes documents."""
    options = {
        "redocly": ["lint", "--lint-config", "error", "--config", HERE / "redocly.yaml"],
        "spectral": ["lint", "--fail-severity", "hint", "--ruleset", HERE / ".spectral.yaml"],
    }
    command = [node_modules / ".bin" / request.param, *options[request.param]]
    # Redocly knows the documents by the names that its settings give them, with what is off for one of them.
    named = request.param == "redocly"

    def run(*documents: str | Path) -> subprocess.CompletedProcess[str]:
        return ran(
            [*command, *(each if named or isinstance(each, Path) else document(each) for each in documents)], tmp_path
        )

    return run


def test_nothing_is_found(lint: Linter) -> None:
    succeeded(lint(*spec.APIS))


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("tags: [Tracking]", "tags: [Trakcing]", "operation-tag-defined"),
        ("operationId: identify", "operationId: track", "operation-operationId-unique"),
    ],
)
def test_something_would_be_found(lint: Linter, tmp_path: Path, right: str, wrong: str, rule: str) -> None:
    text = document("segment-tracking").read_text(encoding="utf-8")
    assert right in text
    changed = tmp_path / "changed.yaml"
    changed.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    done = lint(changed)
    assert done.returncode == 1
    assert rule.lower() in (done.stdout + done.stderr).lower()
