"""Runs generated histories against a subject, and shrinks a history that breaks an invariant."""

from __future__ import annotations

import json
import queue
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
import yaml
from hypothesis import HealthCheck, Phase, Verbosity, given, reject, seed, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import HypothesisException
from msgspec.structs import asdict, replace
from tpmock.common.control_client import ControlClient, RefusedError, UnreachableError
from tpmock.kit.cases import claims
from tpmock.kit.cases.case_files import Case, CaseStep, checks_of
from tpmock.kit.generated.histories import histories
from tpmock.kit.generated.invariants import INVARIANTS, PLAN, broken_by, demanded
from tpmock.kit.run.case_environment import (
    CaseEnvironment,
    SubjectCannotStartError,
    cannot_start,
    finish,
    open_environment,
    play,
    restless,
)
from tpmock.kit.run.run_events import CaseFinished, ExampleTried, RunEvent, RunFinished, RunStarted
from tpmock.kit.subjects.mock_client import NoRestError
from tpmock.kit.subjects.processes import CannotStartError, end_all
from tpmock.kit.subjects.subjects import Subject
from tpmock.kit.vocabulary.findings import CaseOutcome, Result, result_of
from tpmock.kit.vocabulary.observation import Observation
from tpmock.kit.vocabulary.steps import NotApplicableError, NotRunError
from tpmock.kit.vocabulary.transcript import written

Steps = list[dict[str, Any]]

# The older a sandbox, the more there is to search after each history.
_PLAYED_IN_A_PLACE = 200
_BETWEEN_LOOKS = 0.2
# After this many histories in a row that cannot run, the search ends.
_MOST_IN_VAIN = 20
# Reasons why the result of a history says nothing about the subject.
_UNPLAYABLE = (NotApplicableError, NotRunError, RefusedError)
# The most histories of one run that get a seed.
_MOST_PLAYED = 1_000_000


class _Broken(Exception):  # noqa: N818 - no error of ours: how Hypothesis learns that it has found something
    """A history broke an invariant; one subclass for each, so that Hypothesis shrinks each separately."""


class _Ended(BaseException):
    """The run ends; no ``except Exception`` catches this."""


class Counterexample(msgspec.Struct, frozen=True):
    """Smallest history so far that breaks an invariant, and what was observed when it ran."""

    steps: Steps
    outcome: CaseOutcome

    @property
    def size(self) -> tuple[int, int]:
        """Size of a history, for shrinking."""
        return len(self.steps), len(json.dumps(self.steps))


@dataclass(slots=True)
class Search:
    """Run of generated histories; yields events as :class:`tpmock.kit.run.engine.Run` does.

    :param examples: how many histories are generated; shrinking comes besides
    :param seconds: after so long nothing new is played
    :ivar found: what was found, by the id of the invariant
    :ivar played: how many histories were played, those that were made smaller among them
    :ivar judged: how many of them have a result
    :ivar refused: why the last of the others could not be played
    """

    subject: Subject
    open_mock: Callable[[ExitStack], ControlClient]
    seed: int
    examples: int
    seconds: float
    sandbox_id: str | None = None
    found: dict[str, Counterexample] = field(init=False, default_factory=dict)
    played: int = field(init=False, default=0)
    judged: int = field(init=False, default=0)
    refused: str = field(init=False, default="")
    _environment: CaseEnvironment | None = field(init=False, default=None)
    _in_vain: int = field(init=False, default=0)
    _uses: int = field(init=False, default=0)
    _until: float = field(init=False, default=0.0)
    _stopped: bool = field(init=False, default=False)
    _events: queue.SimpleQueue[RunEvent | BaseException | None] = field(init=False, default_factory=queue.SimpleQueue)

    def events(self) -> Generator[RunEvent]:
        """Search, and yield events. Closing the iterator early ends the subjects too."""
        started = time.perf_counter()
        self._until = time.monotonic() + self.seconds
        yield RunStarted(PLAN, self.subject.name, self.seed, INVARIANTS)
        impossible = ""
        # The result of all of them, where none can be judged by itself.
        every: CaseOutcome | None = None
        try:
            if lacking := claims.missing(("events",), self.subject.claims):
                every = CaseOutcome(result=Result.NOT_APPLICABLE, reason=lacking)
            else:
                yield from self._followed()
        except SubjectCannotStartError as problem:
            impossible = str(problem)
            every = CaseOutcome(result=Result.FAILED, findings=(cannot_start(problem),))
        except (CannotStartError, UnreachableError) as problem:
            impossible = str(problem)
            every = CaseOutcome(result=Result.NOT_RUN, reason=impossible)
        results: Counter[Result] = Counter()
        for case in INVARIANTS:
            outcome = every or self._outcome(case)
            results[outcome.result] += 1
            yield CaseFinished(case, outcome)
        yield RunFinished(results, (time.perf_counter() - started) * 1000, impossible)

    def _followed(self) -> Iterator[RunEvent]:
        """Yield the events of the search, which runs in its own thread: Hypothesis calls, and does not yield."""
        thread = threading.Thread(target=self._search, name="search")
        thread.start()
        problem: BaseException | None = None
        try:
            while (event := self._events.get()) is not None:
                if isinstance(event, BaseException):
                    problem = event
                else:
                    yield event
        except BaseException:
            # Aborted: running histories end once their programs have ended, also those that begin now.
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
                    self._events.put(ended.__cause__)
            except BaseException as problem:  # noqa: BLE001 - the consumer of the events raises it
                self._events.put(problem)
        self._events.put(None)

    def _hypothesis(self, api: ControlClient) -> None:
        environment = self._enter(api)
        try:
            # Asked once, at the start: not every subject can be restarted, and a person would be asked each time.
            restarts = environment.subject.restarts_alone and environment.subject.restart()
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
        @given(histories(posts=bool(environment.subject.url), restarts=restarts))
        def hold(steps: Steps) -> None:
            self._try(api, steps)

        with _home():
            try:
                hold()
            except (_Broken, ExceptionGroup, HypothesisException):
                # Findings are kept here: Hypothesis asks again at the end, when the time may be over. And it calls
                # it unsatisfiable when the subject can run none of the generated histories.
                if not (self.found or self.refused):
                    raise
        self._shorten(api)

    def _try(self, api: ControlClient, steps: Steps) -> None:
        if self._stopped or time.monotonic() > self._until or self._in_vain > _MOST_IN_VAIN:
            raise _Ended
        try:
            self._judge(api, steps)
        except _UNPLAYABLE as problem:
            self.refused = str(problem)
            self._in_vain += 1
            reject()

    def _judge(self, api: ControlClient, steps: Steps) -> None:
        try:
            outcome = self._played(api, steps)
        except _UNPLAYABLE:
            self._leave()
            raise
        except Exception as problem:
            # Nothing that the subject did: no history is smaller than another for it.
            raise _Ended from problem
        self.judged += 1
        self._in_vain = 0
        self._events.put(ExampleTried(self.judged, max(self.examples, self.judged), bool(self.found)))
        broken = {broken_by(finding.check).id for finding in outcome.breaches}
        for case_id in broken:
            better = Counterexample(steps, outcome)
            if case_id not in self.found or better.size < self.found[case_id].size:
                self.found[case_id] = better
        if broken:
            raise _kind(min(broken))

    def _shorten(self, api: ControlClient) -> None:
        """Leave out steps that do not matter: Hypothesis keeps some that stand between others."""
        for case_id in list(self.found):
            steps: Steps = []
            while steps is not self.found[case_id].steps:
                steps = self.found[case_id].steps
                for index in range(len(steps) if len(steps) > 1 else 0):
                    if self._stopped or time.monotonic() > self._until:
                        return
                    with suppress(_Broken, *_UNPLAYABLE):
                        self._judge(api, steps[:index] + steps[index + 1 :])

    def _played(self, api: ControlClient, steps: Steps) -> CaseOutcome:
        """Play one history; after a breach the next one gets a new environment."""
        self.played += 1
        environment = self._enter(api)
        clean = False
        try:
            findings, seen = play(as_case(steps), environment, self.seed * _MOST_PLAYED + self.played)
            clean = all(finding.passed for finding in findings) and finish(environment)
        except NoRestError as problem:
            findings, seen = (restless(problem),), Observation()
        finally:
            if not clean:
                self._leave()
        outcome = CaseOutcome(result=result_of(findings), findings=findings, exchanges=seen.exchanges())
        # A transcript that is never read would take half of the time of a history.
        return (
            written(outcome, seen, environment.sandbox.client.url, environment.subject.url)
            if outcome.breaches
            else outcome
        )

    def _enter(self, api: ControlClient) -> CaseEnvironment:
        if self._environment is not None and self._uses % _PLAYED_IN_A_PLACE == 0:
            self._leave()
        if self._environment is None:
            name = f"kit-{self.seed}-generated-{self.played}"
            self._environment = open_environment(api, self.subject, self.seed, name, self.sandbox_id)
        self._uses += 1
        return self._environment

    def _leave(self) -> None:
        environment, self._environment = self._environment, None
        if environment is not None:
            environment.opened.close()

    def _outcome(self, case: Case) -> CaseOutcome:
        found = self.found.get(case.id)
        if found is not None:
            steps = "; ".join(json.dumps(step, ensure_ascii=False) for step in found.steps)
            breaches = tuple(finding for finding in found.outcome.breaches if broken_by(finding.check).id == case.id)
            reason = f"The smallest of {self.judged} histories: {steps}"
            return replace(found.outcome, findings=breaches, reason=reason)
        if not self.judged:
            return CaseOutcome(result=Result.NOT_RUN, reason=self.refused or "The time was too short for one history.")
        return CaseOutcome(result=Result.PASSED, reason=f"Held in {self.judged} histories.")


def as_case(steps: Sequence[Mapping[str, Any]]) -> Case:
    """Return a history as a case."""
    first = INVARIANTS[0]
    checks = tuple(checks_of(demanded(steps)))
    when = tuple(CaseStep(name, args) for step in steps for name, args in step.items())
    return replace(first, id="GEN-000", when=when, then=checks)


def as_file(found: Mapping[str, Steps], subject: str, seed: int) -> str:
    """Return what was found as a case file: an ordinary chapter that replays.

    :param found: the steps that break an invariant, by its id
    """
    cases = [
        {
            **{name: getattr(case, name) for name in ("id", "title", "requirement")},
            "clause": asdict(case.clause),
            "evidence": case.evidence,
            "when": found[case.id],
            "then": demanded(found[case.id]),
        }
        for case in INVARIANTS
        if case.id in found
    ]
    chapter = {"chapter": f"Found by generated histories against {subject}, seed {seed}", "cases": cases}
    return yaml.safe_dump(chapter, sort_keys=False, allow_unicode=False, width=120, default_flow_style=None)


@cache
def _kind(case_id: str) -> type[_Broken]:
    return type(f"Broken{case_id}", (_Broken,), {})


@contextmanager
def _home() -> Iterator[None]:
    """Hypothesis database that keeps nothing: a run follows from its seed alone."""
    with tempfile.TemporaryDirectory(prefix="tpmock-hypothesis-") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)
