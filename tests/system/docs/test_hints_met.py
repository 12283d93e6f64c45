"""Every hint in the table of the page of messages is provoked: by the smallest call that makes the mock give it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from tpmock.core import help_pages, hints, rate_meter
from tpmock.segment import public_api, tracking
from tpmock.server.app import MockApp, MockSettings
from tpmock.trustpilot import categories, world
from werkzeug.test import Client

from tests.support import troubleshooting
from tests.support.doors import BASE, CALLER, InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest
from tests.system.docs.hint_calls import HINTS

#: The hints of the table: those that the page does not explain one by one.
TABLE: Final = hints.texts().keys() - {
    entry.get("hint") for entries in troubleshooting.sections().values() for entry in entries
}


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


@pytest.fixture(scope="module")
def door() -> Iterator[InProcess]:
    opened = InProcess()
    yield opened
    opened.close()


@pytest.fixture
def sandbox(door: InProcess, judge: Judge) -> Iterator[SandboxUnderTest]:
    made = SandboxUnderTest(door, judge)
    yield made
    made.control("DELETE", "")


@pytest.fixture
def own_door() -> Iterator[InProcess]:
    """A mock of the test's own, whose default sandbox it may change."""
    opened = InProcess(MockApp(MockSettings(most_sandboxes=1)))
    yield opened
    opened.close()


def assert_met(name: str, hint: str) -> None:
    assert help_pages.pattern(hints.texts()[name].strip()).search(hint), hint


#: The hints that a test of their own meets.
MET: Final[set[str]] = set()


def meets(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Say which hint a test meets."""
    MET.add(name)
    return lambda test: test


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of calls that one call is above."""
    monkeypatch.setattr(rate_meter, "CEILINGS", ((0, 300),))
    monkeypatch.setattr(tracking, "RATE", 0)
    monkeypatch.setattr(public_api, "RATE", 0)


@pytest.mark.usefixtures("low_limits")
@pytest.mark.parametrize("name", HINTS)
def test_a_hint_of_the_table_is_met(sandbox: SandboxUnderTest, name: str) -> None:
    assert_met(name, HINTS[name](sandbox).hint)


@meets("DEFECT")
def test_the_hint_for_a_defect_is_met(sandbox: SandboxUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "_all", None)
    assert_met("DEFECT", sandbox.get("/v1/categories").hint)


class Stalled:
    """A body that the server has given up."""

    def read(self, *_: int) -> bytes:
        raise TimeoutError

    readline = readinto = read


@meets("BODY_TOO_SLOW")
def test_the_hint_for_a_slow_body_is_met(door: InProcess) -> None:
    environ: dict[str, Any] = {**CALLER, "wsgi.input": Stalled(), "wsgi.input_terminated": True, "CONTENT_LENGTH": "9"}
    headers = {"Content-Type": "application/json"}
    with Client(door.mock).post("/v1/track", base_url=BASE, headers=headers, environ_overrides=environ) as answer:
        assert_met("BODY_TOO_SLOW", answer.headers["X-Mock-Hint"])


@meets("NO_ROOM")
def test_the_hint_for_a_full_queue_is_met(own_door: InProcess, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "RECORDS_BYTES", 1)
    sandbox = SandboxUnderTest(own_door, judge)
    sandbox.control("POST", "/clock/freeze")
    sandbox.invite()
    assert_met("NO_ROOM", sandbox.invite().hint)


@meets("SANDBOXES_REMOVED")
def test_the_hint_for_removed_sandboxes_is_met(own_door: InProcess, judge: Judge) -> None:
    sandbox = SandboxUnderTest(own_door, judge)
    assert_met("SANDBOXES_REMOVED", sandbox.call("POST", "/_mock/sandboxes", data={}).hint)


def test_every_hint_of_the_table_is_met() -> None:
    assert HINTS.keys() | MET == TABLE
    assert not HINTS.keys() & MET
