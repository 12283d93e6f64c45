"""Plays cases on an API that is no mock of ours: what is marked for it, through the door, judged by its answers."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from contracts.kit import template
from contracts.kit.cases import Case, Step
from contracts.kit.checks import judge
from contracts.kit.findings import Finding, Outcome, Result, result_of
from contracts.kit.live.door import Door, NotAllowedError, OursError
from contracts.kit.live.target import INVITATIONS_URL, URL, VARIABLES
from contracts.kit.mock import ControlApi, Sandbox
from contracts.kit.observation import Observation
from contracts.kit.redaction import Redactor
from contracts.kit.run_events import CaseFinished, CaseStarted, RunEvent, RunFinished, RunStarted
from contracts.kit.steps import STEPS, NotAsSaidError, Stage
from contracts.kit.subjects import RunningApi

# These look at answers; the others ask the mock what it has seen.
_OF_ANSWERS = frozenset(
    {"answer", "message", "no_personal_data", "fields", "values", "collected", "content_type", "omits"}
)
_CREDENTIALS = {
    "key": ("apikey",),
    "application": ("apikey", "apisecret"),
    "user": ("apikey", "apisecret", "user"),
    "partner": ("partnerkey", "partnersecret", "partneruser", "partnerpassword"),
}
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


@dataclass(slots=True)
class LiveRun:
    """One run of some cases on an API; tells what happens as :class:`contracts.kit.engine.Run` does."""

    plan: str
    cases: Sequence[Case]
    door: Door
    seed: int
    subject: str = "the API of the environment"
    refused: bool = False

    def events(self) -> Generator[RunEvent]:
        """Play case after case. An answer of our own mock ends the run."""
        started = time.perf_counter()
        results: Counter[Result] = Counter()
        impossible = ""
        yield RunStarted(self.plan, self.subject, self.seed, tuple(self.cases))
        for case in self.cases:
            yield CaseStarted(case)
            begun = time.perf_counter()
            if impossible:
                outcome = Outcome(result=Result.NOT_RUN, reason=impossible)
            else:
                try:
                    outcome = self._outcome(case)
                except OursError as problem:
                    impossible, self.refused = str(problem), True
                    outcome = Outcome(result=Result.NOT_RUN, reason=impossible)
            results[outcome.result] += 1
            yield CaseFinished(case, replace(outcome, milliseconds=(time.perf_counter() - begun) * 1000))
        yield RunFinished(results, (time.perf_counter() - started) * 1000, impossible)

    def _outcome(self, case: Case) -> Outcome:
        lacking = self._lacking(case)
        if not case.live or (case.live == "writes" and not self.door.writes):
            why = "It changes something: --allow-writes runs it." if case.live else "It needs the mock and its world."
            return Outcome(result=Result.NOT_APPLICABLE, reason=why)
        if lacking:
            return Outcome(result=Result.NOT_RUN, reason=f"Not run: {' and '.join(lacking)} not set.")
        try:
            findings = self._judged(case)
        except NotAllowedError as problem:
            return Outcome(result=Result.NOT_RUN, reason=str(problem))
        findings = tuple(self._masked(finding) for finding in findings)
        skipped = [check.name for check in case.then if check.name not in _OF_ANSWERS]
        reason = f"Not judged here: {', '.join(skipped)}." if skipped else ""
        return Outcome(result=result_of(findings), findings=findings, reason=reason)

    def _judged(self, case: Case) -> tuple[Finding, ...]:
        target = self.door.target
        known = {**template.values(case.id, self.seed, ""), **target.known}
        # Nothing but calls is done here, so nothing will ever ask this control API.
        sandbox = Sandbox(ControlApi(""), "", target.known, target.hosts)
        stage = Stage(sandbox, RunningApi(target.hosts, ""), known, door=self.door.answered)
        with self.door.case(case.id):
            try:
                for part in (case.given, case.when):
                    stage.seen = Observation(secrets=set(target.known.values()))
                    for step in part:
                        STEPS[step.name](stage, template.fill(step.told, stage.known))
            except NotAsSaidError as problem:
                wanted = "an answer that the case can go on with"
                return (Finding(check="answered", passed=False, expected=wanted, found=str(problem), where="the API"),)
        checks = [check for check in case.then if check.name in _OF_ANSWERS]
        judged = (judge(check, stage.seen, template.fill(check.told, stage.known)) for check in checks)
        return tuple(chain.from_iterable(judged))

    def _masked(self, finding: Finding) -> Finding:
        """A finding without a value of the API, which may be somebody's."""
        redactor = Redactor(secrets=self.door.target.known.values())
        found = finding.found.partition(" ")[0] if finding.check == "answer" else _QUOTED.sub("…", finding.found)
        return replace(
            finding,
            expected=redactor.text(finding.expected),
            found=redactor.text(found),
            where=redactor.text(finding.where),
            exchanges=(),
        )

    def _lacking(self, case: Case) -> list[str]:
        """The variables that a case needs and that are not set."""
        steps = (*case.given, *case.when)
        target = self.door.target
        hosts = {"trustpilot": URL, "invitations": INVITATIONS_URL}
        needed = [hosts[name] for name in _hosts(steps) if name not in target.hosts]
        needed += [VARIABLES[name] for name in _placeholders(steps) if name in VARIABLES and name not in target.known]
        return list(dict.fromkeys(needed))


def playable(case: Case) -> bool:
    """Whether a case consists of calls, and of nothing that only the mock can do."""
    return all(step.name == "call" for step in (*case.given, *case.when))


def _hosts(steps: Sequence[Step]) -> Iterator[str]:
    yield "trustpilot"
    yield from (step.told["api"] for step in steps if isinstance(step.told, dict) and "api" in step.told)


def _placeholders(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        told: Any = step.told
        yield from template.unknown(told, frozenset())
        yield from _CREDENTIALS.get(told.get("auth", ""), ()) if isinstance(told, dict) else ()
