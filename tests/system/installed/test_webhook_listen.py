"""``tpmock webhook listen``: what the mock posts, printed as it comes."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from tpmock.common import local_server
from werkzeug.wrappers import Request, Response

from tests.system.installed.running import PATIENCE, Command, Control, ran


@contextmanager
def listening(command: Command, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, once it has said where it listens."""
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, *options], stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603 - ours
        try:
            assert process.stderr is not None
            said = re.fullmatch(r"Listening at (http://127\.0\.0\.1:\d+/)\n", process.stderr.readline())
            assert said is not None
            yield process, said[1]
        finally:
            process.kill()


def write_review(url: str) -> None:
    """A review that the mock posts a webhook for."""
    review = {"stars": 5, "text": "Fine.", "consumerName": "Ada"}
    requests.post(f"{url}/_mock/sandboxes/default/reviews", json=review, timeout=PATIENCE).raise_for_status()


def test_it_prints_so_many_webhooks_and_takes_its_subscriptions_back(tpmock: Command, mock_url: str) -> None:
    control = Control(mock_url)
    forwarded: list[bytes] = []

    @Request.application
    def application(request: Request) -> Response:
        forwarded.append(request.get_data())
        return Response(status=418)

    forward = ["webhook", "listen", "--url", mock_url, "--forward-to"]
    with (
        local_server.serving(application, "127.0.0.1", 0) as port,
        listening([*tpmock, *forward, target := f"http://127.0.0.1:{port}/hooks"], "--count", "1") as (
            process,
            address,
        ),
    ):
        assert len(control.rows("webhook-subscriptions", url=address)) > 1
        write_review(mock_url)
        printed, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    [line] = printed.splitlines()
    assert json.loads(line)["events"]
    assert forwarded == [line.encode()]
    assert said == f"{target} answered 418.\n"
    assert control.rows("webhook-subscriptions") == []
    assert [row["state"] for row in control.rows("webhooks")] == ["delivered"]


def test_it_ends_with_ctrl_c(tpmock: Command, mock_url: str) -> None:
    with listening([*tpmock, "webhook", "listen", "--url", mock_url]) as (process, address):
        # Requests that are not webhooks are not printed.
        assert requests.get(address, timeout=PATIENCE).status_code == 200
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, printed, errors) == (0, "", "")
    assert Control(mock_url).rows("webhook-subscriptions") == []


def test_a_port_that_is_taken_is_said(tpmock: Command, mock_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = ran([*tpmock, "webhook", "listen", "--url", mock_url, "--port", str(port)])
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: Cannot listen at 127.0.0.1 port {port}: ")
    assert Control(mock_url).rows("webhook-subscriptions") == []
