"""The steps with events, faults and time; see :mod:`tpmock.kit.vocabulary.steps`."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from msgspec.structs import replace
from tpmock.common.durations import seconds
from tpmock.common.moments import iso_milliseconds
from tpmock.kit.cases import base_events, template
from tpmock.kit.cases.base_events import Event
from tpmock.kit.subjects.http import PATIENCE
from tpmock.kit.vocabulary.observation import KitRequest, ReceivedAnswer, Sent, order_of, personal_data
from tpmock.kit.vocabulary.steps import (
    BETWEEN_LOOKS,
    NotApplicableError,
    NotAsSaidError,
    NotRunError,
    StepContext,
    answered,
    step,
)


@step
def _send(context: StepContext, args: Mapping[str, Any]) -> None:
    events = [_event(context, args, number) for number in range(1, args.get("times", 1) + 1)]
    for event in events:
        context.seen.sent.append(Sent(event["messageId"], order_of(event)))
    for group in [events] if args.get("at_once") else [[event] for event in events]:
        context.before_retry()
        context.sandbox.track(group)
        context.rest()


@step
def _deliver(context: StepContext, args: Mapping[str, Any]) -> None:
    if not context.subject.url:
        raise NotApplicableError(
            "The case posts events to a destination directly, and this subject does not accept them."
        )
    times = args.get("times", 1)
    posts = [_post(context, args, number) for number in range(1, times + 1)]
    context.before_retry()
    if args.get("at_once"):
        with ThreadPoolExecutor(times) as pool:
            context.seen.answers.extend(pool.map(lambda make: make(), posts))
    else:
        for make in posts:
            context.before_retry()
            context.seen.answers.append(make())
    context.rest()


@step
def _fault(context: StepContext, args: Mapping[str, Any] | str) -> None:
    context.faults.append(context.sandbox.arm({"fault": args} if isinstance(args, str) else dict(args)))


@step
def _end_faults(context: StepContext, _args: object) -> None:
    context.sandbox.disarm()
    context.faults.clear()


@step
def _variant(context: StepContext, args: Mapping[str, str]) -> None:
    before = context.sandbox.variants()
    for name in args:
        if name not in before:
            raise NotRunError(f"This mock has no variant {name}; it has {', '.join(sorted(before))}.")
    context.variants_before = {name: before[name] for name in args} | context.variants_before
    context.sandbox.move(args)


@step
def _advance(context: StepContext, args: str) -> None:
    if context.waiting.pace.patience:
        _with_patience(context, seconds(args))
    else:
        context.sandbox.advance(args)
    context.rest()


def _with_patience(context: StepContext, by: float) -> None:
    """Advance from one retry of Segment to the next, and give the subject real time before each."""
    sandbox = context.sandbox
    target = sandbox.now() + by
    while (moment := sandbox.next_retry()) is not None and moment <= target:
        context.before_retry()
        sandbox.advance(f"{max(0.0, moment - sandbox.now()):.3f}s")
        context.rest()
    sandbox.advance(f"{max(0.0, target - sandbox.now()):.3f}s")


@step
def _settle(context: StepContext, _args: object) -> None:
    context.rest()


@step
def _restart(context: StepContext, _args: object) -> None:
    if not context.subject.restart():
        raise NotApplicableError("The kit restarts only subjects that it has started itself.")


@step
def _kill(context: StepContext, args: Mapping[str, Any] | Literal[True]) -> None:
    if args is True:
        _killed(context)
        return
    held = context.sandbox.struck(context.faults)
    with ThreadPoolExecutor(1) as pool:
        # There is no answer: the program that would give it is killed.
        pool.submit(_post(context, args["during"], 1))
        deadline = time.monotonic() + PATIENCE
        while context.sandbox.struck(context.faults) == held:
            if time.monotonic() > deadline:
                raise NotAsSaidError("The subject made no call to Trustpilot during which the kit could kill it.")
            time.sleep(BETWEEN_LOOKS)
        _killed(context)
    context.rest()


def _killed(context: StepContext) -> None:
    if not context.subject.kill():
        raise NotApplicableError(
            "Not run: the kit kills only programs that it has started itself and can end without a command of theirs."
        )


@step
def _unused(context: StepContext, args: str) -> None:
    if any(str(item.get("referenceNumber")) == args for item in context.sandbox.invitations()):
        raise NotRunError(
            f"The sandbox {context.sandbox.id} already has an invitation for {args}. Use a new sandbox, or reset it."
        )


def _event(context: StepContext, args: Mapping[str, Any], number: int) -> Event:
    """Return the event of a step, with its own messageId unless the case gives one."""
    known = {**context.known, "n": number}
    event = base_events.load(args["event"])
    context.events_made += 1
    event["messageId"] = template.message_id(str(context.known["message"]), context.events_made)
    base_events.change(event, template.fill(args.get("set", {}), known), args.get("unset", ()))
    if "bytes" in args:
        base_events.lengthen(event, args["bytes"])
    _note(context, event)
    return event


def _note(context: StepContext, event: object) -> None:
    """Remember an event, and who is in it, for the checks."""
    context.seen.events.append(event)
    context.seen.personal.update(personal_data(event))


def _post(context: StepContext, args: Mapping[str, Any], number: int) -> Callable[[], ReceivedAnswer]:
    """Return a post to the destination, ready to be made."""
    known = {**context.known, "n": number}
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Segment.io/1.0",
        "Accept": "*/*",
        "Cache-Control": "no-cache",
        "X-Mock-Time": iso_milliseconds(context.sandbox.now()),
    }
    if "settings" in args:
        custom = json.dumps(template.fill(args["settings"], known))
        headers["X-Segment-Settings"] = base64.b64encode(custom.encode()).decode()
    key = None
    if "authorization" in args:
        headers["Authorization"] = str(template.fill(args["authorization"], known))
    else:
        key = template.fill(args.get("key", "{key}"), known)
    if "body" in args:
        body, order, what = str(template.fill(args["body"], known)), None, "a body of the case"
        _note(context, _parsed(body))
    else:
        event = _as_stored(_event(context, args, number))
        body, order, what = json.dumps(event), order_of(event), f"the event {args['event']}"
    url, auth = context.subject.url, None if key is None else (key, "")
    # Not encoded: redaction has to find the key in it.
    shown = headers if key is None else {**headers, "Authorization": f"Basic {key}:"}

    def make() -> ReceivedAnswer:
        answer = answered(what, "POST", url, data=body.encode(), headers=headers, auth=auth)
        return replace(answer, order=order, request=KitRequest(url, shown, body))

    return make


def _parsed(body: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _as_stored(event: Event) -> Event:
    """Return the event with what Segment adds before it delivers (facts: what Segment adds or changes)."""
    names = ("originalTimestamp", "receivedAt", "sentAt", "timestamp")
    added = dict.fromkeys(names, iso_milliseconds(time.time()))
    return {"context": {}, "integrations": {}, "version": "2", "channel": "server", **added, **event}
