"""Where cases are played: a sandbox with a subject in it; and how one case is played there."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from contracts.kit import template
from contracts.kit.cases import Case, Step
from contracts.kit.checks import judge
from contracts.kit.findings import Finding
from contracts.kit.mock import REST, ControlApi, MockGoneError, MockRefusedError, NoRestError, Sandbox
from contracts.kit.observation import Observation, is_success
from contracts.kit.processes import CannotStartError
from contracts.kit.steps import STEPS, NotApplicableError, NotAsSaidError, Stage
from contracts.kit.subjects import Running, Subject, WithOwnWay

# Segment tries for four hours.
_UNTIL_GIVEN_UP = "5h"
# These steps fill their placeholders themselves, once for each of the events they make.
_FILL_LATER = frozenset({"send", "deliver"})
_SECRETS = ("apiKey", "apiSecret", "password", "integrationKey", "partnerApiSecret", "partnerPassword")


class SubjectCannotStartError(CannotStartError):
    """It is the subject that does not start, so every case fails."""


@dataclass(slots=True)
class Place:
    """A sandbox with a subject in it, for as many cases as go well there."""

    sandbox: Sandbox
    subject: Running
    opened: ExitStack
    last_entry: int
    invited: set[str]
    used: bool = False


def open_place(api: ControlApi, subject: Subject, seed: int, name: str, sandbox_id: str | None = None) -> Place:
    """A sandbox, and the subject started in it.

    :param name: the id of the new sandbox, if it is free.
    :param sandbox_id: a sandbox that exists and that the subject is configured for; None makes a new one.
    :raises CannotStartError: with the reason.
    """
    try:
        sandbox = api.create_sandbox(seed, name) if sandbox_id is None else api.sandbox(sandbox_id)
    except MockRefusedError as problem:
        raise CannotStartError(str(problem)) from problem
    with ExitStack() as opened:
        if sandbox_id is None:
            opened.callback(_delete, sandbox)
        try:
            running = subject.start(sandbox)
        except CannotStartError as problem:
            raise SubjectCannotStartError(str(problem)) from problem
        opened.callback(running.stop)
        if isinstance(running, WithOwnWay):
            sandbox = running.sandbox
        sandbox.connect(running.url, running.key)
        journal = sandbox.journal(0)
        invited = {item["id"] for item in sandbox.invitations()}
        return Place(sandbox, running, opened.pop_all(), journal[-1]["id"] if journal else 0, invited)


def play(case: Case, place: Place, seed: int) -> tuple[tuple[Finding, ...], Observation]:
    """Do what a case says, and judge it.

    :returns: all findings, and what was seen.
    """
    known = template.values(case.id, seed, place.subject.key, place.sandbox.credentials)
    stage = Stage(place.sandbox, place.subject, known)
    try:
        findings = _perform(case.given, stage, place)
        if findings or (findings := _not_given(case, stage.seen)):
            return findings, stage.seen
        before = stage.seen
        stage.seen = Observation(personal=before.personal, references=before.references, events=before.events)
        stage.seen.secrets.update(place.sandbox.credentials.get(name, "") for name in _SECRETS)
        stage.seen.secrets.discard("")
        findings = _perform(case.when, stage, place)
        if any(check.name == "not_stored" for check in case.then):
            stage.seen.stored = _stored(place.subject)
    finally:
        stage.clear()
    judged = (judge(check, stage.seen, template.fill(check.told, known)) for check in case.then)
    every = (*findings, *chain.from_iterable(judged), *_crash(place.subject))
    return tuple(_located(finding, place.sandbox) for finding in every), stage.seen


def finish(place: Place) -> bool:
    """Let happen what Segment has yet to do, so that the next case does not take it for its own.

    :returns: whether nothing is left of it.
    """
    if place.sandbox.unfinished():
        place.sandbox.advance(_UNTIL_GIVEN_UP)
        place.sandbox.settle()
        place.invited = {item["id"] for item in place.sandbox.invitations()}
        place.last_entry = max(
            (entry["id"] for entry in place.sandbox.journal(place.last_entry)), default=place.last_entry
        )
    return not place.sandbox.unfinished()


def restless(problem: NoRestError) -> Finding:
    """The finding that a sandbox did not come to rest."""
    return _breach("rest", f"quiet within {REST}", str(problem), "Answer every event within a few seconds.")


def cannot_start(problem: Exception) -> Finding:
    """The finding that a subject did not start."""
    return _breach("start", "a subject that starts", str(problem), "Mend the start; its last lines are above.")


def _delete(sandbox: Sandbox) -> None:
    # A mock that is gone has taken its sandboxes with it.
    with contextlib.suppress(MockGoneError, MockRefusedError, NoRestError):
        sandbox.delete()


def _perform(steps: Sequence[Step], stage: Stage, place: Place) -> tuple[Finding, ...]:
    """Do some steps and look at what came of them. A finding comes back only when they could not be done."""
    broken: tuple[Finding, ...] = ()
    before = place.invited
    try:
        for step in steps:
            told = step.told if step.name in _FILL_LATER else template.fill(step.told, stage.known)
            STEPS[step.name](stage, told)
    except NoRestError as problem:
        broken = (restless(problem),)
    except NotAsSaidError as problem:
        broken = (_breach("answered", "an answer that the case can go on with", str(problem), "See the exchanges."),)
    seen, sandbox = stage.seen, stage.sandbox
    invitations = sandbox.invitations()
    place.invited = {item["id"] for item in invitations}
    seen.invitations = [item for item in invitations if item["id"] not in before]
    seen.references = {str(item["referenceNumber"]) for item in invitations}
    seen.deliveries = sandbox.deliveries(dict.fromkeys(sent.message_id for sent in seen.sent))
    seen.journal = sandbox.journal(place.last_entry)
    place.last_entry = max((entry["id"] for entry in seen.journal), default=place.last_entry)
    return broken


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


def _stored(subject: Running) -> Mapping[str, bytes]:
    folder = getattr(subject, "folder", None)
    if not isinstance(folder, Path):
        raise NotApplicableError("The kit looks into the files of subjects only that it has started itself.")
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.is_symlink()
    }


def _located(finding: Finding, sandbox: Sandbox) -> Finding:
    return replace(finding, where=finding.where.replace("{id}", sandbox.id))


def _crash(subject: Running) -> tuple[Finding, ...]:
    trouble = subject.trouble()
    return (_breach("alive", "a subject that goes on", trouble, "Survive every input."),) if trouble else ()


def _breach(check: str, expected: str, found: str, advice: str) -> Finding:
    return Finding(check=check, passed=False, expected=expected, found=found, where="the subject", advice=advice)
