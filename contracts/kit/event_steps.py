"""The steps with events, faults and time; see :mod:`contracts.kit.stage`."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from contracts.kit import base_events, template
from contracts.kit.base_events import Event
from contracts.kit.observation import Answer, Posted, Sent, order_of, personal_data
from contracts.kit.stage import PATIENCE, NotApplicableError, NotRunError, Stage, step


@step
def _send(stage: Stage, told: Mapping[str, Any]) -> None:
    """Segment's own way: the tracking API takes the event and delivers it."""
    events = [_event(stage, told, number) for number in range(1, told.get("times", 1) + 1)]
    for event in events:
        stage.seen.sent.append(Sent(event["messageId"], order_of(event)))
    for group in [events] if told.get("at_once") else [[event] for event in events]:
        stage.sandbox.track(group)
        stage.rest()


@step
def _deliver(stage: Stage, told: Mapping[str, Any]) -> None:
    """Straight to the destination, as Segment posts: one event a request, Basic authentication, its User-Agent."""
    if not stage.subject.url:
        raise NotApplicableError("The case posts straight to a destination, and this subject takes no posts.")
    times = told.get("times", 1)
    posts = [_post(stage, told, number) for number in range(1, times + 1)]
    if told.get("at_once"):
        with ThreadPoolExecutor(times) as pool:
            stage.seen.answers.extend(pool.map(_Post.make, posts))
    else:
        stage.seen.answers.extend(post.make() for post in posts)
    stage.rest()


@step
def _fault(stage: Stage, told: Mapping[str, Any] | str) -> None:
    """The next calls of an operation of the mock go wrong, as the control API takes it."""
    stage.faults.append(stage.sandbox.arm({"fault": told} if isinstance(told, str) else dict(told)))


@step
def _variant(stage: Stage, told: Mapping[str, str]) -> None:
    """Switches of the sandbox are moved, and moved back when the case is over."""
    before = stage.sandbox.variants()
    for name in told:
        if name not in before:
            raise NotRunError(f"This mock has no variant {name}; it has {', '.join(sorted(before))}.")
    stage.variants_before = {name: before[name] for name in told} | stage.variants_before
    stage.sandbox.move(told)


@step
def _advance(stage: Stage, told: str) -> None:
    """Time passes in the sandbox; what falls due happens."""
    stage.sandbox.advance(told)
    stage.rest()


@step
def _settle(stage: Stage, told: bool) -> None:  # noqa: ARG001, FBT001 - every step takes what it is told
    """Nothing but waiting until nothing is under way."""
    stage.rest()


@step
def _restart(stage: Stage, told: bool) -> None:  # noqa: ARG001, FBT001 - every step takes what it is told
    """The subject is ended and started again, its storage kept."""
    if not stage.subject.restart():
        raise NotApplicableError("The kit restarts only subjects that it has started itself.")


@step
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
    _note(stage, event)
    return event


def _note(stage: Stage, event: object) -> None:
    """Remember an event, and who is in it, for the checks."""
    stage.seen.events.append(event)
    stage.seen.personal.update(personal_data(event))


@dataclass(frozen=True, slots=True)
class _Post:
    """A post to the destination, ready to be made."""

    url: str
    body: bytes
    headers: dict[str, str]
    key: str | None
    order: str | None
    what: str

    def posted(self) -> Posted:
        # Not encoded: whoever writes it down has to find the key in it.
        shown = {} if self.key is None else {"Authorization": f"Basic {self.key}:"}
        return Posted(self.url, {**self.headers, **shown}, self.body.decode())

    def make(self) -> Answer:
        try:
            with requests.Session() as session:
                session.trust_env = False
                auth = None if self.key is None else (self.key, "")
                with session.post(
                    self.url, data=self.body, headers=self.headers, auth=auth, timeout=PATIENCE, allow_redirects=False
                ) as response:
                    kind = response.headers.get("Content-Type", "")
                    return Answer(response.status_code, kind, response.text, "", self.order, self.what, self.posted())
        except requests.RequestException as problem:
            error = f"no answer ({type(problem).__name__})"
            return Answer(None, error=error, order=self.order, what=self.what, request=self.posted())


def _post(stage: Stage, told: Mapping[str, Any], number: int) -> _Post:
    known = {**stage.known, "n": number}
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Segment.io/1.0",
        "Accept": "*/*",
        "Cache-Control": "no-cache",
    }
    if "settings" in told:
        custom = json.dumps(template.fill(told["settings"], known))
        headers["X-Segment-Settings"] = base64.b64encode(custom.encode()).decode()
    key = None
    if "authorization" in told:
        headers["Authorization"] = str(template.fill(told["authorization"], known))
    else:
        key = template.fill(told.get("key", "{key}"), known)
    if "body" in told:
        body, order, what = str(template.fill(told["body"], known)), None, "a body of the case"
        _note(stage, _parsed(body))
    else:
        event = _as_stored(_event(stage, told, number))
        body, order, what = json.dumps(event), order_of(event), f"the event {told['event']}"
    return _Post(stage.subject.url, body.encode(), headers, key, order, what)


def _parsed(body: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _as_stored(event: Event) -> Event:
    """The event with what Segment adds before it delivers (facts: what Segment adds or changes)."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    added = dict.fromkeys(("originalTimestamp", "receivedAt", "sentAt", "timestamp"), now)
    return {"context": {}, "integrations": {}, "version": "2", "channel": "server", **added, **event}
