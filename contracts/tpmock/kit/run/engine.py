"""Runs cases against a subject and yields events.

Cases run in parallel, each group in its own sandbox with its own subject, so that groups do not affect each other.
Within a group one subject and one sandbox serve case after case: tokens stay, as in production. Cases are separated
by order ids of their own, by positions in the journal, and by taking back their faults and variants. After a breach,
and for a case that asks for it, both are made anew. Which case is in which group follows from its index in the list
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
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace
from tpmock.common.control_client import ControlClient, RefusedError, UnreachableError
from tpmock.kit.cases import claims
from tpmock.kit.cases.case_files import Case
from tpmock.kit.run.case_environment import (
    CaseEnvironment,
    SubjectCannotStartError,
    cannot_start,
    open_environment,
    play,
    restless,
)
from tpmock.kit.run.expectations import Expectation, weighed
from tpmock.kit.run.run_events import CaseFinished, CaseStarted, RunEvent, RunFinished, RunStarted
from tpmock.kit.subjects.mock_client import NoRestError
from tpmock.kit.subjects.processes import CannotStartError, end_all
from tpmock.kit.subjects.subjects import ApiSubject, Subject
from tpmock.kit.vocabulary.findings import CaseOutcome, Result, result_of
from tpmock.kit.vocabulary.steps import NotApplicableError, NotRunError
from tpmock.kit.vocabulary.transcript import written

# More groups than this start more subjects than they save time.
_MOST_GROUPS = 4
_WORTH_A_GROUP = 8
# A subject that hangs in this many cases in a row is given up: each of them takes half a minute.
_MOST_HANGS = 2
_NOT_PLAYED = "Not run: the run ended earlier."


class Group(msgspec.Struct):
    """Some cases of a run, in sequence, in their own environment.

    :param sandbox_id: a sandbox that exists and that the subject is configured for; None makes new ones
    :ivar of_mock: whether the cases test the mock, because the subject is none of its kind
    :ivar hangs: in how many cases in a row the sandbox did not come to rest
    """

    run: Run
    subject: Subject
    name: str
    cases: Sequence[tuple[Case, Future[CaseOutcome]]]
    sandbox_id: str | None
    environment: CaseEnvironment | None = None
    opened: int = 0
    hangs: int = 0
    of_mock: bool = False

    def play(self) -> None:
        """Set every outcome in the end, also after an error."""
        try:
            for case, pending in self.cases:
                pending.set_result(replace(self.outcome(case), of_mock=self.of_mock))
        except BaseException as problem:  # noqa: BLE001 - the thread that waits for an outcome raises it
            for _, pending in self.cases:
                if not pending.done():
                    pending.set_exception(problem)
        finally:
            self.leave()

    def outcome(self, case: Case) -> CaseOutcome:
        """Play a case and return its outcome. A run that is impossible ends here, for this case and all that follow."""
        lacking = claims.missing(case.needs, self.subject.claims)
        if self.run.ended is not None or lacking:
            return self.run.ended or CaseOutcome(result=Result.NOT_APPLICABLE, reason=lacking)
        started = time.perf_counter()
        try:
            outcome = self._judged(case)
        except SubjectCannotStartError as problem:
            return self.run.end(str(problem), CaseOutcome(result=Result.FAILED, findings=(cannot_start(problem),)))
        except (CannotStartError, UnreachableError) as problem:
            return self.run.end(str(problem), CaseOutcome(result=Result.NOT_RUN, reason=str(problem)))
        except (NotRunError, RefusedError) as problem:
            outcome = CaseOutcome(result=Result.NOT_RUN, reason=str(problem))
        except NoRestError as problem:
            outcome = CaseOutcome(result=Result.FAILED, findings=(restless(problem),))
        except NotApplicableError as problem:
            outcome = CaseOutcome(result=Result.NOT_APPLICABLE, reason=str(problem))
        if outcome.result not in {Result.PASSED, Result.NOT_APPLICABLE}:
            self.leave()
        self.hangs = self.hangs + 1 if any(breach.check == "rest" for breach in outcome.breaches) else 0
        if self.hangs == _MOST_HANGS:
            self.run.end("", outcome)
        return replace(outcome, milliseconds=_since(started))

    def _judged(self, case: Case) -> CaseOutcome:
        environment = self._enter(case)
        findings, seen = play(case, environment, self.run.seed)
        result = result_of(findings)
        if environment.sandbox.unfinished():
            self.leave()
        exchanges = seen.exchanges() if result is not Result.PASSED else ()
        outcome = CaseOutcome(result=result, findings=findings, exchanges=exchanges, reason=seen.waited)
        return written(outcome, seen, environment.sandbox.client.url, environment.subject.url)

    def _enter(self, case: Case) -> CaseEnvironment:
        """Return the environment for a case: the one of the case before, unless the case asks for a new one."""
        run = self.run
        if (case.fresh or run.alone) and self.environment is not None and self.environment.used:
            if self.sandbox_id is not None:
                raise NotApplicableError("The case needs a new sandbox and a restarted subject; both were given here.")
            self.leave()
        if self.environment is None:
            self.opened += 1
            name = f"kit-{run.seed}-{self.name}-{self.opened}"
            self.environment = open_environment(run.api(), self.subject, run.seed, name, self.sandbox_id)
        self.environment.used = True
        return self.environment

    def leave(self) -> None:
        """End the subject and remove the sandbox; the next case makes them anew."""
        environment, self.environment = self.environment, None
        if environment is not None:
            environment.opened.close()


@dataclass(slots=True)
class Run:
    """One run of some cases.

    :param open_mock: gives the mock's control API, and leaves to the stack what is to be closed after the run
    :param sandbox_id: a sandbox that exists and that the subject is configured for; None makes new ones
    :param groups: how many cases run side by side; None for as many as are worth it
    :param alone: whether every case gets its own environment, so that none can depend on another
    :ivar ended: what the cases come to that are not played any more; None while they are
    :ivar opened: what is to be closed after the run
    """

    plan: str
    cases: Sequence[Case]
    subject: Subject
    open_mock: Callable[[ExitStack], ControlClient]
    seed: int
    sandbox_id: str | None = None
    groups: int | None = None
    expected: dict[str, Expectation] = field(default_factory=dict)
    alone: bool = False
    ended: CaseOutcome | None = field(init=False, default=None)
    opened: ExitStack = field(init=False, default_factory=ExitStack)
    _api: ControlClient | None = field(init=False, default=None)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _impossible: str = field(init=False, default="")

    def events(self) -> Generator[RunEvent]:
        """Run, and yield events, case after case in order. Closing the iterator early ends the subjects too."""
        started = time.perf_counter()
        results: Counter[Result] = Counter()
        of_mock: Counter[Result] = Counter()
        excused = 0
        yield RunStarted(self.plan, self.subject.name, self.seed, tuple(self.cases))
        pending: list[tuple[Case, Future[CaseOutcome]]] = [(case, Future()) for case in self.cases]
        groups = list(self._groups(pending))
        with self.opened, ThreadPoolExecutor(max(1, len(groups)), "cases") as pool:
            try:
                for group in groups:
                    pool.submit(group.play)
                for case, coming in pending:
                    yield CaseStarted(case)
                    outcome = weighed(coming.result(), self.expected.get(case.id))
                    (of_mock if outcome.of_mock else results)[outcome.result] += 1
                    excused += bool(outcome.excuse) and outcome.result in {Result.FAILED, Result.NOT_RUN}
                    yield CaseFinished(case, outcome)
            except BaseException:
                # Aborted: running cases end once their programs have ended.
                self.end("", CaseOutcome(result=Result.NOT_RUN, reason="The run was aborted."))
                end_all()
                raise
        yield RunFinished(results, _since(started), self._impossible, excused, of_mock)

    def without_subject(self, case: Case) -> bool:
        """Return whether a case is about the API itself, and the subject is another program: it needs only the mock."""
        return "api" in case.needs and "api" not in self.subject.claims

    def api(self) -> ControlClient:
        """Return the mock's control API, opened once for all groups."""
        with self._lock:
            if self._api is None:
                self._api = self.open_mock(self.opened)
            return self._api

    def end(self, why: str, outcome: CaseOutcome) -> CaseOutcome:
        """Play no further case.

        :param why: why the run is impossible; empty when it is not
        :param outcome: the outcome of the case that ended the run
        :returns: the outcome of this case
        """
        with self._lock:
            if self.ended is None:
                self.ended, self._impossible = CaseOutcome(result=Result.NOT_RUN, reason=_NOT_PLAYED, played=False), why
                return outcome
            return self.ended

    def _groups(self, pending: Sequence[tuple[Case, Future[CaseOutcome]]]) -> Iterator[Group]:
        """Assign cases to environments: cases about the API itself need no subject, only the mock."""
        api = [(case, coming) for case, coming in pending if self.without_subject(case)]
        others = [(case, coming) for case, coming in pending if not self.without_subject(case)]
        if api:
            # In a separate sandbox, also when the subject has a given one: these cases change clock, faults and
            # destinations.
            yield Group(self, ApiSubject(), "api", api, None, of_mock=True)
        worth = 1 if self.sandbox_id is not None else len(others) // _WORTH_A_GROUP
        number = self.groups or max(1, min(_MOST_GROUPS, os.cpu_count() or 1, worth))
        for index in range(number):
            if others[index::number]:
                yield Group(self, self.subject, str(index + 1), others[index::number], self.sandbox_id)


class CaseByCase:
    """Plays the cases of a run when the caller asks for one, in one group that shares its subject as a run's groups do.

    :param name: distinguishes its sandboxes from those of others that play on the same mock
    """

    def __init__(self, run: Run, name: str) -> None:
        self._run = run
        self._api = Group(run, ApiSubject(), f"{name}-api", (), None, of_mock=True)
        self._others = Group(run, run.subject, name, (), run.sandbox_id)

    def outcome(self, case: Case) -> CaseOutcome:
        """Play a case, and return what came of it."""
        group = self._api if self._run.without_subject(case) else self._others
        outcome = replace(group.outcome(case), of_mock=group.of_mock)
        return weighed(outcome, self._run.expected.get(case.id))

    def close(self) -> None:
        """End the subject, then what the run has opened."""
        with self._run.opened:
            self._api.leave()
            self._others.leave()


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
