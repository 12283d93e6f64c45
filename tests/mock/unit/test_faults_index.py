"""Faults are found by what they name: those for other calls cost a call nothing."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from tpmock.faults import Exchange, Faults
from tpmock.faults.grammar import parse
from tpmock.faults.model import FAULTS, Match, TooManyFaultsError


def an_exchange(operation: str = "findBusinessUnit", method: str = "GET") -> Exchange:
    return Exchange(operation, "trustpilot", method, "/v1/business-units/find", lambda _: "", lambda: None)


def hit(faults: Faults, exchange: Exchange | None = None, now: float = 0.0) -> int | None:
    found = faults.hit(exchange or an_exchange(), now, lambda: 0.0)
    return None if found is None else found.fault


def test_a_call_looks_at_no_fault_that_is_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults()
    for _ in range(400):
        faults.arm(parse("createEmailInvitations 500 always"), 0.0)
        faults.arm(parse("POST /v1/** 500 always"), 0.0)
    faults.arm(parse("findBusinessUnit 500 always"), 0.0)
    fits = Mock(return_value=True)
    monkeypatch.setattr(Match, "fits", fits)
    assert hit(faults) == 801
    assert fits.call_count == 1


def test_the_oldest_of_all_that_fit_hits() -> None:
    faults = Faults()
    for line in ("any 500", "GET /v1/** 501", "findBusinessUnit 502", "any 503"):
        faults.arm(parse(line), 0.0)
    assert [hit(faults) for _ in range(5)] == [1, 2, 3, 4, None]
    assert not faults


def test_a_fault_is_gone_when_its_time_is_over_or_it_is_taken_away() -> None:
    faults = Faults()
    faults.arm(parse("findBusinessUnit 500 for 5m"), 0.0)
    faults.arm(parse("findBusinessUnit,createEmailInvitations 500 always"), 0.0)
    assert hit(faults, now=299.0) == 1
    assert hit(faults, now=300.0) == 2
    kept = Faults(faults.state())
    assert hit(kept, now=300.0) == 2
    assert kept.disarm(2)
    assert not kept.disarm(2)
    assert hit(kept, now=300.0) is None


def test_a_sandbox_has_so_many_faults_and_no_more() -> None:
    faults = Faults()
    for _ in range(FAULTS):
        faults.arm(parse("any 500 for 5m"), 0.0)
    with pytest.raises(TooManyFaultsError):
        faults.arm(parse("any 500"), 299.0)
    assert faults.arm(parse("any 500"), 300.0).id == FAULTS + 1
