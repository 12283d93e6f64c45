"""The programs that the demo shows, running, and contract cases whose result is there at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import pytest
from tpmock.cli.demo.app import Demo, Showing, serving_demo
from tpmock.cli.demo.contract_run import DemoContractRun
from tpmock.cli.demo.programs import DemoPrograms, subject
from tpmock.common.serving import address, reserved

#: Orders of the backfill: more than fit in one window of the recommended rate would only take longer here.
FEW = 40


def write_pack(pack: Path, result: str = "passed") -> None:
    """As small a pack as the demo reads: what the real one is, tests/system/browser sees."""
    case = {
        "id": "DEST-001",
        "title": "One",
        "result": result,
        "evidence": "assumed",
        "clause": {"url": "https://x.test"},
    }
    rows = [
        {"id": "1", "text": "Credentials", "verdict": "needs a person", "why": "Show it.", "cases": []},
        {"id": "2", "text": "Token", "verdict": "pass", "why": "", "cases": ["ONB-001"]},
        {"id": "7, showcase", "text": "Shown", "verdict": "needs a person", "why": "Not judged: SHOW.", "cases": []},
    ]
    with ZipFile(pack, "w") as members:
        members.writestr("results.json", json.dumps({"cases": [case]}))
        members.writestr("sheet.json", json.dumps(rows))


@pytest.fixture
def quick_contract_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract cases are not run here."""

    def begin(contract: DemoContractRun) -> None:
        if not contract.pack.exists():
            write_pack(contract.pack)

    monkeypatch.setattr(DemoContractRun, "begin", begin)


@contextmanager
def demo(contract: Path | None = None, pace: int | None = None) -> Iterator[Demo]:
    """The demo of a program, running."""
    with reserved("127.0.0.1", 0) as port:
        url = address("127.0.0.1", port)
    showing = Showing(pace, contract=contract, backfill=FEW)
    with DemoPrograms(subject(contract)) as programs, serving_demo(programs, url, showing) as served:
        yield served


@pytest.fixture
def running(quick_contract_run: None) -> Iterator[Demo]:
    """The demo of the bundled destination, running."""
    with demo() as served:
        yield served
