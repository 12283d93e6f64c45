"""Outcomes of orders while the database was unavailable: one small file per order, until it is in the ledger."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from tpmock.common.whole_file import write_whole
from tpmock.destination.storage.ledger import OrderState, Outcome
from tpmock.destination.storage.vault import Vault


class OutcomeFiles:
    """The files. Their names are a keyed hash of their content, so that only those of this database are read.

    Any copy may write an outcome to the ledger, and it does no harm when two do. Nothing in a file is personal.
    """

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder = folder
        self._vault = vault

    def add(self, outcome: Outcome) -> None:
        """Write an outcome to the disk.

        :raises OSError: when that is not possible
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = json.dumps(asdict(outcome))
        path = self._path(content)
        write_whole(path, content.encode(), path.with_suffix(f".{os.getpid()}"))

    def read(self) -> Iterator[Outcome]:
        """Yield the outcomes of this database that are on the disk."""
        for path in sorted(self._folder.glob("*.json")):
            with suppress(FileNotFoundError):  # another copy was faster
                content = path.read_text(encoding="utf-8", errors="replace")
                if path == self._path(content):
                    members = json.loads(content)
                    yield Outcome(**{**members, "state": OrderState(members["state"])})

    def remove(self, outcome: Outcome) -> None:
        """Delete the file of an outcome, if there is one."""
        self._path(json.dumps(asdict(outcome))).unlink(missing_ok=True)

    def _path(self, content: str) -> Path:
        return self._folder / f"{self._vault.digest('outcome', content)}.json"
