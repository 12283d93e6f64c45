"""The scheduler in real time: time passes without a call to the clock."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count

import pytest
from tpmock.core.clock import Clock
from tpmock.core.timeline import Due, Timeline, Work
from tpmock.sandbox.scheduler import MAX_RUNNING, Scheduler
from tpmock.sandbox.ticker import Ticker

#: A loaded machine may be this late, in real seconds; the defect that this guards against is late for ever.
PATIENCE = 5.0


@dataclass
class Host:
    """A sandbox with nothing in it but time.

    :ivar performed: subject and moment of each entry of the present timeline, in order
    :ivar early: subjects of entries that were performed before their moment
    """

    ticker: Ticker
    executor: ThreadPoolExecutor
    flight: Callable[[str], Work | None] = lambda _: None
    id: str = "model"
    lock: threading.RLock = field(default_factory=threading.RLock)
    clock: Clock = field(default_factory=Clock)
    performed: list[tuple[str, float]] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    most_flights: int = 0

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self, self.executor, self.ticker)
        self.timeline = Timeline(self.scheduler.changed)

    def perform(self, due: Due) -> Work | None:
        self.performed.append((due.subject, due.moment))
        if self.clock.now() < due.moment:
            self.early.append(due.subject)
        work = self.flight(due.subject)
        return None if work is None else self._counted(work)

    def _counted(self, work: Work) -> Work:
        timeline = self.timeline

        def counted() -> None:
            with self.lock:
                self.most_flights = max(self.most_flights, timeline.running)
            work()

        return counted

    def note_change(self) -> None:
        pass

    def at(self, wait: float, subject: str) -> None:
        with self.lock:
            self.timeline.at(self.clock.now() + wait, "act", subject)

    def reset(self) -> None:
        with self.scheduler.paused(), self.lock:
            self.timeline = Timeline(self.scheduler.changed)
            self.performed = []
            self.scheduler.begin_anew()


@pytest.fixture
def ticker() -> Iterator[Ticker]:
    ticker = Ticker()
    ticker.start()
    yield ticker
    ticker.stop()


@pytest.fixture
def host(ticker: Ticker) -> Iterator[Host]:
    with ThreadPoolExecutor(4 * MAX_RUNNING) as executor:
        host = Host(ticker, executor)
        yield host
        host.scheduler.close()


def until(condition: Callable[[], bool]) -> None:
    ending = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ending, "time stopped"
        time.sleep(0.002)


def test_what_full_flights_leave_behind_is_performed_by_itself(host: Host) -> None:
    """A batch of orders: more deliveries than may be in flight, each of which schedules an email for later."""
    together = threading.Barrier(MAX_RUNNING)

    def flight(subject: str) -> Work | None:
        if not subject.startswith("delivery"):
            return None

        def work() -> None:
            if int(subject.partition(" ")[2]) < MAX_RUNNING:
                together.wait(PATIENCE)
            host.at(0.05, f"email {subject}")

        return work

    host.flight = flight
    with host.lock:
        for number in range(MAX_RUNNING + 2):
            host.at(0, f"delivery {number}")
    until(lambda: len(host.performed) == 2 * (MAX_RUNNING + 2))
    assert host.most_flights <= MAX_RUNNING


def test_what_comes_due_while_a_snapshot_is_taken_is_performed_afterwards(host: Host) -> None:
    with host.scheduler.paused():
        host.at(0, "due")
        host.at(0.01, "soon")
        assert host.scheduler.tick() is None
    until(lambda: [subject for subject, _ in host.performed] == ["due", "soon"])


def test_a_clock_that_runs_on_performs_what_was_passed_over(host: Host) -> None:
    host.scheduler.freeze()
    host.at(0.02, "later")
    assert host.scheduler.tick() is None
    assert host.performed == []
    host.scheduler.resume()
    until(lambda: [subject for subject, _ in host.performed] == ["later"])


def test_an_entry_that_fails_stops_neither_the_next_nor_the_log(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    def flight(subject: str) -> Work | None:
        if subject == "bad":
            raise ZeroDivisionError

        def work() -> None:
            if subject == "bad flight":
                raise ZeroDivisionError

        return work

    host.flight = flight
    with caplog.at_level(logging.ERROR), host.lock:
        for subject in ("bad", "bad flight", "good"):
            host.at(0, subject)
    until(lambda: len(host.performed) == 3 and host.timeline.in_flight == 0)
    until(lambda: len(caplog.records) == 2)
    assert {record.exc_info is not None for record in caplog.records} == {True}


def test_the_watchdog_says_what_is_late_and_why(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()

    def hold() -> None:
        release.wait(PATIENCE)

    host.flight = lambda _: hold
    with caplog.at_level(logging.WARNING), host.lock:
        for number in range(MAX_RUNNING + 1):
            host.at(0, str(number))
    until(lambda: any(f"{MAX_RUNNING} requests" in record.message for record in caplog.records))
    assert host.scheduler.overdue() > 1
    release.set()
    until(lambda: len(host.performed) == MAX_RUNNING + 1)
    assert host.scheduler.overdue() == 0


def test_a_system_clock_that_is_set_forward_is_noticed() -> None:
    ahead = [0.0]
    ticker = Ticker(system=lambda: time.time() + ahead[0])
    ticker.start()
    with ThreadPoolExecutor(1) as executor:
        host = Host(ticker, executor, clock=Clock(lambda: time.time() + ahead[0]))
        host.at(3600, "in an hour")
        ahead[0] = 3601.0
        until(lambda: len(host.performed) == 1)
    ticker.stop()


def test_a_sandbox_that_is_gone_performs_nothing(host: Host) -> None:
    host.at(0.02, "never")
    host.scheduler.close()
    host.at(0.0, "never either")
    host.scheduler.perform_due()
    assert host.scheduler.tick() is None
    assert host.performed == []


class Life:
    """Threads schedule, freeze, advance, reset, settle and take snapshots in a host, at random.

    :ivar scheduled: every entry with the timeline it is in
    """

    def __init__(self, host: Host, seed: int) -> None:
        self.host = host
        self.scheduled: list[tuple[Timeline, str]] = []
        self._numbers = count()
        self._rolls = [random.Random(f"{seed}/{thread}") for thread in range(3)]  # noqa: S311 - no secrets
        host.flight = self._flight

    def _flight(self, subject: str) -> Work | None:
        number = int(subject)
        if number % 3 == 0:
            return None

        def work() -> None:
            time.sleep(number % 3 * 0.002)
            if number % 6 == 5:
                self.schedule(0.01)

        return work

    def schedule(self, wait: float) -> None:
        with self.host.lock:
            subject = str(next(self._numbers))
            self.scheduled.append((self.host.timeline, subject))
            self.host.at(wait, subject)

    def _snapshot(self) -> None:
        with self.host.scheduler.paused():
            self.host.scheduler.wait_until_idle()

    def _live(self, rolls: random.Random) -> None:
        scheduler = self.host.scheduler
        actions: dict[Callable[[], object], float] = {
            lambda: self.schedule(rolls.choice((0, 0, 0.001, 0.02, 0.05))): 0.80,
            scheduler.freeze: 0.06,
            scheduler.resume: 0.06,
            lambda: scheduler.advance(rolls.choice((0.001, 0.03))): 0.03,
            lambda: scheduler.settle(0.01): 0.02,
            self._snapshot: 0.015,
            self.host.reset: 0.015,
        }
        ending = time.monotonic() + 0.6
        while time.monotonic() < ending:
            rolls.choices(list(actions), list(actions.values()))[0]()
            time.sleep(rolls.choice((0, 0, 0.001, 0.004)))

    def run(self) -> None:
        """Send requests, and let the clock run when no request is left."""
        threads = [threading.Thread(target=self._live, args=(rolls,)) for rolls in self._rolls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.host.scheduler.resume()


@pytest.mark.parametrize("seed", range(6))
def test_a_random_life_against_the_model(host: Host, seed: int) -> None:
    """Each entry of the last timeline is performed once, in order, not before its moment, without anybody's help."""
    life = Life(host, seed)
    life.run()
    until(lambda: host.timeline.next is None and host.timeline.in_flight == 0)
    mine = [subject for timeline, subject in life.scheduled if timeline is host.timeline]
    assert sorted(subject for subject, _ in host.performed) == sorted(mine)
    moments = [moment for _, moment in host.performed]
    assert moments == sorted(moments)
    assert host.early == []
    assert host.most_flights <= MAX_RUNNING
