"""``tpmock fault`` against a running mock."""

from __future__ import annotations

import json
from functools import partial

import pytest

from tests.mock.commands.conftest import Run
from tests.support.sandboxes import SandboxUnderTest


@pytest.fixture
def fault(run: Run) -> Run:
    return partial(run, "fault")


def test_a_line_is_armed_with_and_without_quotation_marks(fault: Run, sandbox: SandboxUnderTest) -> None:
    assert fault("add", "email-invitations 429 x2 then ok").output == "Fault 1: createEmailInvitations 429 x2\n"
    assert fault("add", "find", "500", "30%").output == "Fault 2: findBusinessUnit 500 30%\n"
    assert sandbox.invite().status == 429
    listed = [line.split() for line in fault("list").output.splitlines()]
    assert listed == [
        ["id", "fault", "hits", "remaining", "until"],
        ["1", "createEmailInvitations", "429", "x2", "1", "1"],
        ["2", "findBusinessUnit", "500", "30%", "0", "no", "limit"],
    ]


def test_a_program_reads_json(fault: Run) -> None:
    armed = json.loads(fault("add", "--json", "deliver refused").output)
    assert json.loads(fault("list", "--json").output) == {"faults": [armed], "total": 1}


def test_one_is_cleared_or_all(fault: Run, sandbox: SandboxUnderTest) -> None:
    for line in ("find 500", "find 503", "find 429"):
        fault("add", line)
    assert fault("clear", "2").exit_code == 0
    assert [row["id"] for row in sandbox.rows("faults")] == [1, 3]
    assert fault("clear").exit_code == 0
    assert sandbox.rows("faults") == []
    gone = fault("clear", "1")
    assert (gone.exit_code, "No fault 1 is active" in gone.output) == (2, True)


def test_a_mistake_is_explained_in_a_sentence(fault: Run) -> None:
    refused = fault("add", "email-invitation 429")
    assert refused.exit_code == 2
    assert "did you mean email-invitations?" in refused.output
    assert "Traceback" not in refused.output


def test_every_kind_is_printed_with_its_sentence(fault: Run) -> None:
    printed = fault("kinds").output
    for words in ("cut-body", "in the middle of the right answer", "fault-html@example.com", "retry-after 5"):
        assert words in printed
