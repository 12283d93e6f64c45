"""Clients for Python, made by openapi-python-client."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.doors import OverSocket
from tests.system.clients.calling import document, judge_calls, ran, succeeded

HERE = Path(__file__).parent
GENERATE = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a client for each API, and the program that uses them."""
    folder = tmp_path_factory.mktemp("clients")
    for api in ("trustpilot", "control"):
        places = {"--config": HERE / "python_generator.yaml", "--path": document(api)}
        places["--output-path"] = folder / f"{api}_client"
        succeeded(ran([*GENERATE, *(part for place in places.items() for part in place)], folder))
    shutil.copy(HERE / "calls.py", folder)
    return folder


def types_of(program: str, clients: Path) -> subprocess.CompletedProcess[str]:
    """What mypy says of a program beside the clients, by their types and no settings of ours."""
    options = ["--strict", "--config-file=", "--follow-imports=silent", "--cache-dir=mypy"]
    return ran([sys.executable, "-m", "mypy", *options, program], clients)


def test_its_calls_have_the_right_types_and_succeed(clients: Path, server: OverSocket) -> None:
    succeeded(types_of("calls.py", clients))
    said = succeeded(ran([sys.executable, "-W", "error", "calls.py", server.url], clients))
    judge_calls(said, server, "python-1001")


def test_misspelt_names_are_noticed_before_the_call(clients: Path) -> None:
    right = (clients / "calls.py").read_text(encoding="utf-8")
    wrong = right.replace(" name=", " nmae=").replace("reference_number=", "ref_number=")
    (clients / "misspelt.py").write_text(wrong, encoding="utf-8")
    noticed = types_of("misspelt.py", clients)
    assert noticed.returncode == 1
    for name in ("nmae", "ref_number"):
        assert f'Unexpected keyword argument "{name}"' in noticed.stdout


def test_every_body_has_a_type(clients: Path) -> None:
    modules = [*clients.glob("*_client/api/*/*.py")]
    assert len(modules) > 100
    assert [module.name for module in modules if "body: Any" in module.read_text(encoding="utf-8")] == []
