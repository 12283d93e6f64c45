"""When the queue is full, Segment's half refuses events instead of losing or hoarding them."""

from __future__ import annotations

import pytest
from tpmock.segment import workspace

from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest, an_order
from tests.support.stub_destination import Say, StubDestination


def test_no_more_is_taken_in_than_can_be_kept(
    destination: StubDestination, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "ROOM", 5)
    door = InProcess()
    sandbox = SandboxUnderTest(door, judge)
    sandbox.connect(destination.url)
    destination.say = [Say(503)]
    batch = {"batch": [an_order(order_id=str(number)) for number in range(5)]}
    assert sandbox.track(batch, "/v1/batch").status == 200
    sandbox.settle()
    for refused in (sandbox.track(an_order()), sandbox.track(batch, "/v1/batch")):
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        assert "Nothing of this request was accepted" in refused.hint
    assert len(sandbox.rows("segment/events")) == 5
    destination.say = [Say(200)]
    sandbox.advance("10m")
    assert sandbox.track(an_order()).status == 200
    sandbox.settle()
    since = sandbox.control("GET", "/segment/overview")["since"]
    assert (since["successfully-received"], since["successful-delivery"], since["pending"]) == (6, 6, 0)
    door.close()
