"""Plays made-up histories against a subject, and makes what breaks an invariant as small as it can."""

from __future__ import annotations

import json
import os
import queue
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from hypothesis import HealthCheck, Phase, Verbosity, given, reject, seed, settings
from hypothesis.errors import HypothesisException

from contracts.kit import claims
from contracts.kit.cases import Case, Check, Level, Step
from contracts.kit.findings import Outcome, Result, result_of
from contracts.kit.generated.histories import histories
from contracts.kit.generated.invariants import INVARIANTS, PLAN, broken_by, demanded
from contracts.kit.mock import ControlApi, MockGoneError, MockRefusedError, NoRestError
from contracts.kit.observation import Observation
from contracts.kit.place import Place, SubjectCannotStartError, cannot_start, finish, open_place, play, restless
from contracts.kit.processes import CannotStartError, end_all
from contracts.kit.run_events import CaseFinished, ExampleTried, RunEvent, RunFinished, RunStarted
from contracts.kit.steps import NotApplicableError, NotRunError
from contracts.kit.subjects import Subject, WithOwnWay
from contracts.kit.transcript import written

Steps = list[dict[str, Any]]

# The longer a sandbox lives, the more there is to look through after each history.
_PLAYED_IN_A_PLACE = 200
_BETWEEN_LOOKS = 0.2
# A subject that can play none of so many histories in a row will play none at all.
_MOST_IN_VAIN = 20
# Room for the seeds of so many histories of one run.
_MOST_PLAYED = 1_000_000
_HOME: Final = "HYPOTHESIS_STORAGE_DIRECTORY"


class _Broken(Exception):  # noqa: N818 - no error of ours: how Hypothesis is told that it has found something
    """A history broke an invariant; a subclass for each, so that Hypothesis shrinks each by itself."""


class _Ended(BaseException):
    """The run does not go on; past everything that catches exceptions."""


@dataclass(frozen=True, slots=True)
class Found:
    """The smallest history so far that breaks an invariant, and what was seen when it was played."""

    steps: Steps
    outcome: Outcome

    @property
    def size(self) -> tuple[int, int]:
        """What a smaller one has less of."""
        return len(self.steps), len(json.dumps(self.steps))


@dataclass(slots=True)
class Search:
    """One run of made-up histories; tells what happens as :class:`contracts.kit.engine.Run` does.

    :param examples: how many histories are made up; shrinking comes besides.
    :param seconds: after so long nothing new is played.
    :ivar found: what was found, by the id of the invariant.
    :ivar played: how many histories were played, those that were made smaller among them.
    :ivar judged: how many of them came to a verdict.
    :ivar refused: why the last of the others could not be played.
    """

    subject: Subject
    open_mock: Callable[[ExitStack], ControlApi]
    seed: int
    examples: int
    seconds: float
    sandbox_id: str | None = None
    found: dict[str, Found] = field(init=False, default_factory=dict)
    played: int = field(init=False, default=0)
    judged: int = field(init=False, default=0)
    refused: str = field(init=False, default="")
    _place: Place | None = field(init=False, default=None)
    _in_vain: int = field(init=False, default=0)
    _uses: int = field(init=False, default=0)
    _until: float = field(init=False, default=0.0)
    _stopped: bool = field(init=False, default=False)
    _told: queue.SimpleQueue[RunEvent | BaseException | None] = field(init=False, default_factory=queue.SimpleQueue)

    def events(self) -> Generator[RunEvent]:
        """Search, and tell. Closing the iterator early ends the subjects too."""
        started = time.perf_counter()
        self._until = time.monotonic() + self.seconds
        yield RunStarted(PLAN, self.subject.name, self.seed, INVARIANTS)
        impossible = ""
        outcomes: dict[str, Outcome] = {}
        lacking = claims.missing(("events",), self.subject.claims)
        if not lacking:
            try:
                yield from self._followed()
            except SubjectCannotStartError as problem:
                impossible = str(problem)
                every = Outcome(result=Result.FAILED, findings=(cannot_start(problem),))
                outcomes = dict.fromkeys((case.id for case in INVARIANTS), every)
            except (CannotStartError, MockGoneError) as problem:
                impossible = str(problem)
                every = Outcome(result=Result.NOT_RUN, reason=impossible)
                outcomes = dict.fromkeys((case.id for case in INVARIANTS), every)
        results: Counter[Result] = Counter()
        for case in INVARIANTS:
            outcome = outcomes.get(case.id) or (
                Outcome(result=Result.NOT_APPLICABLE, reason=lacking) if lacking else self._outcome(case)
            )
            results[outcome.result] += 1
            yield CaseFinished(case, outcome)
        yield RunFinished(results, (time.perf_counter() - started) * 1000, impossible)

    def _followed(self) -> Iterator[RunEvent]:
        """What the search tells while it runs in a thread of its own: Hypothesis calls, and does not yield."""
        thread = threading.Thread(target=self._search, name="search")
        thread.start()
        problem: BaseException | None = None
        try:
            while (told := self._told.get()) is not None:
                if isinstance(told, BaseException):
                    problem = told
                else:
                    yield told
        except BaseException:
            # Broken off: what is under way ends by itself once its programs have ended, those too that begin just now.
            self._stopped = True
            while thread.is_alive():
                end_all()
                thread.join(_BETWEEN_LOOKS)
            raise
        finally:
            thread.join()
        if problem is not None:
            raise problem

    def _search(self) -> None:
        with ExitStack() as stack:
            try:
                api = self.open_mock(stack)
                stack.callback(self._leave)
                self._enter(api)
                self._hypothesis(api)
            except _Ended as ended:
                if ended.__cause__ is not None:
                    self._told.put(ended.__cause__)
            except BaseException as problem:  # noqa: BLE001 - whoever follows raises it
                self._told.put(problem)
        self._told.put(None)

    def _hypothesis(self, api: ControlApi) -> None:
        place = self._enter(api)
        try:
            # Asked once and before all: not every subject can be restarted, and a person would be asked each time.
            restarts = not isinstance(place.subject, WithOwnWay) and place.subject.restart()
        except CannotStartError as problem:
            raise SubjectCannotStartError(str(problem)) from problem
        chance = settings(
            max_examples=self.examples,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
            print_blob=False,
        )

        @seed(self.seed)
        @chance
        @given(histories(posts=bool(place.subject.url), restarts=restarts))
        def hold(steps: Steps) -> None:
            self._try(api, steps)

        with _home():
            try:
                hold()
            except (_Broken, ExceptionGroup, HypothesisException):
                # What was found is kept here: Hypothesis asks again at the end, when the time may be over. And it calls
                # it unsatisfiable when the subject can play none of what was made up.
                if not (self.found or self.refused):
                    raise

    def _try(self, api: ControlApi, steps: Steps) -> None:
        if self._stopped or time.monotonic() > self._until or self._in_vain > _MOST_IN_VAIN:
            raise _Ended
        try:
            outcome = self._played(api, steps)
        except (NotApplicableError, NotRunError, MockRefusedError) as problem:
            self.refused = str(problem)
            self._in_vain += 1
            self._leave()
            reject()
        except Exception as problem:
            # Nothing that the subject did: no history is smaller than another for it.
            raise _Ended from problem
        self.judged += 1
        self._in_vain = 0
        self._told.put(ExampleTried(self.judged, max(self.examples, self.judged), bool(self.found)))
        broken = {broken_by(finding.check).id for finding in outcome.breaches}
        for case_id in broken:
            better = Found(steps, outcome)
            if case_id not in self.found or better.size < self.found[case_id].size:
                self.found[case_id] = better
        if broken:
            raise _kind(min(broken))

    def _played(self, api: ControlApi, steps: Steps) -> Outcome:
        """Play one history; after a breach the next one gets a new place."""
        self.played += 1
        place = self._enter(api)
        clean = False
        try:
            findings, seen = play(as_case(steps), place, self.seed * _MOST_PLAYED + self.played)
            clean = all(finding.passed for finding in findings) and finish(place)
        except NoRestError as problem:
            findings, seen = (restless(problem),), Observation()
        finally:
            if not clean:
                self._leave()
        outcome = Outcome(result=result_of(findings), findings=findings, exchanges=seen.exchanges())
        # Half of the time of a history would go into writing down what nobody will read.
        return written(outcome, seen, place.sandbox.api.url, place.subject.url) if outcome.breaches else outcome

    def _enter(self, api: ControlApi) -> Place:
        if self._place is not None and self._uses % _PLAYED_IN_A_PLACE == 0:
            self._leave()
        if self._place is None:
            name = f"kit-{self.seed}-generated-{self.played}"
            self._place = open_place(api, self.subject, self.seed, name, self.sandbox_id)
        self._uses += 1
        return self._place

    def _leave(self) -> None:
        place, self._place = self._place, None
        if place is not None:
            place.opened.close()

    def _outcome(self, case: Case) -> Outcome:
        found = self.found.get(case.id)
        if found is not None:
            steps = "; ".join(json.dumps(step, ensure_ascii=False) for step in found.steps)
            breaches = tuple(finding for finding in found.outcome.breaches if broken_by(finding.check).id == case.id)
            reason = f"The smallest of {self.judged} histories: {steps}"
            return replace(found.outcome, findings=breaches, reason=reason)
        if not self.judged:
            return Outcome(result=Result.NOT_RUN, reason=self.refused or "There was no time for a single history.")
        return Outcome(result=Result.PASSED, reason=f"Held in {self.judged} histories.")


def as_case(steps: Sequence[Mapping[str, Any]]) -> Case:
    """A history as a case."""
    first = INVARIANTS[0]
    checks = tuple(Check(name, told, Level.MUST) for item in demanded(steps) for name, told in item.items())
    when = tuple(Step(name, told) for step in steps for name, told in step.items())
    return replace(first, id="GEN-000", when=when, then=checks)


@cache
def _kind(case_id: str) -> type[_Broken]:
    return type(f"Broken{case_id}", (_Broken,), {})


@contextmanager
def _home() -> Iterator[None]:
    """What Hypothesis keeps between runs goes nowhere: a run follows from its seed alone."""
    before = os.environ.get(_HOME)
    with tempfile.TemporaryDirectory(prefix="tpmock-hypothesis-") as folder:
        os.environ[_HOME] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ[_HOME]
            else:
                os.environ[_HOME] = before
