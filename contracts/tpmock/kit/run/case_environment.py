"""Environment of cases: a sandbox with a subject, and how one case runs there."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import chain

import msgspec
from msgspec.structs import replace
from tpmock.common.control_client import ControlClient, RefusedError, UnreachableError
from tpmock.kit.cases import template
from tpmock.kit.cases.case_files import Case, CaseStep
from tpmock.kit.cases.claims import missing
from tpmock.kit.cases.wording import counted
from tpmock.kit.subjects.mock_client import REST, NoRestError, SandboxClient
from tpmock.kit.subjects.processes import CannotStartError
from tpmock.kit.subjects.subjects import RunningSubject, Subject
from tpmock.kit.vocabulary.checks import judge
from tpmock.kit.vocabulary.findings import Finding
from tpmock.kit.vocabulary.observation import Item, Observation, is_success
from tpmock.kit.vocabulary.steps import STEPS, NotApplicableError, NotAsSaidError, StepContext
from tpmock.kit.vocabulary.waiting import Waiting, refused_by_itself

# Segment tries for four hours.
_UNTIL_GIVEN_UP = "5h"
# These steps fill their placeholders themselves, once for each of the events they make.
_FILL_LATER = frozenset({"send", "deliver"})
_SECRETS = ("apiKey", "apiSecret", "password", "integrationKey", "partnerApiSecret", "partnerPassword")


class SubjectCannotStartError(CannotStartError):
    """The subject does not start, so every case fails."""


class CaseEnvironment(msgspec.Struct):
    """Sandbox with a subject, for all cases until one fails."""

    sandbox: SandboxClient
    subject: RunningSubject
    opened: ExitStack
    last_entry: int
    invited: set[str]
    claims: frozenset[str]
    used: bool = False

    def note(self, journal: Sequence[Item]) -> None:
        """Remember the last entry of the journal that was looked at."""
        self.last_entry = max((entry["id"] for entry in journal), default=self.last_entry)


def open_environment(
    api: ControlClient, subject: Subject, seed: int, name: str, sandbox_id: str | None = None
) -> CaseEnvironment:
    """Create a sandbox and start the subject in it.

    :param name: the id of the new sandbox, if it is free
    :param sandbox_id: a sandbox that exists and that the subject is configured for; None makes a new one
    """
    try:
        if sandbox_id is None:
            sandbox = SandboxClient.create(api, seed, name)
        else:
            sandbox = SandboxClient.of(api, api.sandbox(sandbox_id))
    except RefusedError as problem:
        raise CannotStartError(str(problem)) from problem
    with ExitStack() as opened:
        if sandbox_id is None:
            opened.callback(_delete, sandbox)
        try:
            running = subject.start(sandbox)
        except CannotStartError as problem:
            raise SubjectCannotStartError(str(problem)) from problem
        opened.callback(running.stop)
        sandbox = running.sandbox or sandbox
        sandbox.connect(running.url, running.key)
        journal = sandbox.journal(0)
        invited = {item["id"] for item in sandbox.invitations()}
        last = journal[-1]["id"] if journal else 0
        return CaseEnvironment(sandbox, running, opened.pop_all(), last, invited, subject.claims)


def play(case: Case, environment: CaseEnvironment, seed: int) -> tuple[tuple[Finding, ...], Observation]:
    """Run the steps of a case, then its checks."""
    known = template.values(case.id, seed, environment.subject.key, environment.sandbox.credentials)
    waiting = Waiting(environment.sandbox, environment.subject.pace, environment.last_entry)
    context = StepContext(environment.sandbox, environment.subject, known, waiting)
    try:
        findings = _perform(case.given, context, environment)
        if findings or (findings := _not_given(case, context.seen)):
            return findings, context.seen
        before = context.seen
        context.seen = Observation(personal=before.personal, references=before.references, events=before.events)
        context.seen.secrets.update(environment.sandbox.credentials.get(name, "") for name in _SECRETS)
        context.seen.secrets.discard("")
        findings = _perform(case.when, context, environment)
        if any(check.name in {"not_stored", "not_logged"} for check in case.then):
            context.seen.stored = _stored(environment.subject)
        if any(check.name == "not_logged" for check in case.then):
            context.seen.elsewhere = _elsewhere(environment.subject)
    finally:
        context.clear()
    _calm(context, environment)
    demanded = [check for check in case.then if not missing(check.needs, environment.claims)]
    judged = (judge(check, context.seen, template.fill(check.args, known)) for check in demanded)
    trouble = environment.subject.trouble()
    crash = (_breach("alive", "a subject that still runs", trouble, "Do not exit on any input."),) if trouble else ()
    every = (*findings, *chain.from_iterable(judged), *crash)
    sandbox_id = environment.sandbox.id
    context.seen.waited = waiting.said()
    advised = _advised(tuple(every), context)
    return tuple(replace(one, where=one.where.replace("{id}", sandbox_id)) for one in advised), context.seen


def _calm(context: StepContext, environment: CaseEnvironment) -> None:
    """Leave nothing of a case to the next: no wait of the subject, and no order in its queue."""
    context.before_retry()
    if environment.subject.pace.quiet:
        context.rest()
        environment.invited = {item["id"] for item in environment.sandbox.invitations()}
        environment.note(environment.sandbox.journal(environment.last_entry))


def _advised(findings: tuple[Finding, ...], context: StepContext) -> tuple[Finding, ...]:
    """Name the claim that is missing where a subject waits by its own clock, which no case has moved."""
    alone = refused_by_itself(context.seen.journal)
    if not alone or context.waiting.pace.patience:
        return findings
    hint = (
        f" The subject refused {counted(alone, 'delivery', 'deliveries')} without a call to Trustpilot. If it waits by "
        "its own clock, claim own-patience: the kit then waits too."
    )
    return tuple(one if one.passed else replace(one, advice=one.advice + hint) for one in findings)


def finish(environment: CaseEnvironment) -> bool:
    """Run Segment's scheduled work, so that it does not mix with the next case."""
    if environment.sandbox.unfinished():
        environment.sandbox.advance(_UNTIL_GIVEN_UP)
        environment.sandbox.settle()
        environment.invited = {item["id"] for item in environment.sandbox.invitations()}
        environment.note(environment.sandbox.journal(environment.last_entry))
    return not environment.sandbox.unfinished()


def restless(problem: NoRestError) -> Finding:
    """Return the finding that a sandbox did not come to rest."""
    return _breach("rest", f"idle within {REST}", str(problem), "Answer every event within a few seconds.")


def cannot_start(problem: Exception) -> Finding:
    """Return the finding that a subject did not start."""
    return _breach(
        "start", "a subject that starts", str(problem), "Correct the start; the last lines of its output are above."
    )


def _delete(sandbox: SandboxClient) -> None:
    # A mock that has ended has no sandboxes.
    with contextlib.suppress(UnreachableError, RefusedError, NoRestError):
        sandbox.delete()


def _perform(steps: Sequence[CaseStep], context: StepContext, environment: CaseEnvironment) -> tuple[Finding, ...]:
    """Run some steps and observe the results. Return a finding only when they could not run."""
    broken: tuple[Finding, ...] = ()
    before = environment.invited
    try:
        for step in steps:
            args = step.args if step.name in _FILL_LATER else template.fill(step.args, context.known)
            STEPS[step.name](context, args)
    except NoRestError as problem:
        broken = (restless(problem),)
    except NotAsSaidError as problem:
        broken = (
            _breach("answered", "an answer with which the case can continue", str(problem), "See the exchanges."),
        )
    seen, sandbox = context.seen, context.sandbox
    invitations = sandbox.invitations()
    environment.invited = {item["id"] for item in invitations}
    seen.invitations = [item for item in invitations if item["id"] not in before]
    seen.references = {str(item["referenceNumber"]) for item in invitations}
    seen.deliveries = sandbox.deliveries(dict.fromkeys(sent.message_id for sent in seen.sent))
    seen.journal = sandbox.journal(environment.last_entry)
    environment.note(seen.journal)
    return broken


def _not_given(case: Case, seen: Observation) -> tuple[Finding, ...]:
    """Return a finding when the case's given part did not hold, since what follows would prove nothing."""
    refused = [
        f"{answer.what} was answered {answer.error or answer.status}"
        for answer in seen.answers
        if not is_success(answer.status)
    ]
    delivered = {item["messageId"] for item in seen.deliveries if item["state"] == "delivered"}
    refused += [f"{sent.message_id} was not delivered" for sent in seen.sent if sent.message_id not in delivered]
    # Without this a subject that answers 200 and does nothing has everything that a case builds on.
    orders = (*(answer.order for answer in seen.answers), *(sent.order for sent in seen.sent))
    refused += [f"there is no invitation for {order}" for order in orders if order and order not in seen.references]
    if not refused:
        return ()
    found = f"{refused[0]} (in the given part of {case.id})"
    advice = "Make plain orders work first; this case builds on them."
    return (_breach("given", "the steps of the given part to succeed", found, advice),)


def _stored(subject: RunningSubject) -> Mapping[str, bytes]:
    folder = subject.folder
    if folder is None:
        raise NotApplicableError("The kit looks into the files of subjects only that it has started itself.")
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.is_symlink()
    }


def _elsewhere(subject: RunningSubject) -> Mapping[str, bytes]:
    found = subject.files()
    if found is None:
        raise NotApplicableError("The kit looks for the files of programs only that it has started itself.")
    return found


def _breach(check: str, expected: str, found: str, advice: str) -> Finding:
    return Finding(check=check, passed=False, expected=expected, found=found, where="the subject", advice=advice)
