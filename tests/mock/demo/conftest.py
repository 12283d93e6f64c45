"""The parts the demo shows, running, and contract cases whose result is there at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from zipfile import ZipFile

import pytest
from tpmock.cli.demo.app import Demo, serving_demo
from tpmock.cli.demo.contract_run import DemoContractRun
from tpmock.common.serving import address, reserved
from tpmock.server.up import Up


def write_pack(pack: Path, result: str = "passed") -> None:
    """As small a pack as the demo reads: what the real one is, tests/system/browser sees."""
    case = {
        "id": "DEST-001",
        "title": "One",
        "result": result,
        "evidence": "assumed",
        "clause": {"url": "https://x.test"},
    }
    row = {"id": "1", "text": "Credentials", "verdict": "needs a person", "why": "Show it.", "cases": []}
    with ZipFile(pack, "w") as members:
        members.writestr("results.json", json.dumps({"cases": [case]}))
        members.writestr("sheet.json", json.dumps([row]))


@pytest.fixture
def quick_contract_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract cases are not run here."""

    def begin(contract: DemoContractRun) -> None:
        if not contract.pack.exists():
            write_pack(contract.pack)

    monkeypatch.setattr(DemoContractRun, "begin", begin)


def parts() -> Up:
    """The mock and the destination, to be started."""
    with reserved("127.0.0.1", 0) as mock, reserved("127.0.0.1", 0) as destination:
        return Up("127.0.0.1", mock, destination, quiet=True)


def pages(everything: Up) -> AbstractContextManager[Demo]:
    """The demo over them, to be started."""
    with reserved("127.0.0.1", 0) as port:
        url = address("127.0.0.1", port)
    return serving_demo(everything, url)


@pytest.fixture
def everything() -> Iterator[Up]:
    """The parts, running."""
    with parts() as made:
        yield made


@pytest.fixture
def running(everything: Up, quick_contract_run: None) -> Iterator[Demo]:
    """The pages, running."""
    with pages(everything) as served:
        yield served
