"""Node.js under our hands: long-lived, alone with one call, and dead when it does not come to an end."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator

import pytest

from mockserver.functions.runner import CHILDREN, Call, NodeRunner


@pytest.fixture
def runner() -> Iterator[NodeRunner]:
    made = NodeRunner(shutil.which("node"))
    yield made
    made.close()


def test_a_process_lives_on_and_keeps_what_the_code_keeps(runner: NodeRunner) -> None:
    code = "let calls = 0; function onTrack(event, settings) { calls += 1; return { calls, event, settings } }"
    for number in (1, 2, 3):
        outcome = runner.run(Call(code, "onTrack", {"n": number}, {"key": "k"}), 5)
        assert outcome.value == {"calls": number, "event": {"n": number}, "settings": {"key": "k"}}


def test_two_codes_know_nothing_of_each_other(runner: NodeRunner) -> None:
    first = "var secret = 'mine'; globalThis.shared = secret; function onTrack() { return secret }"
    second = "function onTrack() { return typeof secret + typeof shared }"
    assert runner.run(Call(first, "onTrack"), 5).value == "mine"
    assert runner.run(Call(second, "onTrack"), 5).value == "undefinedundefined"


def test_nothing_of_our_own_environment_gets_there(runner: NodeRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TPMOCK_TEST_SECRET", "hidden")
    outcome = runner.run(Call("function onTrack() { return typeof process + typeof require }", "onTrack"), 5)
    assert outcome.value == "undefinedundefined"


@pytest.mark.parametrize(
    "body",
    ["while (true) {}", "return new Promise(() => {})", "return Promise.resolve().then(() => { while (true) {} })"],
)
def test_what_does_not_end_is_ended_and_the_next_call_works(runner: NodeRunner, body: str) -> None:
    slow = runner.run(Call(f"function onTrack() {{ {body} }}", "onTrack"), 0.3)
    assert slow.error == "Timeout"
    assert slow.milliseconds < 3_000
    assert runner.run(Call("function onTrack() { return 1 }", "onTrack"), 5).value == 1


def test_one_that_eats_all_memory_dies_alone(runner: NodeRunner) -> None:
    greedy = "function onTrack() { const all = []; for (;;) all.push(new Array(1e6).fill(1)) }"
    outcome = runner.run(Call(greedy, "onTrack"), 20)
    assert outcome.error is not None
    assert runner.run(Call("function onTrack() { return 1 }", "onTrack"), 5).value == 1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("throw null", "Error"),
        ("throw 'words'", "Error"),
        ("throw { name: 'RetryError', message: 'later' }", "RetryError"),
        ("const a = {}; a.a = a; return a", "Error"),
        ("return 1n", "Error"),
        ("setTimeout(() => { throw new Error('late') }, 1); return new Promise((done) => setTimeout(done, 20))", None),
        ("Promise.reject(new Error('nobody waits'))", None),
        ("return undefined", None),
    ],
)
def test_whatever_is_thrown_or_given_back_is_an_outcome(runner: NodeRunner, body: str, error: str | None) -> None:
    assert runner.run(Call(f"function onTrack() {{ {body} }}", "onTrack"), 5).error == error


def test_the_console_is_kept_up_to_four_kilobytes(runner: NodeRunner) -> None:
    code = "function onTrack() { console.log('first', { a: 1 }); console.error('x'.repeat(9999)) }"
    outcome = runner.run(Call(code, "onTrack"), 5)
    assert outcome.console.startswith('first {"a":1}\nxxx')
    assert len(outcome.console) == 4096


def test_more_calls_than_processes_take_turns(runner: NodeRunner) -> None:
    code = "async function onTrack(n) { await new Promise((done) => setTimeout(done, 20)); return n }"
    values: list[int] = []
    threads = [
        threading.Thread(target=lambda n=number: values.append(runner.run(Call(code, "onTrack", n), 10).value))
        for number in range(4 * CHILDREN)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(values) == list(range(4 * CHILDREN))


def test_a_node_that_cannot_be_run_says_so() -> None:
    runner = NodeRunner("/nonexistent/node")
    assert runner.run(Call("function onTrack() {}", "onTrack"), 5).error == "Unavailable"
    runner.close()
