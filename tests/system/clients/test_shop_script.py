"""The mock's script for pages of a shop, run by Node.js with the window that it needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.doors import Judge, OverSocket
from tests.support.programs import NODE
from tests.support.sandboxes import SandboxUnderTest
from tests.system.installed.running import ran

PROGRAM = Path(__file__).with_name("shop_script.mjs")
ORDER = {
    "recipientEmail": "ada@example.com",
    "recipientName": "Ada",
    "referenceId": "1001",
    "source": "InvitationScript",
}
SEND = ["createInvitation", ORDER]


@pytest.fixture
def sandbox(server: OverSocket) -> SandboxUnderTest:
    return SandboxUnderTest(server, Judge())


def page(url: str, before: list[Any], after: list[Any]) -> list[tuple[str, str]]:
    """What a page says that makes these calls before and after the script has come."""
    done = ran([NODE, str(PROGRAM), url, json.dumps(before), json.dumps(after)])
    assert done.returncode == 0, done.stderr
    return [(level, text) for level, text in json.loads(done.stdout)]


def test_its_first_line_says_whose_it_is(server: OverSocket) -> None:
    answer = requests.get(f"{server.url}/tp.min.js", timeout=10)
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "tpmock's own script, not Trustpilot's" in answer.text.partition("\n")[0]


@pytest.mark.parametrize("early", [0, 1, 2])
def test_calls_before_and_after_it_has_come_are_the_same(
    server: OverSocket, sandbox: SandboxUnderTest, early: int
) -> None:
    calls = [["register", sandbox["integrationKey"]], SEND]
    [(level, text)] = page(server.url, calls[:early], calls[early:])
    assert (level, text.startswith("tpmock: Queued until")) == ("info", True)
    [mail] = sandbox.rows("invitations")
    assert (mail["referenceNumber"], mail["source"]) == ("1001", "InvitationScript")


def test_an_order_waits_for_the_key(server: OverSocket, sandbox: SandboxUnderTest) -> None:
    said = page(server.url, [SEND], [["register", sandbox["integrationKey"]]])
    assert [level for level, _ in said] == ["warn", "info"]
    assert len(sandbox.rows("invitations")) == 1


def test_what_is_refused_is_told_with_the_reason(server: OverSocket, sandbox: SandboxUnderTest) -> None:
    assert page(server.url, [["register", "nothing"], SEND], [])[0][1].startswith(
        "tpmock: the order was not taken (404). No business unit has this Integration Key"
    )
    [(level, text)] = page(server.url, [], [["creatInvitation", ORDER]])
    assert (level, "createInvitation" in text) == ("error", True)
    assert sandbox.rows("invitations") == []
