"""The destination's own README is true: its tables, its messages, its links, its commands."""

from __future__ import annotations

import re
from pathlib import Path

from contracts.destination.cli import destination
from contracts.destination.ledger import State
from contracts.destination.messages import MESSAGES
from tests.destination.readme import DESTINATION_README, of_destination

TEXT = DESTINATION_README.read_text(encoding="utf-8")
SOURCES = [path.read_text(encoding="utf-8") for path in sorted(DESTINATION_README.parent.rglob("*.py"))]


def test_the_tables_are_up_to_date() -> None:
    assert of_destination(TEXT) == TEXT, "run: python -m tests.readme --write"


def test_every_message_is_said_somewhere_and_nothing_else_is() -> None:
    code = "".join(source for source in SOURCES if "_ALL = (" not in source and "TEXTS = (" not in source)
    assert [name for name in MESSAGES if f'"{name}"' not in code] == []
    said = re.findall(r'(?:say|refuse)\(\s*"([a-z-]+)"', "".join(SOURCES))
    assert [name for name in said if name not in MESSAGES and name not in {"event", "refused", "swept"}] == []


def test_every_command_shown_exists() -> None:
    shown = set(re.findall(r"tpmock destination ([a-z][a-z-]+)", TEXT))
    assert shown == set(destination.commands)


def test_every_state_is_explained() -> None:
    assert [state for state in State if f"| `{state}` |" not in TEXT] == []


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert Path(DESTINATION_README.parent, target).exists(), target
