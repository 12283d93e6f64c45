"""``tpmock journal``, ``trace`` and ``event``: what happened, from the shell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import har
from tests.system.installed.running import PATIENCE, Command, Up, ran

Run = Callable[..., str]


@pytest.fixture
def run(tpmock: Command, mock_url: str) -> Run:
    """Runs a command against the mock and gives what it prints; it must succeed unless a code is expected."""

    def runs(*arguments: str, code: int = 0, stdin: str = "") -> str:
        done = ran([*tpmock, *arguments], input=stdin, env={**os.environ, "TPMOCK_URL": mock_url})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr if code else done.stdout

    return runs


def test_an_order_is_sent_and_its_story_told(tpmock: Command, running: Up) -> None:
    url = ["--url", running.url]
    assert ran([*tpmock, "event", "order", "--id", "1001", "--name", "Grace", *url]).stdout == "1001\n"
    running.control.settle()
    story = ran([*tpmock, "trace", "1001", *url]).stdout.splitlines()
    assert story[0].startswith("trace-1: orderId 1001, messageId ")
    joins = [line.split()[1] for line in story[2:-2]]
    assert joins == ["cause", "cause", "messageId", "time", "orderId", "orderId", "messageId"]
    assert story[-1].startswith("Queued: The service invitation is queued until ")
    [invitation] = running.control.rows("invitations")
    assert invitation["consumerName"] == "Grace Example"


def test_orders_without_a_number_get_new_ones(run: Run) -> None:
    first, second = run("event", "order"), run("event", "order")
    assert first != second
    listed = run("trace").splitlines()
    assert [line.split()[2] for line in listed[1:]] == [second.strip(), first.strip()]
    assert "No destination is connected" in listed[1]


def test_a_file_holds_an_event_or_a_batch(run: Run, tmp_path: Path) -> None:
    event = {"type": "identify", "userId": "u", "messageId": "m-1"}
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    run("event", "send", str(file))
    run("event", "send", "-", stdin=json.dumps({"batch": [{**event, "messageId": "m-2"}]}))
    rows = json.loads(run("journal", "list", "--json"))["journal"]
    assert [row["operation"] for row in rows] == ["identify", "batch"]
    assert "accepted the event: identify" in run("trace", "m-2")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "cannot be read as JSON"), ("[]", "one JSON object"), ('{"type": "buy"}', "type is 'buy'")],
)
def test_a_file_that_holds_no_event_is_refused(run: Run, text: str, sentence: str) -> None:
    assert sentence in run("event", "send", "-", stdin=text, code=2)


def test_the_journal_is_listed_filtered_shown_and_forgotten(run: Run) -> None:
    run("event", "order", "--id", "1")
    run("event", "order", "--id", "2")
    assert [line.split()[0] for line in run("journal").splitlines()] == ["entry", "1", "2"]
    only = run(
        "journal", "list", "--text", '"2"', "--status", "2xx", "--method", "POST", "--direction", "in"
    ).splitlines()
    assert [line.split()[0] for line in only[1:]] == ["2"]
    shown = run("journal", "show", "2")
    assert "POST " in shown
    assert '"order_id": "2"' in shown
    assert "Trace: trace-2 (by cause)" in shown
    assert json.loads(run("journal", "show", "2", "--json"))["id"] == 2
    run("journal", "clear")
    assert run("journal").splitlines()[1:] == []


def test_an_archive_is_written(run: Run, tmp_path: Path) -> None:
    run("event", "order")
    file = tmp_path / "run.har"
    run("journal", "har", "-o", str(file))
    archive = json.loads(file.read_text(encoding="utf-8"))
    assert har.faults(archive) == []
    assert json.loads(run("journal", "har")) == archive
    assert "cannot be written" in run("journal", "har", "-o", str(tmp_path / "no" / "run.har"), code=2)


def test_what_is_not_there_is_said(run: Run) -> None:
    assert "no entry 7" in run("journal", "show", "7", code=2)
    assert "order number 'x'" in run("trace", "x", code=2)
    assert "status" in run("journal", "list", "--status", "teapot", code=2)


def test_the_journal_is_followed_over_a_reset_until_ctrl_c(tpmock: Command, mock_url: str, run: Run) -> None:
    run("event", "order")
    command = [*tpmock, "journal", "tail", "--since", "0", "--every", "0.05", "--url", mock_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        seen = [process.stdout.readline()]
        run("event", "order")
        seen.append(process.stdout.readline())
        run("sandbox", "reset")
        run("event", "order")
        seen.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    assert [line.split()[0] for line in seen] == ["1", "2", "1"]
    assert all("/v1/track" in line for line in seen)
