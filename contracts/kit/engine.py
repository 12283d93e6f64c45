"""Runs cases against a subject and yields what happens.

One subject and one sandbox serve the whole run: tokens live on from case to case, as they do in life. Cases keep
apart by order ids of their own, by positions in the journal, and by taking back their faults and variants. After a
breach, and for a case that asks for it, both are made anew.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain

from contracts.kit import template
from contracts.kit.cases import Case, Step
from contracts.kit.checks import judge
from contracts.kit.findings import Finding, Outcome, Result, result_of
from contracts.kit.mock import REST, ControlApi, MockGoneError, MockRefusedError, NoRestError, Sandbox
from contracts.kit.observation import Observation, is_success
from contracts.kit.processes import CannotStartError
from contracts.kit.run_events import CaseFinished, CaseStarted, RunEvent, RunFinished, RunStarted
from contracts.kit.steps import STEPS, NotApplicableError, NotRunError, Stage
from contracts.kit.subjects import Running, Subject

# These steps fill their placeholders themselves, once for each of the events they make.
_FILL_LATER = frozenset({"send", "deliver"})
_SECRETS = ("apiKey", "apiSecret", "password", "integrationKey")


@dataclass(slots=True)
class _Place:
    """A sandbox with a subject in it, for as many cases as go well there."""

    sandbox: Sandbox
    subject: Running
    opened: ExitStack
    last_entry: int
    invited: set[str]
    used: bool = False


@dataclass(slots=True)
class Run:
    """One run of some cases.

    :param open_mock: gives the mock's control API, and leaves to the stack what is to be closed after the run.
    :param sandbox_id: a sandbox that exists and that the subject is configured for; None makes new ones.
    """

    plan: str
    cases: Sequence[Case]
    subject: Subject
    open_mock: Callable[[ExitStack], ControlApi]
    seed: int
    sandbox_id: str | None = None
    _stack: ExitStack = field(init=False, default_factory=ExitStack)
    _api: ControlApi | None = field(init=False, default=None)
    _place: _Place | None = field(init=False, default=None)

    def events(self) -> Generator[RunEvent]:
        """Run, and tell. Closing the iterator early ends the subject too."""
        started = time.perf_counter()
        results: Counter[Result] = Counter()
        impossible = ""
        yield RunStarted(self.plan, self.subject.name, self.seed, tuple(self.cases))
        try:
            for case in self.cases:
                yield CaseStarted(case)
                if impossible:
                    outcome = Outcome(result=Result.NOT_RUN, reason="The run had ended before.")
                else:
                    outcome, impossible = self._run(case)
                results[outcome.result] += 1
                yield CaseFinished(case, outcome)
        finally:
            with self._stack:
                self._leave()
        yield RunFinished(results, _since(started), impossible)

    def _run(self, case: Case) -> tuple[Outcome, str]:
        """The outcome of a case, and why no other case can be run after it; usually there is no such reason."""
        started = time.perf_counter()
        try:
            place = self._enter(case)
            findings, seen = self._play(case, place)
            result = result_of(findings)
            if result is not Result.PASSED or place.sandbox.unfinished():
                self._leave()
        except (CannotStartError, MockGoneError) as problem:
            self._leave()
            return Outcome(result=Result.NOT_RUN, reason=str(problem)), str(problem)
        except (NotRunError, MockRefusedError) as problem:
            self._leave()
            return Outcome(result=Result.NOT_RUN, reason=str(problem), milliseconds=_since(started)), ""
        except NoRestError as problem:
            self._leave()
            return Outcome(result=Result.FAILED, findings=(_restless(problem),), milliseconds=_since(started)), ""
        except NotApplicableError as problem:
            return Outcome(result=Result.NOT_APPLICABLE, reason=str(problem), milliseconds=_since(started)), ""
        exchanges = seen.exchanges() if result is not Result.PASSED else ()
        outcome = Outcome(result=result, findings=findings, exchanges=exchanges, milliseconds=_since(started))
        return outcome, ""

    def _enter(self, case: Case) -> _Place:
        """The place for a case: the one of the case before, unless the case asks for a new one."""
        if case.fresh and self._place is not None and self._place.used:
            if self.sandbox_id is not None:
                raise NotApplicableError("The case needs a new sandbox and a restarted subject; both were given here.")
            self._leave()
        if self._place is None:
            self._place = self._open()
        self._place.used = True
        return self._place

    def _open(self) -> _Place:
        if self._api is None:
            self._api = self.open_mock(self._stack)
        given = self.sandbox_id is not None
        try:
            sandbox = self._api.sandbox(str(self.sandbox_id)) if given else self._api.create_sandbox(self.seed)
        except MockRefusedError as problem:
            raise CannotStartError(str(problem)) from problem
        with ExitStack() as opened:
            if not given:
                opened.callback(_delete, sandbox)
            subject = self.subject.start(sandbox)
            opened.callback(subject.stop)
            sandbox.connect(subject.url, subject.key)
            journal = sandbox.journal(0)
            invited = {item["id"] for item in sandbox.invitations()}
            return _Place(sandbox, subject, opened.pop_all(), journal[-1]["id"] if journal else 0, invited)

    def _leave(self) -> None:
        place, self._place = self._place, None
        if place is not None:
            place.opened.close()

    def _play(self, case: Case, place: _Place) -> tuple[tuple[Finding, ...], Observation]:
        known = template.values(case.id, self.seed, place.subject.key)
        stage = Stage(place.sandbox, place.subject, known)
        try:
            findings = _perform(case.given, stage, place)
            if findings or (findings := _not_given(case, stage.seen)):
                return findings, stage.seen
            stage.seen = Observation(personal=stage.seen.personal, references=stage.seen.references)
            stage.seen.secrets.update(place.sandbox.credentials[name] for name in _SECRETS)
            findings = _perform(case.when, stage, place)
        finally:
            stage.clear()
        judged = (judge(check, stage.seen, template.fill(check.told, known)) for check in case.then)
        every = (*findings, *chain.from_iterable(judged), *_crash(place.subject))
        return tuple(_located(finding, place.sandbox) for finding in every), stage.seen


def _delete(sandbox: Sandbox) -> None:
    # A mock that is gone has taken its sandboxes with it.
    with contextlib.suppress(MockGoneError, MockRefusedError, NoRestError):
        sandbox.delete()


def _perform(steps: Sequence[Step], stage: Stage, place: _Place) -> tuple[Finding, ...]:
    """Do some steps and look at what came of them. A finding comes back only when the sandbox found no rest."""
    restless: tuple[Finding, ...] = ()
    before = place.invited
    try:
        for step in steps:
            told = step.told if step.name in _FILL_LATER else template.fill(step.told, stage.known)
            STEPS[step.name](stage, told)
    except NoRestError as problem:
        restless = (_restless(problem),)
    seen, sandbox = stage.seen, stage.sandbox
    invitations = sandbox.invitations()
    place.invited = {item["id"] for item in invitations}
    seen.invitations = [item for item in invitations if item["id"] not in before]
    seen.references = {str(item["referenceNumber"]) for item in invitations}
    seen.deliveries = sandbox.deliveries(dict.fromkeys(sent.message_id for sent in seen.sent))
    seen.journal = sandbox.journal(place.last_entry)
    place.last_entry = max((entry["id"] for entry in seen.journal), default=place.last_entry)
    return restless


def _restless(problem: NoRestError) -> Finding:
    return _breach("rest", f"quiet within {REST}", str(problem), "Answer every event within a few seconds.")


def _not_given(case: Case, seen: Observation) -> tuple[Finding, ...]:
    """What the case builds on has to be true, or what follows proves nothing."""
    refused = [
        f"{answer.what} was answered {answer.error or answer.status}"
        for answer in seen.answers
        if not is_success(answer.status)
    ]
    delivered = {item["messageId"] for item in seen.deliveries if item["state"] == "delivered"}
    refused += [f"{sent.message_id} was not delivered" for sent in seen.sent if sent.message_id not in delivered]
    if not refused:
        return ()
    advice = "Make plain orders work first; this case builds on them."
    return (
        _breach(
            "given", "what the case builds on to be taken", f"{refused[0]} (in the given part of {case.id})", advice
        ),
    )


def _located(finding: Finding, sandbox: Sandbox) -> Finding:
    return replace(finding, where=finding.where.replace("{id}", sandbox.id))


def _crash(subject: Running) -> tuple[Finding, ...]:
    trouble = subject.trouble()
    return (_breach("alive", "a subject that goes on", trouble, "Survive every input."),) if trouble else ()


def _breach(check: str, expected: str, found: str, advice: str) -> Finding:
    return Finding(check=check, passed=False, expected=expected, found=found, where="the subject", advice=advice)


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
