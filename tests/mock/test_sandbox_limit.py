"""A maximum number of sandboxes: the longest unused are removed, with a message."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from tpmock.sandbox import registry
from tpmock.server.app import MockApp, MockSettings

from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest


@pytest.fixture
def door() -> Iterator[InProcess]:
    opened = InProcess(MockApp(MockSettings(most_sandboxes=2)))
    yield opened
    opened.close()


def living(door: InProcess) -> set[str]:
    return {sandbox.id for sandbox in door.mock.sandboxes.all()}


def test_the_longest_unused_goes(door: InProcess, judge: Judge) -> None:
    first, second = (SandboxUnderTest(door, judge, id=name) for name in ("first", "second"))
    first.get("/v1/business-units/find?name=trustpilotdemo.com")
    SandboxUnderTest(door, judge, id="third")
    assert living(door) == {"default", "first", "third"}
    assert second.get("/v1/business-units/find?name=trustpilotdemo.com").status == 401


def test_it_is_said_in_the_journal_and_to_whoever_made_the_new_one(door: InProcess, judge: Judge) -> None:
    default = SandboxUnderTest(door, judge, sandbox_id="default")
    for name in ("first", "second"):
        SandboxUnderTest(door, judge, id=name)
    made = default.call("POST", "/_mock/sandboxes", data={"id": "third"})
    assert made.hint == "first unused for the longest time, removed to make room for third (--max-sandboxes)."
    [note] = default.control("GET", "/journal?direction=note")["journal"]
    assert (note["hint"], note["status"]) == (made.hint, None)


def test_the_default_one_stays(door: InProcess, judge: Judge) -> None:
    for number in range(5):
        SandboxUnderTest(door, judge, id=f"s{number}")
    assert living(door) == {"default", "s3", "s4"}


def test_sandboxes_are_listed_a_page_at_a_time(judge: Judge) -> None:
    door = InProcess()
    default = SandboxUnderTest(door, judge, sandbox_id="default")
    for number in range(4):
        assert default.call("POST", "/_mock/sandboxes", data={"id": f"made-{number}"}).status == 201
    pages = [default.call("GET", f"/_mock/sandboxes?limit=2&skip={skip}").json for skip in (0, 2, 4, 6)]
    assert [[row["id"] for row in page["sandboxes"]] for page in pages] == [
        ["made-2", "made-3"],
        ["made-0", "made-1"],
        ["default"],
        [],
    ]
    assert {page["total"] for page in pages} == {5}
    door.close()


def steps_of_creation(most: int) -> int:
    """Return the executed lines of the registry when one of this number of sandboxes is removed."""
    steps = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal steps
        if frame.f_code.co_filename != registry.__file__:
            return None
        steps += event == "line"
        return trace

    with MockApp(MockSettings(most_sandboxes=most)) as mock:
        for _ in range(most):
            mock.sandboxes.create()
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            made = mock.sandboxes.create()
        finally:
            sys.settrace(before)
        assert made.displaced == ["sandbox-1"]
    return steps


def test_to_make_room_does_not_look_at_all_sandboxes() -> None:
    assert 0 < steps_of_creation(3) == steps_of_creation(60)


def test_of_two_of_one_name_only_the_living_one_is_removed() -> None:
    with MockApp() as mock:
        first = mock.sandboxes.create("same")
        mock.sandboxes.delete(first)
        second = mock.sandboxes.create("same")
        mock.sandboxes.delete(first)
        assert mock.sandboxes.get("same") is second
