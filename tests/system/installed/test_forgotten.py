"""A person is deleted by the customer's own request to Segment, and is not found in any remaining data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests
from tpmock.journal.erasure import TOKEN

from tests.support.searching import recorded
from tests.system.installed.running import PATIENCE, Command, Up, up

EMAIL, NAME, SURNAME, USER = "grace.hopper@example.com", "Grace", "Hopper", "customer-4711"


def order(running: Up, number: str, user: str, **person: str) -> None:
    event = {"userId": user, "event": "Order Completed", "properties": {"order_id": number, **person}}
    answer = requests.post(f"{running.url}/v1/track", auth=(running.write_key, ""), json=event, timeout=PATIENCE)
    answer.raise_for_status()
    running.control.settle()


def control(running: Up, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{running.url}/_mock{path}", json=body, timeout=PATIENCE)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def delete_by_segment(running: Up) -> str:
    body = {"regulationType": "SUPPRESS_WITH_DELETE", "subjectType": "USER_ID", "subjectIds": [USER]}
    key = {"Authorization": f"Bearer {running.address_of('publicApiToken')}"}
    asked = requests.post(f"{running.url}/regulations", json=body, headers=key, timeout=PATIENCE)
    asked.raise_for_status()
    for by in ("1h", "1d"):
        control(running, "POST", "/sandboxes/default/clock/advance", {"by": by})
        running.control.settle()
    [regulation] = running.control.rows("segment/regulations")
    return str(regulation["status"])


def everything(running: Up, folder: Path) -> str:
    """Return the mock's pages, the files, the output, and the destination's metrics."""
    shown = recorded(lambda path: control(running, "GET", f"/sandboxes/default{path}"))
    control(running, "POST", "/state")
    stored = "".join(path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())
    metrics = requests.get(f"{running.address_of('Destination')}/metrics", timeout=PATIENCE).text
    assert "destination_events_total" in metrics
    return shown + stored + metrics + running.errors.read_text(encoding="utf-8")


def test_a_search_for_a_deleted_person_finds_nothing_at_all(tpmock: Command, tmp_path: Path) -> None:
    with up(tpmock, tmp_path, options=["--state", str(tmp_path / "state")]) as running:
        order(running, "901", USER, email=EMAIL, name=NAME, surname=SURNAME)
        order(running, "902", "customer-1", email="ada@example.com", name="Ada")
        assert len(running.control.rows("invitations")) == 2
        before = everything(running, tmp_path)
        assert all(word in before for word in (EMAIL, NAME, SURNAME, "ada@example.com"))

        assert delete_by_segment(running) == "FINISHED"

        text = everything(running, tmp_path)
        assert [word for word in (EMAIL, NAME, SURNAME) if word in text] == []
        assert [row["referenceNumber"] for row in running.control.rows("invitations")] == ["902"]
        assert "ada@example.com" in text
        assert TOKEN in text
        [asked] = control(running, "GET", "/sandboxes/default/journal?operation=deleteInvitationData")["journal"]
        assert json.dumps(asked["request"]["body"]) == json.dumps({"customerEmails": [TOKEN]})
