"""The vocabulary of steps: what a case can do. One function a step, named as in the case files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from contracts.kit import base_events, template
from contracts.kit.base_events import Event
from contracts.kit.mock import Item, NoRestError, Sandbox
from contracts.kit.observation import Answer, Observation, Sent, order_of, personal_data
from contracts.kit.subjects import Running

# Longer than Segment waits for a destination, so that a slow subject is told apart from a dead one.
_PATIENCE = 15.0
_BETWEEN_LOOKS = 0.01


class NotApplicableError(Exception):
    """The case does not apply to this subject; the text says why."""


class NotRunError(Exception):
    """The case cannot be judged here; the text says why."""


@dataclass(slots=True)
class Stage:
    """Where a case plays: a sandbox, a subject configured for it, and what was seen so far.

    :param known: what the placeholders stand for.
    """

    sandbox: Sandbox
    subject: Running
    known: Mapping[str, template.Value]
    seen: Observation = field(default_factory=Observation)
    variants_before: dict[str, str] = field(default_factory=dict)
    faults: list[Item] = field(default_factory=list)
    events_made: int = 0

    def rest(self) -> None:
        """Wait until nothing is due and nothing is under way.

        The sandbox's own idea of rest leaves out calls that a fault holds back, whose caller may have gone long ago.

        :raises NoRestError: when that takes too long.
        """
        self.sandbox.settle()
        slow = [fault for fault in self.faults if fault.get("delay")]
        deadline = time.monotonic() + _PATIENCE
        while slow and self.sandbox.held_back(slow):
            if time.monotonic() > deadline:
                raise NoRestError("A call that a fault had held back was never answered.")
            time.sleep(_BETWEEN_LOOKS)
        if slow:
            self.sandbox.settle()

    def clear(self) -> None:
        """Take back what the case changed in the sandbox."""
        if self.faults:
            self.sandbox.disarm()
        if self.variants_before:
            self.sandbox.move(self.variants_before)


Do = Callable[[Stage, Any], None]
STEPS: dict[str, Do] = {}


def _step(do: Do) -> Do:
    STEPS[do.__name__.removeprefix("_")] = do
    return do


@_step
def _send(stage: Stage, told: Mapping[str, Any]) -> None:
    """Segment's own way: the tracking API takes the event and delivers it."""
    events = [_event(stage, told, number) for number in range(1, told.get("times", 1) + 1)]
    for event in events:
        stage.seen.sent.append(Sent(event["messageId"], order_of(event)))
    for group in [events] if told.get("at_once") else [[event] for event in events]:
        stage.sandbox.track(group)
        stage.rest()


@_step
def _deliver(stage: Stage, told: Mapping[str, Any]) -> None:
    """Straight to the destination, as Segment posts: one event a request, Basic authentication, its User-Agent."""
    times = told.get("times", 1)
    posts = [_post(stage, told, number) for number in range(1, times + 1)]
    if told.get("at_once"):
        with ThreadPoolExecutor(times) as pool:
            stage.seen.answers.extend(pool.map(_Post.make, posts))
    else:
        stage.seen.answers.extend(post.make() for post in posts)
    stage.rest()


@_step
def _fault(stage: Stage, told: Mapping[str, Any]) -> None:
    """The next calls of an operation of the mock go wrong, as the control API takes it."""
    stage.faults.append(stage.sandbox.arm(dict(told)))


@_step
def _variant(stage: Stage, told: Mapping[str, str]) -> None:
    """Switches of the sandbox are moved, and moved back when the case is over."""
    before = stage.sandbox.variants()
    for name in told:
        if name not in before:
            raise NotRunError(f"This mock has no variant {name}; it has {', '.join(sorted(before))}.")
    stage.variants_before = {name: before[name] for name in told} | stage.variants_before
    stage.sandbox.move(told)


@_step
def _advance(stage: Stage, told: str) -> None:
    """Time passes in the sandbox; what falls due happens."""
    stage.sandbox.advance(told)
    stage.rest()


@_step
def _settle(stage: Stage, told: bool) -> None:  # noqa: ARG001, FBT001 - every step takes what it is told
    """Nothing but waiting until nothing is under way."""
    stage.rest()


@_step
def _restart(stage: Stage, told: bool) -> None:  # noqa: ARG001, FBT001 - every step takes what it is told
    """The subject is ended and started again, its storage kept."""
    if not stage.subject.restart():
        raise NotApplicableError("The kit restarts only subjects that it has started itself.")


@_step
def _unused(stage: Stage, told: str) -> None:
    """The sandbox holds no invitation for this order number yet; else the case cannot be judged."""
    if any(str(item.get("referenceNumber")) == told for item in stage.sandbox.invitations()):
        raise NotRunError(
            f"The sandbox {stage.sandbox.id} holds an invitation for {told} already. Judge in a new one, or reset it."
        )


def _event(stage: Stage, told: Mapping[str, Any], number: int) -> Event:
    """The event a step means, with a messageId of its own unless the case gives one."""
    known = {**stage.known, "n": number}
    event = base_events.load(told["event"])
    stage.events_made += 1
    event["messageId"] = f"{stage.known['message']}-{stage.events_made}"
    base_events.change(event, template.fill(told.get("set", {}), known), told.get("unset", ()))
    stage.seen.personal.update(personal_data(event))
    return event


@dataclass(frozen=True, slots=True)
class _Post:
    """A post to the destination, ready to be made."""

    url: str
    body: bytes
    headers: dict[str, str]
    key: str | None
    order: str | None
    what: str

    def make(self) -> Answer:
        try:
            with requests.Session() as session:
                session.trust_env = False
                auth = None if self.key is None else (self.key, "")
                with session.post(
                    self.url, data=self.body, headers=self.headers, auth=auth, timeout=_PATIENCE, allow_redirects=False
                ) as response:
                    kind = response.headers.get("Content-Type", "")
                    return Answer(response.status_code, kind, response.text, order=self.order, what=self.what)
        except requests.RequestException as problem:
            return Answer(None, error=f"no answer ({type(problem).__name__})", order=self.order, what=self.what)


def _post(stage: Stage, told: Mapping[str, Any], number: int) -> _Post:
    known = {**stage.known, "n": number}
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Segment.io/1.0",
        "Accept": "*/*",
        "Cache-Control": "no-cache",
    }
    key = None
    if "authorization" in told:
        headers["Authorization"] = str(template.fill(told["authorization"], known))
    else:
        key = template.fill(told.get("key", "{key}"), known)
    if "body" in told:
        body, order, what = str(template.fill(told["body"], known)), None, "a body that is no event"
    else:
        event = _as_stored(_event(stage, told, number))
        body, order, what = json.dumps(event), order_of(event), f"the event {told['event']}"
    return _Post(stage.subject.url, body.encode(), headers, key, order, what)


def _as_stored(event: Event) -> Event:
    """The event with what Segment adds before it delivers (facts: what Segment adds or changes)."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    added = dict.fromkeys(("originalTimestamp", "receivedAt", "sentAt", "timestamp"), now)
    return {"context": {}, "integrations": {}, "version": "2", "channel": "server", **added, **event}
