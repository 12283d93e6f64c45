"""Integration keys cannot be guessed one after the other, and guesses lock out no other caller."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.messages import Refusal, refuse
from tpmock.destination.service import key_guesses
from tpmock.destination.service.key_guesses import ADDRESSES, AT_ONCE, FREE, KEYS, KeyGuesses, network_of
from tpmock.destination.web.app import create_app

from tests.destination.conftest import KEY, Clock, StubTrustpilot, Subject, order_completed


@pytest.fixture
def guesses(clock: Clock) -> KeyGuesses:
    return KeyGuesses(clock)


def tried(guesses: KeyGuesses, key: str, *, right: bool = False, address: str = "192.0.2.1") -> str:
    """What becomes of a key: ``right``, ``wrong-key``, or ``too-many-keys`` without a look."""
    try:
        with guesses.trying(address, key):
            if not right:
                raise refuse("wrong-key")
    except Refusal as refusal:
        return refusal.reply.name
    return "right"


def wait_of(guesses: KeyGuesses, key: str) -> int | None:
    with pytest.raises(Refusal) as refused, guesses.trying("192.0.2.1", key):
        raise refuse("wrong-key")
    return refused.value.reply.wait


def test_an_address_that_guesses_is_refused_for_longer_and_longer(guesses: KeyGuesses, clock: Clock) -> None:
    assert {tried(guesses, f"guess {number}") for number in range(FREE)} == {"wrong-key"}
    waits = []
    for number in range(12):
        assert tried(guesses, f"more {number}", right=True) == "too-many-keys"
        waits.append(wait_of(guesses, f"more {number}"))
        clock.time += waits[-1] or 0
        assert tried(guesses, f"more {number}") == "wrong-key"
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    clock.time += key_guesses.FORGIVEN_AFTER + 1
    assert {tried(guesses, f"later {number}") for number in range(FREE)} == {"wrong-key"}


def test_the_same_wrong_key_again_is_no_guess(guesses: KeyGuesses) -> None:
    assert {tried(guesses, "a forgotten setting") for _ in range(10 * FREE)} == {"wrong-key"}
    assert tried(guesses, "another") == "wrong-key"
    for number in range(FREE):
        tried(guesses, f"guess {number}")
    # That one is looked up still: it may be right meanwhile.
    assert tried(guesses, f"guess {FREE - 3}", right=True) == "right"


def test_a_key_that_was_right_is_not_refused_whoever_guesses_beside_it(guesses: KeyGuesses) -> None:
    assert tried(guesses, KEY, right=True) == "right"
    for number in range(FREE + 5):
        tried(guesses, f"guess {number}")
    assert tried(guesses, KEY, right=True) == "right"
    assert tried(guesses, "never seen", right=True) == "too-many-keys"
    assert tried(guesses, "never seen", right=True, address="192.0.2.2") == "right"


def test_many_guesses_at_the_same_time_are_no_way_around_it(guesses: KeyGuesses) -> None:
    looking, done = threading.Semaphore(0), threading.Event()

    def guess(number: int) -> None:
        with suppress(Refusal), guesses.trying("192.0.2.1", f"guess {number}"):
            looking.release()
            done.wait(30)
            raise refuse("wrong-key")

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert looking.acquire(timeout=30)
    assert wait_of(guesses, "one more") == 1
    done.set()
    for thread in threads:
        thread.join(30)
    assert tried(guesses, "one more") == "wrong-key"


def test_a_key_that_could_not_be_looked_up_counts_as_nothing(guesses: KeyGuesses) -> None:
    for number in range(3 * FREE):
        with suppress(OSError), guesses.trying("192.0.2.1", f"key {number}"):
            raise OSError
    assert tried(guesses, "another") == "wrong-key"


def test_what_is_remembered_is_bounded(guesses: KeyGuesses) -> None:
    for number in range(ADDRESSES + 10):
        tried(guesses, "key", address=f"address {number}")
    for number in range(3 * KEYS):
        tried(guesses, f"key {number}", right=True, address="one")
    assert len(guesses._callers) == ADDRESSES
    assert len(guesses._callers["one"].good) == KEYS


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_an_ipv6_caller_is_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def guess_until_refused(subject: Subject, path: str = "/") -> int:
    """How many keys were looked up."""
    for number in range(2 * FREE):
        answer = subject.post(order_completed(), key=f"guess number {number}", path=path)
        if answer.status_code == 429:
            assert 1 <= int(answer.headers["Retry-After"]) <= 300
            return number
        assert answer.status_code == 401
    return 2 * FREE


@pytest.mark.parametrize("path", ["/", "/v1/events", "/actions/connect", "/actions/authorize", "/actions/disconnect"])
def test_every_place_that_takes_a_key_is_guarded(subject: Subject, trustpilot: StubTrustpilot, path: str) -> None:
    assert guess_until_refused(subject, path) == FREE
    assert trustpilot.calls == []


def test_an_event_whose_key_was_right_before_is_taken_all_the_time(subject: Subject) -> None:
    assert subject.post(order_completed(1)).status_code == 200
    guess_until_refused(subject)
    assert subject.post(order_completed(2)).status_code == 200


@pytest.fixture
def behind_a_proxy(settings: DestinationSettings) -> Iterator[Subject]:
    made = Subject(create_app(replace(settings, proxy_hops=1)))
    yield made
    made.close()


def test_behind_a_proxy_each_caller_is_its_own_address(behind_a_proxy: Subject) -> None:
    def status(address: str, key: str) -> int:
        # What a caller claims itself stands before what the proxy appends.
        forwarded = {"X-Forwarded-For": f"198.51.100.{len(key)}, {address}"}
        return behind_a_proxy.post(order_completed(), key=key, headers=forwarded).status_code

    statuses = [status("192.0.2.1", "x" * number) for number in range(1, FREE + 2)]
    assert statuses == [401] * FREE + [429]
    assert status("192.0.2.2", KEY) == 200


def test_without_a_proxy_nobody_can_claim_another_address(subject: Subject) -> None:
    statuses = [
        subject.post(order_completed(), key=f"guess {number}", headers={"X-Forwarded-For": f"192.0.2.{number}"})
        for number in range(FREE + 1)
    ]
    assert [answer.status_code for answer in statuses] == [401] * FREE + [429]
