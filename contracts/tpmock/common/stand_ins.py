"""Addresses that reports write instead of those of a run, which differ from run to run."""

from __future__ import annotations

from typing import Final

#: The mock.
MOCK: Final = "http://tpmock.test"
#: The subject of a contract run.
SUBJECT: Final = "http://subject.test"
