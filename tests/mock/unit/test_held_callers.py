"""A limited number of callers is kept waiting."""

from __future__ import annotations

import threading

import pytest
from tpmock.server.app import APIS, MockApp
from tpmock.server.held_callers import HeldCallers, NoPlaceError


def test_there_are_so_many_places_and_they_are_given_back() -> None:
    held = HeldCallers(2)
    with held.place(), held.place(), pytest.raises(NoPlaceError), held.place():
        pytest.fail("a third place")
    with held.place(), held.place():
        pass


def test_faults_and_operations_share_the_places(caplog: pytest.LogCaptureFixture) -> None:
    held = HeldCallers(1)
    caller = threading.Thread(target=held.wait, args=(3600.0,), daemon=True)
    with held.place():
        # Does not wait, as no place is free.
        caller.start()
        caller.join(10)
        assert not caller.is_alive()
    assert "1 callers wait already" in caplog.text


def test_operations_that_take_long_are_named_as_they_are_documented() -> None:
    with MockApp() as mock:
        for api, rules in APIS.items():
            operations = mock.pipeline.operations[api]
            assert rules.waits <= operations.keys()
            assert not rules.waits or operations.document.fallbacks[rules.full].status == 429
