"""Runs cases against a subject and yields what happens.

Cases run side by side, each group of them in a sandbox with a subject of its own, so that nobody disturbs anybody.
Within a group one subject and one sandbox serve case after case: tokens live on, as they do in life. Cases keep apart
by order ids of their own, by positions in the journal, and by taking back their faults and variants. After a breach,
and for a case that asks for it, both are made anew. Which case is in which group follows from its place in the list
and from nothing else, so that a run can be repeated.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from contracts.kit import claims
from contracts.kit.cases import Case
from contracts.kit.expectations import Expectation, weighed
from contracts.kit.findings import Outcome, Result, result_of
from contracts.kit.mock import ControlApi, MockGoneError, MockRefusedError, NoRestError
from contracts.kit.place import Place, SubjectCannotStartError, cannot_start, open_place, play, restless
from contracts.kit.processes import CannotStartError, end_all
from contracts.kit.run_events import CaseFinished, CaseStarted, RunEvent, RunFinished, RunStarted
from contracts.kit.steps import NotApplicableError, NotRunError
from contracts.kit.subjects import ApiSubject, Subject
from contracts.kit.transcript import written

# More groups than this start more subjects than they save time.
_MOST_GROUPS = 4
_WORTH_A_GROUP = 8


@dataclass(slots=True)
class _Group:
    """Some cases of a run, one after the other, in a place of their own."""

    run: Run
    subject: Subject
    name: str
    cases: Sequence[tuple[Case, Future[Outcome]]]
    place: Place | None = None
    opened: int = 0

    def play(self) -> None:
        """Every outcome is set in the end, whatever happens."""
        try:
            for case, told in self.cases:
                told.set_result(self._outcome(case))
        except BaseException as problem:  # noqa: BLE001 - whoever waits for an outcome raises it
            for _, told in self.cases:
                if not told.done():
                    told.set_exception(problem)
        finally:
            self._leave()

    def _outcome(self, case: Case) -> Outcome:
        """What a case comes to. A run that is impossible ends here, for this case and all that follow."""
        lacking = claims.missing(case.needs, self.subject.claims)
        if self.run.ended is not None or lacking:
            return self.run.ended or Outcome(result=Result.NOT_APPLICABLE, reason=lacking)
        started = time.perf_counter()
        try:
            outcome = self._judged(case)
        except SubjectCannotStartError as problem:
            return self.run.end(str(problem), Outcome(result=Result.FAILED, findings=(cannot_start(problem),)))
        except (CannotStartError, MockGoneError) as problem:
            return self.run.end(str(problem), Outcome(result=Result.NOT_RUN, reason=str(problem)))
        except (NotRunError, MockRefusedError) as problem:
            outcome = Outcome(result=Result.NOT_RUN, reason=str(problem))
        except NoRestError as problem:
            outcome = Outcome(result=Result.FAILED, findings=(restless(problem),))
        except NotApplicableError as problem:
            outcome = Outcome(result=Result.NOT_APPLICABLE, reason=str(problem))
        if outcome.result not in {Result.PASSED, Result.NOT_APPLICABLE}:
            self._leave()
        return replace(outcome, milliseconds=_since(started))

    def _judged(self, case: Case) -> Outcome:
        place = self._enter(case)
        findings, seen = play(case, place, self.run.seed)
        result = result_of(findings)
        if place.sandbox.unfinished():
            self._leave()
        exchanges = seen.exchanges() if result is not Result.PASSED else ()
        outcome = Outcome(result=result, findings=findings, exchanges=exchanges)
        return written(outcome, seen, place.sandbox.api.url, place.subject.url)

    def _enter(self, case: Case) -> Place:
        """The place for a case: the one of the case before, unless the case asks for a new one."""
        run = self.run
        if (case.fresh or run.alone) and self.place is not None and self.place.used:
            if run.sandbox_id is not None:
                raise NotApplicableError("The case needs a new sandbox and a restarted subject; both were given here.")
            self._leave()
        if self.place is None:
            self.opened += 1
            name = f"kit-{run.seed}-{self.name}-{self.opened}"
            self.place = open_place(run.api(), self.subject, run.seed, name, run.sandbox_id)
        self.place.used = True
        return self.place

    def _leave(self) -> None:
        place, self.place = self.place, None
        if place is not None:
            place.opened.close()


@dataclass(slots=True)
class Run:
    """One run of some cases.

    :param open_mock: gives the mock's control API, and leaves to the stack what is to be closed after the run.
    :param sandbox_id: a sandbox that exists and that the subject is configured for; None makes new ones.
    :param groups: how many cases run side by side; None for as many as are worth it.
    :param expected: what is known to be so, by the case's id.
    :param alone: whether every case gets a place of its own, so that none can depend on another.
    """

    plan: str
    cases: Sequence[Case]
    subject: Subject
    open_mock: Callable[[ExitStack], ControlApi]
    seed: int
    sandbox_id: str | None = None
    groups: int | None = None
    expected: dict[str, Expectation] = field(default_factory=dict)
    alone: bool = False
    ended: Outcome | None = field(init=False, default=None)
    _stack: ExitStack = field(init=False, default_factory=ExitStack)
    _api: ControlApi | None = field(init=False, default=None)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _impossible: str = field(init=False, default="")

    def events(self) -> Generator[RunEvent]:
        """Run, and tell, case after case in their order. Closing the iterator early ends the subjects too."""
        started = time.perf_counter()
        results: Counter[Result] = Counter()
        excused = 0
        yield RunStarted(self.plan, self.subject.name, self.seed, tuple(self.cases))
        told: list[tuple[Case, Future[Outcome]]] = [(case, Future()) for case in self.cases]
        groups = list(self._groups(told))
        with self._stack, ThreadPoolExecutor(max(1, len(groups)), "cases") as pool:
            try:
                for group in groups:
                    pool.submit(group.play)
                for case, coming in told:
                    yield CaseStarted(case)
                    outcome = weighed(coming.result(), self.expected.get(case.id))
                    results[outcome.result] += 1
                    excused += bool(outcome.excuse) and outcome.result in {Result.FAILED, Result.NOT_RUN}
                    yield CaseFinished(case, outcome)
            except BaseException:
                # Broken off: what is under way ends by itself once its programs have ended.
                self.end("", Outcome(result=Result.NOT_RUN, reason="The run was broken off."))
                end_all()
                raise
        yield RunFinished(results, _since(started), self._impossible, excused)

    def api(self) -> ControlApi:
        """The mock's control API, opened once for all groups."""
        with self._lock:
            if self._api is None:
                self._api = self.open_mock(self._stack)
            return self._api

    def end(self, why: str, outcome: Outcome) -> Outcome:
        """No case can be judged any more: what is still to come is as this one."""
        with self._lock:
            if self.ended is None:
                self.ended, self._impossible = outcome, why
            return self.ended

    def _groups(self, told: Sequence[tuple[Case, Future[Outcome]]]) -> Iterator[_Group]:
        """Who plays what: cases about the API itself need no subject, for the mock is there in any case."""
        own_api = "api" in self.subject.claims
        api = [] if own_api else [(case, coming) for case, coming in told if "api" in case.needs]
        others = [(case, coming) for case, coming in told if own_api or "api" not in case.needs]
        if api:
            yield _Group(self, ApiSubject(), "api", api)
        worth = 1 if self.sandbox_id is not None else len(others) // _WORTH_A_GROUP
        number = self.groups or max(1, min(_MOST_GROUPS, os.cpu_count() or 1, worth))
        for index in range(number):
            if others[index::number]:
                yield _Group(self, self.subject, str(index + 1), others[index::number])


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
