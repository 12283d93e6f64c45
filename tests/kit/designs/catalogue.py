"""The designs by name, each with the claims that describe it and the cases that it is about."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from tpmock.kit.subjects.contract import Contract
from tpmock.kit.subjects.contract_subject import ContractSubject
from tpmock.kit.subjects.subjects import Pace

from tests.support.programs import NODE

_FOLDER = Path(__file__).parent
PROGRAMS = {
    "python": [sys.executable, str(_FOLDER / "destination.py")],
    "node": [NODE, str(_FOLDER / "destination.js")],
}
_EVERY = frozenset({"events", "deletion", "keeps-buyers"})


class Design(msgspec.Struct, frozen=True):
    """One right design.

    :param words: for ``DESIGN``
    :param claims: besides those of every design here
    :param cases: beginnings of the ids of the cases that it is about
    :param warned: checks of which it is warned, as they are recommendations
    """

    words: str
    claims: frozenset[str] = frozenset()
    pace: Pace = Pace()
    cases: tuple[str, ...] = ()
    warned: frozenset[str] = frozenset()

    def subject(self, program: str) -> ContractSubject:
        """Return it as a subject of the kit."""
        contract = Contract(
            folder=_FOLDER,
            name=f"the design {self.words or 'plain'} in {program}",
            claims=_EVERY | self.claims,
            pace=self.pace,
            start={
                "command": PROGRAMS[program],
                "ready": "{url}/health",
                "environment": {"DESIGN": self.words, "ORDERS_FILE": "{workdir}/orders"},
            },
            events={"to": "http://127.0.0.1:{port}"},
        )
        return ContractSubject(contract)


_PATIENT = frozenset({"own-patience"})

DESIGNS = {
    "plain": Design("", cases=("DEST-020", "DEST-050", "DEST-062", "INV-003", "RES-002", "PRIV-020")),
    "retry-after": Design("retry-after", _PATIENT, Pace(patience=5.0), ("RES-040",)),
    "back-off": Design("back-off", _PATIENT, Pace(patience=0.3), ("DEST-072", "RES-009", "PRIV-023")),
    "queue": Design(
        "queue",
        frozenset({"answers-later"}),
        Pace(quiet=1.0),
        ("DEST-073", "RES-006"),
    ),
    "own-retry": Design("own-retry", cases=("RES-044", "PRIV-022", "PRIV-023")),
    "send-time": Design("send-time", frozenset({"own-send-time"}), cases=("INV-00",)),
    "token-at-start": Design("token-at-start", cases=("TOK-001", "TOK-005", "RES-022", "RES-024")),
    "other-words": Design("other-words", cases=("DEST-020", "DEST-021", "DEST-024")),
    "no-words": Design("no-words", cases=("DEST-02", "DEST-092"), warned=frozenset({"message"})),
    "slow": Design("slow", cases=("DEST-002", "DEST-077")),
    "retried-credentials": Design("retried-credentials", cases=("DEST-066",)),
    "at-least-once": Design("at-least-once", frozenset({"at-least-once"}), cases=("RES-00",)),
    "sandbox-clock": Design("sandbox-clock", cases=("DEST-061", "TOK-007")),
}
"""Every design. ``retry-after`` alone waits for seconds, as Trustpilot may ask it to."""
