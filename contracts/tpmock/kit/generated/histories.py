"""Histories as steps of a case: events sent, delivered, repeated, shuffled, replayed, with faults and time between."""

from __future__ import annotations

from itertools import chain
from typing import Any

from hypothesis import strategies as st
from tpmock.kit.generated import events

StepData = dict[str, Any]

LONGEST = 6
"""The most steps of a history."""

_MOST_REPEATS = 3


def histories(*, posts: bool, restarts: bool) -> st.SearchStrategy[list[StepData]]:
    """Return a strategy of single events, and of histories of up to :data:`LONGEST` steps."""
    if not posts:
        return _story(_happening("send", events.others()), restarts=restarts)
    wild = st.one_of(events.odd(), events.others(), events.odd(), events.schema_bodies(), events.odd())
    single = st.one_of(events.orders(), wild).map(lambda args: [{"deliver": args}])
    delivering, sending = _happening("deliver", events.odd()), _happening("send", events.others())
    story = _story(st.one_of(delivering, sending, sending), restarts=restarts)
    # One strategy after the other: one_of alone generates single events nine times in ten.
    return st.sampled_from((single, story, story)).flatmap(lambda kind: kind)


def _happening(way: str, besides: st.SearchStrategy[events.Arguments]) -> st.SearchStrategy[StepData]:
    """Return steps in which an order or another event comes once, again, or several times at once."""
    args = st.one_of(events.orders(), events.orders(), besides)
    return st.builds(_repeated, st.just(way), args, st.integers(1, _MOST_REPEATS), st.booleans(), st.booleans())


def _story(happening: st.SearchStrategy[StepData], *, restarts: bool) -> st.SearchStrategy[list[StepData]]:
    time = events.one("times").map(lambda span: {"advance": span})
    trouble, lost = (events.one(name).map(lambda fault: {"fault": fault}) for name in ("trouble", "lost"))
    replay, shuffled = st.just({"world": "replay"}), st.just({"variant": {"delivery_order": "shuffled"}})
    between = [time, time, time, trouble, trouble, replay, replay, shuffled]
    if restarts:
        # A restart takes longer than all the rest of a history.
        between = [*between, *between, *between, st.just({"restart": True})]
    alone = st.one_of(happening, happening, st.one_of(between)).map(lambda step: [step])
    # An answer is lost, and Segment retries while time advances: at random these three seldom meet.
    retried = st.tuples(lost, happening, time).map(list)
    parts = st.lists(st.one_of(alone, alone, alone, retried), min_size=1, max_size=LONGEST)
    stories = parts.map(lambda steps: list(chain.from_iterable(steps))[:LONGEST])
    return stories.filter(lambda steps: any({"send", "deliver"} & step.keys() for step in steps)).map(_resolved)


def _repeated(way: str, args: events.Arguments, times: int, at_once: bool, same: bool) -> StepData:  # noqa: FBT001 - what Hypothesis draws
    """Return the same event several times: with one messageId, as a retry has it, or with one each, as a shop does
    it.
    """
    args = dict(args)
    if same and "set" in args:
        args["set"] = {"messageId": "{message}", **args["set"]}
    if times > 1:
        args["times"] = times
        if at_once:
            args["at_once"] = True
    return {way: args}


def _resolved(steps: list[StepData]) -> list[StepData]:
    """Return whether a replay names only what was sent before: other histories ran in the same sandbox."""
    found: list[StepData] = []
    made = 0
    sent: dict[str, None] = {}
    for step in steps:
        ((name, args),) = step.items()
        if name == "world":
            if not sent:
                continue
            body = {"messageIds": list(sent)}
            found.append({"world": {"call": "POST /segment/destinations/Trustpilot/replay", "body": body}})
            continue
        # A second restart finds little more, and costs as much as the first.
        if name == "restart" and step in found:
            continue
        found.append(step)
        if name in {"send", "deliver"} and "event" in args:
            for _ in range(args.get("times", 1)):
                made += 1
                if name == "send":
                    sent[args["set"].get("messageId", f"{{message{made}}}")] = None
    return found
