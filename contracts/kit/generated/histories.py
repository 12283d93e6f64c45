"""Histories as steps of a case: events sent, delivered, repeated, shuffled, replayed, with trouble and time between."""

from __future__ import annotations

from itertools import chain
from typing import Any

from hypothesis import strategies as st

from contracts.kit.generated import events

Step = dict[str, Any]

LONGEST = 6
"""The most steps of a history."""

_MOST_REPEATS = 3
_TIMES = ("1m", "2h", "5h", "101h", "8d")
# Real time is not spent by any of them: what goes out is counted as timed out at once, a cut comes at once. The work is
# done and its answer lost: that is how duplicates come about.
_LOST = ("email-invitations cut after", "deliver timeout after")
# A 500 for work that was done is not among them: nobody can tell it from one that asks for another try.
_TROUBLE = (
    *_LOST, "deliver 503 after", "deliver reset", "email-invitations 503", "email-invitations 429 x2",
    "email-invitations 400", "email-invitations 401", "accesstoken 500",
)  # fmt: skip


def histories(*, posts: bool, restarts: bool) -> st.SearchStrategy[list[Step]]:
    """Single events, and histories of up to :data:`LONGEST` steps.

    :param posts: whether the subject takes posts of the kit.
    :param restarts: whether the kit can restart the subject.
    """
    if not posts:
        return _story(_sending(), restarts=restarts)
    wild = st.one_of(events.odd(), events.others(), events.odd(), events.schema_bodies(), events.odd())
    single = st.one_of(events.orders(), wild).map(lambda told: [{"deliver": told}])
    story = _story(st.one_of(_delivering(), _sending(), _sending()), restarts=restarts)
    # One after the other as far as possible: one_of alone comes to single events nine times in ten.
    return st.sampled_from((single, story, story)).flatmap(lambda kind: kind)


def _delivering() -> st.SearchStrategy[Step]:
    """An event comes to the destination, once, again, or several times at the same moment."""
    told = st.one_of(events.orders(), events.orders(), events.odd())
    return st.builds(_repeated, st.just("deliver"), told, st.integers(1, _MOST_REPEATS), st.booleans(), st.booleans())


def _sending() -> st.SearchStrategy[Step]:
    """An event goes through Segment, once, again, or several times in a batch."""
    told = st.one_of(events.orders(), events.orders(), events.others())
    return st.builds(_repeated, st.just("send"), told, st.integers(1, _MOST_REPEATS), st.booleans(), st.booleans())


def _story(happening: st.SearchStrategy[Step], *, restarts: bool) -> st.SearchStrategy[list[Step]]:
    time = st.sampled_from(_TIMES).map(lambda span: {"advance": span})
    trouble, lost = (st.sampled_from(faults).map(lambda fault: {"fault": fault}) for faults in (_TROUBLE, _LOST))
    replay, shuffled = st.just({"world": "replay"}), st.just({"variant": {"delivery_order": "shuffled"}})
    between = [time, time, time, trouble, trouble, replay, replay, shuffled]
    if restarts:
        # A restart takes longer than all the rest of a history.
        between = [*between, *between, *between, st.just({"restart": True})]
    alone = st.one_of(happening, happening, st.one_of(between)).map(lambda step: [step])
    # An answer is lost, and time passes in which it is tried again: by chance alone these three seldom meet.
    retried = st.tuples(lost, happening, time).map(list)
    parts = st.lists(st.one_of(alone, alone, alone, retried), min_size=1, max_size=LONGEST)
    return parts.map(lambda steps: list(chain.from_iterable(steps))[:LONGEST]).filter(_has_event).map(_told)


def _repeated(way: str, told: events.Told, times: int, at_once: bool, same: bool) -> Step:  # noqa: FBT001 - what Hypothesis draws
    """The same event several times: with one messageId, as a retry has it, or with one each, as a shop does it."""
    told = dict(told)
    if same and "set" in told:
        told["set"] = {"messageId": "{message}", **told["set"]}
    if times > 1:
        told["times"] = times
        if at_once:
            told["at_once"] = True
    return {way: told}


def _has_event(steps: list[Step]) -> bool:
    return any("send" in step or "deliver" in step for step in steps)


def _told(steps: list[Step]) -> list[Step]:
    """A replay names what was sent before, and nothing else: other histories were played in the same sandbox."""
    found: list[Step] = []
    made = 0
    sent: dict[str, None] = {}
    for step in steps:
        ((name, told),) = step.items()
        if name == "world":
            if not sent:
                continue
            body = {"messageIds": list(sent)}
            found.append({"world": {"call": "POST /segment/destinations/Trustpilot/replay", "body": body}})
            continue
        # A second restart tells little more, and costs as much as the first.
        if name == "restart" and step in found:
            continue
        found.append(step)
        if name in {"send", "deliver"} and "event" in told:
            for _ in range(told.get("times", 1)):
                made += 1
                if name == "send":
                    sent[told["set"].get("messageId", f"{{message}}-{made}")] = None
    return found
