"""The parts the demo shows, running, and a judge whose verdict is there at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from contracts.serving import address, reserved
from mockserver.demo.judging import Judge
from mockserver.demo.running import Running
from mockserver.up import Up


def write_pack(pack: Path, result: str = "passed") -> None:
    """As small a pack as the demo reads: what the real one is, tests/browser sees."""
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
def quick_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract cases are not run here."""

    def begin(judge: Judge) -> None:
        if not judge.pack.exists():
            write_pack(judge.pack)

    monkeypatch.setattr(Judge, "begin", begin)


def parts() -> Up:
    """The mock and the destination, to be started."""
    with reserved("127.0.0.1", 0) as mock, reserved("127.0.0.1", 0) as destination:
        return Up("127.0.0.1", mock, destination, quiet=True)


def pages(everything: Up) -> Running:
    """The demo over them, to be started."""
    with reserved("127.0.0.1", 0) as port:
        url = address("127.0.0.1", port)
    return Running(everything, url, None)


@pytest.fixture
def everything() -> Iterator[Up]:
    """The parts, running."""
    with parts() as made:
        yield made


@pytest.fixture
def running(everything: Up, quick_judge: None) -> Iterator[Running]:
    """The pages, running."""
    with pages(everything) as served:
        yield served
