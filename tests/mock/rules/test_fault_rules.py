"""Which call a fault applies to, how often, and until when."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from tpmock.faults import Exchange, Faults
from tpmock.faults.effects import usual
from tpmock.faults.grammar import parse
from tpmock.faults.model import FaultHit, Match, Script, as_text, member

STATUS: Final = usual("status", 500)


def exchange(
    operation: str = "findBusinessUnit",
    method: str = "GET",
    path: str = "/v1/business-units/find",
    headers: dict[str, str] | None = None,
    body: Any = None,
    room: str = "trustpilot",
) -> Exchange:
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    return Exchange(operation, room, method, path, lambda name: sent.get(name.lower(), ""), lambda: body)  # type: ignore[arg-type]


def hit(faults: Faults, call: Exchange | None = None, now: float = 0.0, roll: float = 0.0) -> int | None:
    found = faults.hit(call or exchange(), now, lambda: roll)
    return None if found is None else found.fault


def armed(*lines: str) -> Faults:
    faults = Faults()
    for line in lines:
        faults.arm(parse(line), 0.0)
    return faults


# --- how often --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "hits"),
    [
        ("find 500", [1, 0, 0, 0, 0]),
        ("find 500 x1", [1, 0, 0, 0, 0]),
        ("find 500 x2", [1, 1, 0, 0, 0]),
        ("find 500 x3 then ok", [1, 1, 1, 0, 0]),
        ("find 500 always", [1, 1, 1, 1, 1]),
        ("find 500 from 1", [1, 0, 0, 0, 0]),
        ("find 500 from 2", [0, 1, 0, 0, 0]),
        ("find 500 x2 from 3", [0, 0, 1, 1, 0]),
        ("find 500 always from 4", [0, 0, 0, 1, 1]),
        ("find 500 for 1h", [1, 1, 1, 1, 1]),
        ("find 500 x2 for 1h", [1, 1, 0, 0, 0]),
    ],
)
def test_how_often_a_fault_applies(line: str, hits: list[int]) -> None:
    faults = armed(line)
    assert [int(hit(faults) is not None) for _ in hits] == hits


def test_a_fault_counts_its_calls_and_its_hits() -> None:
    faults = armed("find 500 x3 from 2")
    seen = []
    for _ in range(3):
        hit(faults)
        [fault] = faults.armed(0.0)
        seen.append((fault.seen, fault.struck, fault.remaining))
    assert seen == [(1, 0, 3), (2, 1, 2), (3, 2, 1)]
    hit(faults)
    assert faults.armed(0.0) == []
    assert not faults


def test_a_fault_without_a_limit_has_no_remaining_count() -> None:
    faults = armed("find 500 always")
    hit(faults)
    assert faults.armed(0.0)[0].remaining is None
    assert bool(faults)


def test_calls_that_do_not_match_are_not_counted() -> None:
    faults = armed("find 500 from 2")
    assert hit(faults, exchange("track", "POST", "/v1/track", room="segment-tracking")) is None
    assert hit(faults) is None
    assert hit(faults) == 1


def test_each_fault_counts_a_call_to_which_another_one_applies() -> None:
    faults = armed("find 500 x2", "find 501 from 3")
    assert [hit(faults) for _ in range(4)] == [1, 1, 2, None]


def test_a_fault_whose_turn_has_not_come_leaves_the_call_to_the_next() -> None:
    assert [hit(armed("find 500 from 9", "find 501")), hit(armed("find 500 1%", "find 501"), roll=0.5)] == [2, 2]


@pytest.mark.parametrize(("roll", "applies"), [(0.0, True), (0.249, True), (0.25, False), (0.99, False)])
def test_a_chance_is_a_share_of_the_calls(roll: float, *, applies: bool) -> None:
    assert (hit(armed("find 500 25%"), roll=roll) is not None) is applies


def test_a_call_that_chance_spares_uses_up_no_hit() -> None:
    faults = armed("find 500 x1 50%")
    assert [hit(faults, roll=roll) for roll in (0.9, 0.9, 0.1, 0.1)] == [None, None, 1, None]


def test_no_random_number_is_drawn_for_a_certain_fault() -> None:
    rolls: list[float] = []
    faults = armed("find 500 always")
    faults.hit(exchange(), 0.0, lambda: rolls.append(0.0) or 0.0)  # type: ignore[func-returns-value]
    assert rolls == []


# --- until when -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("now", "applies"), [(0.0, True), (299.999, True), (300.0, False), (300.001, False)])
def test_a_fault_expires_at_its_moment(now: float, *, applies: bool) -> None:
    faults = armed("find 500 for 5m")
    assert (hit(faults, now=now) is not None) is applies
    assert len(faults.armed(now)) == int(applies)


def test_the_time_runs_from_the_adding() -> None:
    faults = Faults()
    fault = faults.arm(parse("find 500 for 5m"), 1_000.0)
    assert fault.expires_at == 1_300.0
    assert hit(faults, now=1_299.0) == 1
    assert hit(faults, now=1_300.0) is None


def test_faults_expire_in_the_order_of_their_ends_whatever_the_order_of_adding() -> None:
    faults = armed("find 500 for 3m", "find 501 for 1m", "find 502 for 2m", "find 503 always")
    assert [[fault.id for fault in faults.armed(now)] for now in (0.0, 60.0, 120.0, 180.0)] == [
        [1, 2, 3, 4],
        [1, 3, 4],
        [1, 4],
        [4],
    ]


def test_numbers_are_never_given_twice() -> None:
    faults = armed("find 500", "find 501")
    assert faults.disarm(2)
    assert faults.arm(parse("find 502"), 0.0).id == 3
    assert Faults(faults.state()).arm(parse("find 503"), 0.0).id == 4
    faults.clear()
    assert faults.armed(0.0) == []
    assert faults.arm(parse("find 504"), 0.0).id == 4


def test_a_saved_state_has_counts_and_ends() -> None:
    faults = armed("find 500 x3 from 2 for 5m")
    hit(faults)
    hit(faults)
    again = Faults(faults.state())
    [fault] = again.armed(0.0)
    assert (fault.seen, fault.struck, fault.expires_at) == (2, 1, 300.0)
    assert hit(again, now=300.0) is None


# --- by address -------------------------------------------------------------------------------------------------------


def test_an_address_has_its_own_count() -> None:
    faults = Faults()

    def by(address: str, count: int | None) -> FaultHit | None:
        return faults.hit_by_address(address, STATUS, count)

    assert [by("a@example.com", 2) is not None for _ in range(4)] == [True, True, False, False]
    assert by("b@example.com", 2) is not None
    assert all(by("c@example.com", None) is not None for _ in range(5))
    again = Faults(faults.state())
    assert again.hit_by_address("a@example.com", STATUS, 2) is None
    assert again.hit_by_address("b@example.com", STATUS, 2) is not None
    assert again.hit_by_address("b@example.com", STATUS, 2) is None
    found = by("c@example.com", None)
    assert found == FaultHit(None, STATUS, "Fault by the address c@example.com")


# --- which calls ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(), True),
        (Match(operations=("findBusinessUnit",)), True),
        (Match(operations=("track", "findBusinessUnit")), True),
        (Match(operations=("track",)), False),
        (Match(method="GET"), True),
        (Match(method="POST"), False),
        (Match(path="/v1/business-units/find"), True),
        (Match(path="/v1/*/find"), True),
        (Match(path="/v1/*"), False),
        (Match(path="/v1/**"), True),
        (Match(headers=(("X-Shop", "7"),)), True),
        (Match(headers=(("x-shop", "7"),)), True),
        (Match(headers=(("X-Shop", "8"),)), False),
        (Match(headers=(("X-Shop", "7"), ("X-Other", "1"))), False),
        (Match(headers=(("X-Missing", ""),)), True),
        (Match(body=(("order.id", "1001"),)), True),
        (Match(body=(("/order/id", "1001"),)), True),
        (Match(body=(("order.id", "1002"),)), False),
        (Match(body=(("order.id", "1001"), ("order.missing", "x"))), False),
        (Match(method="GET", path="/v2/**"), False),
        (Match(operations=("findBusinessUnit",), method="POST"), False),
    ],
)
def test_all_parts_of_a_match_must_fit(match: Match, *, fits: bool) -> None:
    faults = Faults()
    faults.arm(Script(match=match, effect=STATUS), 0.0)
    call = exchange(headers={"X-Shop": "7"}, body={"order": {"id": 1001}})
    assert (hit(faults, call) is not None) is fits


@pytest.mark.parametrize(
    ("line", "call", "fits"),
    [
        ("any 500", exchange(), True),
        ("any 500", exchange("track", "POST", "/v1/track", room="segment-tracking"), True),
        # What goes out is hit only by its name.
        ("any 500", exchange("deliver", "POST", "/", room="out"), False),
        ("any token-revoked", exchange(headers={"Authorization": "Bearer t"}), True),
        ("any token-revoked", exchange(headers={"Authorization": "BEARER t"}), True),
        ("any token-revoked", exchange(headers={"Authorization": "Basic t"}), False),
        ("any token-revoked", exchange(), False),
    ],
)
def test_which_rooms_and_callers_a_kind_applies_to(line: str, call: Exchange, *, fits: bool) -> None:
    assert (hit(armed(line), call) is not None) is fits


def test_a_body_is_read_only_by_a_match_that_needs_it() -> None:
    def unread() -> Any:
        raise AssertionError

    call = Exchange("findBusinessUnit", "trustpilot", "GET", "/", lambda _: "", unread)
    assert hit(armed("find 500"), call) == 1
    with pytest.raises(AssertionError):
        hit(armed("find 500 where a=b"), call)


BODY: Final = {"a": {"b": [{"c": 1}, "x"]}, "a/b": 2, "m~n": 3, "0": "zero", "none": None}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b.0.c", 1),
        ("a.b.1", "x"),
        ("a.b.2", None),
        ("a.b.-1", None),
        ("a.b.c", None),
        ("a.b.0.c.d", None),
        ("0", "zero"),
        ("missing", None),
        ("/a/b/0/c", 1),
        ("/a~1b", 2),
        ("/m~0n", 3),
        ("/none", None),
        ("/a/b", [{"c": 1}, "x"]),
    ],
)
def test_a_member_by_its_path(path: str, found: Any) -> None:
    assert member(BODY, path) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        ("", ""),
        (7, "7"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_a_scalar_is_compared_as_text(value: Any, text: str | None) -> None:
    assert as_text(value) == text
    assert text is None or isinstance(value, str) or json.loads(text) == value
