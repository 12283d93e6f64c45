"""What a user does first: start it, copy the line, look."""

from __future__ import annotations

import json

from tests.support.programs import needs_curl
from tests.system.installed.running import Up, in_bash

pytestmark = needs_curl

SEND, LOOK = "Send the first order:", "and see its invitation:"


def test_the_printed_line_makes_one_invitation(running: Up) -> None:
    assert json.loads(in_bash(running.line_after(SEND))) == {"success": True}
    running.control.settle()
    [invitation] = json.loads(in_bash(running.line_after(LOOK)))["invitations"]
    assert invitation["referenceNumber"] == "1001"
    assert invitation["consumerEmail"] == "ada@example.com"
    assert invitation["consumerName"] == "Ada Example"


def test_the_line_copied_twice_still_makes_one_invitation(running: Up) -> None:
    for _ in range(2):
        in_bash(running.line_after(SEND))
    running.control.settle()
    assert json.loads(in_bash(running.line_after(LOOK)))["total"] == 1


def test_the_journal_joins_event_delivery_and_invitation(running: Up) -> None:
    in_bash(running.line_after(SEND))
    running.control.settle()
    [delivery] = running.control.rows("segment/deliveries")
    entries = running.control.rows("journal", trace=delivery["trace"])
    assert {entry["operation"] for entry in entries} == {
        "track",
        "deliver",
        "createAccessToken",
        "createEmailInvitations",
    }
