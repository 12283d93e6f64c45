"""``tpmock invitation``, ``tpmock review`` and ``tpmock webhook`` against a running mock."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from tpmock.cli.main import tpmock

from tests.mock.commands.conftest import Run
from tests.support.doc_commands import every_command
from tests.support.sandboxes import SandboxUnderTest, an_invitation


def test_an_invitation_is_listed_and_its_email_shown(run: Run, sandbox: SandboxUnderTest) -> None:
    assert sandbox.invite(an_invitation(referenceNumber="1001")).status == 202
    [row] = sandbox.rows("invitations")
    head, line = run("invitation", "list").output.splitlines()
    assert head.split("  ")[0] == "invitation"
    assert line.split()[:4] == [row["id"], "1001", "service", "queued"]
    by_order, by_id = run("invitation", "show", "1001"), run("invitation", "show", row["id"])
    assert by_order.output == by_id.output
    assert f"<{row['consumerEmail']}>" in by_order.output
    assert "Subject:" in by_order.output
    [mail] = json.loads(run("invitation", "show", "1001", "--json").output)
    assert mail["to"]["email"] == row["consumerEmail"]


def test_an_invitation_that_does_not_exist_is_reported(run: Run) -> None:
    shown = run("invitation", "show", "9999")
    assert shown.exit_code == 2
    assert "9999" in shown.output
    assert "Traceback" not in shown.output


def test_a_review_answers_an_invitation(run: Run, sandbox: SandboxUnderTest) -> None:
    sandbox.invite(an_invitation(referenceNumber="1001"))
    early = run("review", "write", "1001", "--stars", "4")
    assert (early.exit_code, "advance the clock" in early.output) == (2, True)
    sandbox.control("POST", "/clock/advance", {"by": "PT1H"})
    written = run("review", "write", "1001", "--stars", "4", "--title", "Fast", "--text", "Came the next day.")
    assert written.exit_code == 0, written.output
    assert written.output.endswith("with 4 stars was written.\n")
    review_id = written.output.split()[1]
    [line] = [line for line in run("review", "list").output.splitlines() if line.startswith(review_id)]
    assert line.split()[1] == "4"
    assert line.endswith("Fast")


def test_an_organic_review_needs_no_invitation(run: Run) -> None:
    assert run("review", "write", "--stars", "2", "--name", "Ada Example").exit_code == 0
    assert "Ada Example" in run("review", "list").output


def test_an_address_is_subscribed_and_removed(run: Run, sandbox: SandboxUnderTest) -> None:
    url = "http://127.0.0.1:9/hooks"
    before = len(sandbox.rows("webhook-subscriptions"))
    added = run("webhook", "add", url, "--event", "service-review-created")
    assert added.output.endswith(f": service-review-created to {url}\n")
    assert run("webhook", "remove", added.output.partition(":")[0]).exit_code == 0
    assert len(run("webhook", "add", url).output.splitlines()) == 6
    assert len(sandbox.rows("webhook-subscriptions")) == before + 6
    assert run("webhook", "remove", url).exit_code == 0
    assert len(sandbox.rows("webhook-subscriptions")) == before


@pytest.mark.parametrize(
    "words",
    [
        ("clock", "advance", "soon"),
        ("sandbox", "create", "--variant", "token_typ=x"),
        ("webhook", "add", "ftp://127.0.0.1/x"),
        ("webhook", "add", "http://127.0.0.1:9/", "--event", "nothing"),
        ("webhook", "remove", "nothing"),
        ("review", "write", "--stars", "6"),
        ("review", "write", "9999"),
    ],
)
def test_bad_words_are_reported(run: Run, words: tuple[str, ...]) -> None:
    shown = run(*words)
    assert shown.exit_code == 2
    assert shown.output.strip()
    assert "Traceback" not in shown.output


@pytest.mark.parametrize("words", [("-3d",), ("--json", "-3d"), ("-3d", "--json"), ("--", "-3d"), ("P-3D",), ("-P3D",)])
def test_a_clock_does_not_go_back(run: Run, words: tuple[str, ...]) -> None:
    if words == ("-P3D",):
        words = ("--", *words)
    shown = run("clock", "advance", *words)
    assert shown.exit_code == 2
    assert "is negative. A clock only goes forward; to go back, restore a snapshot" in shown.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("clock", "advnce", "1d"), "Did you mean 'advance'?"),
        (("evidence", "verfy"), "Did you mean 'verify'?"),
        (("destination", "order"), "Did you mean 'orders'?"),
        (("sandbox", "create", "--variant", "token_typ=x"), "Did you mean 'token_type'?"),
        (("webhook", "add", "nope"), "for example http://127.0.0.1:"),
        (("event", "send", "nope.json"), "nope.json cannot be read: No such file or directory."),
        (("env", "--url", "nope"), "'nope' is not an address. Give one such as http://127.0.0.1:8080."),
        (
            ("env", "--url", "http://127.0.0.1:1"),
            "No mock answers at http://127.0.0.1:1 (Connection refused). Start one",
        ),
        (("serve", "--host", "a..b"), "Choose an address of this machine with --host."),
        (("serve", "--host", "192.0.2.1"), "Choose an address of this machine with --host."),
    ],
)
def test_a_mistake_is_told_with_what_to_do(run: Run, words: tuple[str, ...], said: str) -> None:
    shown = run(*words)
    assert shown.exit_code == 2
    assert said in shown.output


def every_list() -> list[list[str]]:
    """The commands that list, by their names, and those that show a table."""
    names = [full.split()[1:] for _, full in every_command()]
    return [words for words in names if words[-1:] and words[-1] in {"list", "snapshots", "kinds", "due", "orders"}]


@pytest.mark.parametrize("words", every_list(), ids=" ".join)
def test_every_command_that_lists_has_json(words: list[str]) -> None:
    assert "--json" in CliRunner().invoke(tpmock, [*words, "--help"]).output


def test_programs_read_what_can_go_wrong(run: Run) -> None:
    listed = json.loads(run("fault", "kinds", "--json").output)
    assert {"fault", "meaning", "address"} == listed["kinds"][0].keys()
    assert "always" in listed["words"]
