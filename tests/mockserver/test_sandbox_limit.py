"""At most so many sandboxes: the longest unused go, and that is said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver.app import Mock, Settings
from tests.doors import InProcess, Judge
from tests.sandboxes import SandboxUnderTest


@pytest.fixture
def door() -> Iterator[InProcess]:
    opened = InProcess(Mock(Settings(most_sandboxes=2)))
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
