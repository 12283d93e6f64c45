"""Traces: what belongs together, in bounded memory, as plain records."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from tpmock.journal.erasure import Person, Redactor
from tpmock.journal.traces import (
    FIRST_STEPS,
    KEYS,
    LONGEST_KEY,
    LONGEST_TEXT,
    STEPS,
    TRACES,
    Step,
    Trace,
    Traces,
    TracesState,
    kinds,
)


@pytest.fixture
def traces() -> Traces:
    return Traces(lambda: 7.0)


def test_a_key_stays_with_the_first_that_had_it(traces: Traces) -> None:
    first, second = traces.begin("orderId:1", "messageId:a"), traces.begin("orderId:1", "messageId:b")
    assert [traces.find(key) for key in ("orderId:1", "messageId:a", "messageId:b")] == [first, first, second]


def test_a_call_stands_before_what_it_caused_though_it_is_noted_when_it_ends(traces: Traces) -> None:
    trace = traces.begin("orderId:1")
    opened = traces.next_number()
    traces.note(trace, "invitation-queued", "orderId", "i", "service", 1.0, None)
    traces.note_exchange(trace, Step(opened, 7.0, "call", "cause", 1, (None, "POST", "/", 202, None, None)))
    kept = traces.get(trace)
    assert kept is not None
    assert [step.what for step in kept.in_order()] == ["call", "invitation-queued"]


def test_the_oldest_traces_go_with_their_keys(traces: Traces) -> None:
    names = [traces.begin(f"orderId:{number}") for number in range(TRACES + 2)]
    assert traces.get(names[1]) is None
    assert traces.find("orderId:1") is None
    assert traces.find("orderId:2") == names[2]
    assert len(traces.newest()) == TRACES
    traces.note(names[0], "not-connected", "messageId", "x")
    traces.also(names[0], "orderId:0")
    assert traces.find("orderId:0") is None


def test_of_many_steps_the_first_and_the_newest_are_kept(traces: Traces) -> None:
    trace = traces.begin("orderId:1")
    for number in range(STEPS + 50):
        traces.note(trace, "not-connected", "messageId", number)
    kept = traces.get(trace)
    assert kept is not None
    assert [step.facts[0] for step in kept.steps] == [*range(FIRST_STEPS), *range(FIRST_STEPS + 50, STEPS + 50)]
    assert kept.dropped == 50


def test_of_many_keys_the_first_and_the_newest_are_kept(traces: Traces) -> None:
    trace = traces.begin("orderId:1")
    for number in range(KEYS + 5):
        traces.also(trace, f"messageId:{number}")
    kept = traces.get(trace)
    assert kept is not None
    assert len(kept.keys) == KEYS
    assert kept.keys[0] == "orderId:1"
    assert traces.find("messageId:0") is None
    assert traces.find(f"messageId:{KEYS + 4}") == trace


def test_long_texts_are_cut_and_long_keys_are_none(traces: Traces) -> None:
    trace = traces.begin("orderId:" + "1" * LONGEST_KEY)
    traces.note(trace, "not-connected", "messageId", "x" * 10_000)
    kept = traces.get(trace)
    assert kept is not None
    assert kept.keys == []
    assert len(str(kept.steps[0].facts[0])) == LONGEST_TEXT


def test_what_is_computed_from_a_trace_is_computed_again_after_a_change(traces: Traces) -> None:
    name = traces.begin("orderId:1")
    computed: list[str] = []

    def length(trace: Trace) -> str:
        computed.append(f"{len(trace.keys)} keys, {len(trace.steps)} steps")
        return computed[-1]

    def change_and_look(change: Callable[[], object]) -> str:
        change()
        trace = traces.get(name)
        assert trace is not None
        return [traces.computed(trace, length) for _ in range(2)][1]

    person = Person(addresses=frozenset({"ada@example.com"}))
    seen = [
        change_and_look(lambda: None),
        change_and_look(lambda: traces.note(name, "not-connected", "messageId", "ada@example.com")),
        change_and_look(lambda: traces.also(name, "messageId:a")),
        change_and_look(
            lambda: traces.note_exchange(name, Step(9, 7.0, "call", "cause", 1, (None, "POST", "/", 202, None, None)))
        ),
    ]
    assert seen == ["1 keys, 0 steps", "1 keys, 1 steps", "2 keys, 1 steps", "2 keys, 2 steps"]
    assert len(computed) == len(seen)
    change_and_look(lambda: traces.erase(Redactor(person), []))
    assert len(computed) == len(seen) + 1
    for number in range(TRACES):
        traces.begin(f"orderId:more-{number}")
    assert traces.get(name) is None
    assert name not in traces._computed


def test_one_delivery_alone_is_known_by_its_number(traces: Traces) -> None:
    trace = traces.begin("messageId:a")
    number = traces.next_number()
    seen = [(traces.lone_flight, traces.trace_in_flight(number))]
    traces.flight_started(number, trace)
    seen.append((traces.lone_flight, traces.trace_in_flight(number)))
    traces.flight_finished(number)
    seen.append((traces.lone_flight, traces.trace_in_flight(number)))
    assert seen == [(None, None), (number, trace), (None, None)]


def test_of_two_in_flight_none_is_meant(traces: Traces) -> None:
    first, second = traces.begin("messageId:a"), traces.begin("messageId:b")
    traces.flight_started(1, first)
    traces.flight_started(2, second)
    assert traces.lone_flight is None
    assert traces.trace_in_flight(1) is None


def test_something_else_that_is_under_way_makes_it_unsure_too(traces: Traces) -> None:
    traces.flight_started(1, traces.begin("messageId:a"))
    traces.flight_started(2, None)
    assert traces.lone_flight is None


def test_traces_are_what_they_were_when_they_are_brought_back(traces: Traces) -> None:
    trace = traces.begin("orderId:1", "messageId:a")
    traces.note(trace, "invitation-queued", "orderId", "i", "service", 1.5, None)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(traces.state()), type=TracesState)
    again = Traces(lambda: 9.0, kept)
    assert again.get(trace) == traces.get(trace)
    assert again.find("messageId:a") == trace
    assert again.begin() not in (trace, None)
    before = kept.traces[0].steps[-1].number
    assert again.next_number() > before


def test_keys_are_told_by_kind() -> None:
    assert kinds(["orderId:1:2", "messageId:a", "messageId:b"]) == {"orderId": ["1:2"], "messageId": ["a", "b"]}
