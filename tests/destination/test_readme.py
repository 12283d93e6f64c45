"""The destination's own README is true: its tables, its messages, its links, its commands."""

from __future__ import annotations

import re
from pathlib import Path

from tpmock.destination.ops.cli import destination
from tpmock.destination.rules.messages import MESSAGES
from tpmock.destination.storage.ledger import OrderState

from tests.destination.own_tables import DESTINATION_README, of_destination

TEXT = DESTINATION_README.read_text(encoding="utf-8")
SOURCES = [path.read_text(encoding="utf-8") for path in sorted(DESTINATION_README.parent.rglob("*.py"))]


def test_the_tables_are_up_to_date() -> None:
    assert of_destination(TEXT) == TEXT, "run: python -m tests.support.doc_tables --write"


def test_every_message_is_said_somewhere_and_nothing_else_is() -> None:
    code = "".join(SOURCES)
    assert [name for name in MESSAGES if f'"{name}"' not in code] == []
    said = re.findall(r'(?:say|refuse)\(\s*"([a-z-]+)"', "".join(SOURCES))
    logged = {"event", "refused", "swept", "outcome-kept", "reservation-given-up", "token-not-stored"}
    assert [name for name in said if name not in MESSAGES and name not in logged] == []


def test_every_command_shown_exists() -> None:
    shown = set(re.findall(r"tpmock destination ([a-z][a-z-]+)", TEXT))
    assert shown == set(destination.commands)


def test_every_state_is_explained() -> None:
    assert [state for state in OrderState if f"| `{state}` |" not in TEXT] == []


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert Path(DESTINATION_README.parent, target).exists(), target
