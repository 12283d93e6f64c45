"""A run of the contract kit that was started from the console ends with the mock, however that ends."""

from __future__ import annotations

import signal
import time

import psutil
import pytest
import requests

from tests.system.installed.running import Up

QUICKLY = 60


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_nothing_of_a_run_is_left(running: Up, how: signal.Signals) -> None:
    before = set(running.tree())
    form = {"plan": "standard"}
    page = f"{running.url}/_mock/console/default/contract/"
    headers = {"Origin": running.url}
    assert requests.post(page, form, headers=headers, timeout=QUICKLY).status_code == 200
    deadline = time.monotonic() + QUICKLY
    # The kit, its mock with its worker, and a subject.
    while len(run := set(running.tree()) - before) < 4:
        assert time.monotonic() < deadline
    running.process.send_signal(how)
    running.process.wait(QUICKLY)
    assert psutil.wait_procs([*before, *run], timeout=QUICKLY)[1] == []
