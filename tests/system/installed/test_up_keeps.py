"""``tpmock up --state``: the mock and the destination remember together."""

from __future__ import annotations

from pathlib import Path

import requests

from tests.system.installed.running import PATIENCE, Command, Up, up


def order(running: Up, message_id: str) -> None:
    event = {
        "messageId": message_id,
        "userId": "customer-1",
        "event": "Order Completed",
        "properties": {"order_id": "1001", "email": "ada@example.com"},
    }
    answer = requests.post(f"{running.url}/v1/track", auth=(running.write_key, ""), json=event, timeout=PATIENCE)
    answer.raise_for_status()
    running.control.settle()


def test_an_order_of_before_is_not_invited_again(tpmock: Command, tmp_path: Path) -> None:
    options = ["--state", str(tmp_path / "state")]
    with up(tpmock, tmp_path, options=options) as running:
        order(running, "first")
    with up(tpmock, tmp_path, options=options) as running:
        assert len(running.control.rows("invitations")) == 1
        order(running, "replayed")
        assert len(running.control.rows("invitations")) == 1
        assert [row["state"] for row in running.control.rows("segment/deliveries")] == ["delivered"] * 2
    assert (tmp_path / "state.destination.key").stat().st_mode & 0o077 == 0


def test_without_it_nothing_is_left(tpmock: Command, tmp_path: Path) -> None:
    with up(tpmock, tmp_path) as running:
        order(running, "first")
    assert [path.name for path in tmp_path.iterdir()] == ["up.stderr"]
