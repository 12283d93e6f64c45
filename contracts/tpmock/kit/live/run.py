"""Runs cases on the real API: cases that are marked for it, through the client, checked by the answers."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec
from msgspec.structs import replace
from tpmock.common.control_client import ControlClient
from tpmock.kit.cases import template
from tpmock.kit.cases.case_files import Case, CaseStep
from tpmock.kit.live.live_client import LiveClient, NotAllowedError, OursError
from tpmock.kit.live.target import INVITATIONS_URL, URL, VARIABLES
from tpmock.kit.run.run_events import CaseFinished, CaseStarted, RunEvent, RunFinished, RunStarted
from tpmock.kit.subjects.mock_client import SandboxClient
from tpmock.kit.subjects.subjects import RunningApi
from tpmock.kit.vocabulary.checks import judge
from tpmock.kit.vocabulary.findings import CaseOutcome, Finding, Result, result_of
from tpmock.kit.vocabulary.observation import Observation
from tpmock.kit.vocabulary.redaction import TranscriptRedactor
from tpmock.kit.vocabulary.steps import STEPS, NotAsSaidError, StepContext
from tpmock.kit.vocabulary.waiting import Waiting

# These check answers; the others read the mock's records.
_OF_ANSWERS = frozenset(
    {"answer", "message", "no_personal_data", "fields", "values", "collected", "content_type", "omits"}
)
_CREDENTIALS = {
    "key": ("apikey",),
    "application": ("apikey", "apisecret"),
    "user": ("apikey", "apisecret", "user"),
    "partner": ("partnerkey", "partnersecret", "partneruser", "partnerpassword"),
}
_QUOTED = re.compile(r"(?<!\\)(?:'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\")")


class LiveRun(msgspec.Struct):
    """Run of some cases on an API; yields events as :class:`tpmock.kit.run.engine.Run` does."""

    plan: str
    cases: Sequence[Case]
    client: LiveClient
    seed: int
    subject: str = "the API of the environment"
    refused: bool = False

    def events(self) -> Generator[RunEvent]:
        """Run the cases in order. An answer of this mock ends the run."""
        started = time.perf_counter()
        results: Counter[Result] = Counter()
        impossible = ""
        yield RunStarted(self.plan, self.subject, self.seed, tuple(self.cases))
        for case in self.cases:
            yield CaseStarted(case)
            begun = time.perf_counter()
            try:
                outcome = None if impossible else self._outcome(case)
            except OursError as problem:
                outcome, impossible, self.refused = None, str(problem), True
            outcome = outcome or CaseOutcome(result=Result.NOT_RUN, reason=impossible)
            results[outcome.result] += 1
            yield CaseFinished(case, replace(outcome, milliseconds=(time.perf_counter() - begun) * 1000))
        yield RunFinished(results, (time.perf_counter() - started) * 1000, impossible)

    def _outcome(self, case: Case) -> CaseOutcome:
        lacking = self._lacking(case)
        if not case.live or (case.live == "writes" and not self.client.writes):
            why = "It changes data; --allow-writes runs it." if case.live else "It needs the mock."
            return CaseOutcome(result=Result.NOT_APPLICABLE, reason=why)
        if lacking:
            return CaseOutcome(result=Result.NOT_RUN, reason=f"Not run: {' and '.join(lacking)} not set.")
        try:
            findings = self._judged(case)
        except NotAllowedError as problem:
            return CaseOutcome(result=Result.NOT_RUN, reason=str(problem))
        findings = tuple(self._masked(finding) for finding in findings)
        skipped = [check.name for check in case.then if check.name not in _OF_ANSWERS]
        reason = f"Not judged here: {', '.join(skipped)}." if skipped else ""
        return CaseOutcome(result=result_of(findings), findings=findings, reason=reason)

    def _judged(self, case: Case) -> tuple[Finding, ...]:
        target = self.client.target
        known = {**template.values(case.id, self.seed, ""), **target.known}
        # Only calls run here, so this control API is never used.
        sandbox = SandboxClient(ControlClient(""), "", target.known, target.hosts)
        api = RunningApi(target.hosts, "")
        context = StepContext(sandbox, api, known, Waiting(sandbox, api.pace, 0), caller=self.client.answered)
        with self.client.case(case.id):
            try:
                for part in (case.given, case.when):
                    context.seen = Observation(secrets=set(target.known.values()))
                    for step in part:
                        STEPS[step.name](context, template.fill(step.args, context.known))
            except NotAsSaidError as problem:
                wanted = "an answer with which the case can continue"
                return (Finding(check="answered", passed=False, expected=wanted, found=str(problem), where="the API"),)
        checks = [check for check in case.then if check.name in _OF_ANSWERS]
        judged = (judge(check, context.seen, template.fill(check.args, context.known)) for check in checks)
        return tuple(chain.from_iterable(judged))

    def _masked(self, finding: Finding) -> Finding:
        """Return a finding without a value of the API, which may be personal."""
        redactor = TranscriptRedactor(secrets=self.client.target.known.values())
        found = finding.found.partition(" ")[0] if finding.check == "answer" else _QUOTED.sub("…", finding.found)
        return redactor.record(replace(finding, found=found, exchanges=()), "expected", "found", "where")

    def _lacking(self, case: Case) -> list[str]:
        """Return the variables that a case needs and that are not set."""
        steps = (*case.given, *case.when)
        target = self.client.target
        hosts = {"trustpilot": URL, "invitations": INVITATIONS_URL}
        called = [
            "trustpilot",
            *(step.args["api"] for step in steps if isinstance(step.args, dict) and "api" in step.args),
        ]
        needed = [hosts[name] for name in called if name not in target.hosts]
        needed += [VARIABLES[name] for name in _placeholders(steps) if name in VARIABLES and name not in target.known]
        return list(dict.fromkeys(needed))


def _placeholders(steps: Sequence[CaseStep]) -> Iterator[str]:
    for step in steps:
        args: Any = step.args
        yield from template.unknown(args, frozenset())
        yield from _CREDENTIALS.get(args.get("auth", ""), ()) if isinstance(args, dict) else ()
