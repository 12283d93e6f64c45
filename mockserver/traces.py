"""Which exchanges and changes descend from which first cause: one order from end to end, in bounded memory.

A trace outlives the journal's entries: its steps keep what is needed to tell the story, not the bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from sys import intern
from typing import Final, Literal

from mockserver.forgetting import Eraser
from mockserver.ring import Ring

#: How many traces are kept; the oldest go first.
TRACES: Final = 5_000
#: How many steps of one trace are kept: the first ones, and as many of the newest as there is room for.
STEPS: Final = 200
FIRST_STEPS: Final = 20
#: How many things one trace is known by.
KEYS: Final = 50
#: A key longer than this is nobody's order number; a longer text in a step is cut.
LONGEST_KEY: Final = 256
LONGEST_TEXT: Final = 400

#: Why a step belongs to its trace, from sure to less sure. ``cause``: it is the first. ``...Id``: it names the message,
#: order, link, review or conversation, or happened to the very invitation. ``correlation-header``: the caller passed
#: the message id on. ``time``: it names nothing, and exactly one delivery was in flight.
Join = Literal[
    "cause",
    "messageId",
    "orderId",
    "invitationId",
    "linkId",
    "reviewId",
    "conversationId",
    "correlation-header",
    "time",
]
Fact = str | int | float | None


# Not frozen, as each call makes some, and a frozen one takes three times as long to make.
@dataclass(slots=True)
class Step:
    """One thing that happened. It never changes; where a person has to be forgotten, another stands in its place.

    :param number: rises in a sandbox; what a call caused has a higher one than the call
    :param at: the sandbox's time
    :param what: ``call`` (came in), ``post`` (went out), or the name of a change
    :param entry: the journal's entry of an exchange
    :param facts: what is to be told of it; which ones is fixed for each ``what``
    """

    number: int
    at: float
    what: str
    join: Join
    entry: int | None
    facts: tuple[Fact, ...]


@dataclass(slots=True)
class Trace:
    """A first cause and what descends from it.

    :param began: the sandbox's time
    :param keys: what it is known by, such as ``orderId:1001``
    :param dropped: how many steps there was no room for, between the first ones and the newest
    """

    id: str
    began: float
    keys: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    dropped: int = 0

    def in_order(self) -> list[Step]:
        """The steps, causes before effects: an exchange is noted when it ends and stands where it began."""
        return sorted(self.steps, key=lambda step: step.number)


@dataclass(slots=True, kw_only=True)
class TracesState:
    """All traces of a sandbox, as they are kept.

    :param last_trace: the last number given to a trace
    :param last_step: and to a step
    """

    traces: list[Trace] = field(default_factory=list)
    last_trace: int = 0
    last_step: int = 0


class Traces:
    """The traces of a sandbox. Used under the sandbox's lock, but for :attr:`lone_flight` and :meth:`next_number`.

    :param now: the sandbox's time
    :param state: those that were kept; they are its own from now on
    """

    __slots__ = ("_by_key", "_flights", "_last", "_now", "_numbers", "_traces")

    def __init__(self, now: Callable[[], float], state: TracesState | None = None) -> None:
        kept = TracesState() if state is None else state
        self._now = now
        self._last = kept.last_trace
        self._numbers = count(kept.last_step + 1)
        self._by_key: dict[str, str] = {}
        self._traces: Ring[str, Trace] = Ring(TRACES, self._forget)
        for trace in kept.traces:
            self._traces[trace.id] = trace
            self._by_key.update(dict.fromkeys(trace.keys, trace.id))
        #: By their numbers, what is on its way to a destination, and for which trace; None for what else goes out.
        self._flights: dict[int, str | None] = {}

    def _forget(self, trace: Trace) -> None:
        for key in trace.keys:
            del self._by_key[key]

    def state(self) -> TracesState:
        """Everything, as plain records, which are the living ones."""
        return TracesState(traces=list(self._traces.values()), last_trace=self._last, last_step=self.next_number() - 1)

    def next_number(self) -> int:
        """A number for a step that is about to begin; they only ever rise."""
        return next(self._numbers)

    def begin(self, *keys: str) -> str:
        """A new first cause, known from now on by ``keys``; a key that is known already stays with its first."""
        self._last += 1
        trace = Trace(f"trace-{self._last}", self._now())
        self._traces[trace.id] = trace
        for key in keys:
            self.also(trace.id, key)
        return trace.id

    def also(self, trace_id: str | None, key: str) -> None:
        """Let a trace be known by ``key`` too, unless another is."""
        trace = self._traces.get(trace_id) if trace_id else None
        if trace is None or key in self._by_key or len(key) > LONGEST_KEY:
            return
        trace.keys.append(key)
        self._by_key[key] = trace.id
        if len(trace.keys) > KEYS:
            # The first is what it is best known by.
            del self._by_key[trace.keys.pop(1)]

    def find(self, key: str) -> str | None:
        """The first cause known by ``key``."""
        return self._by_key.get(key)

    def get(self, trace_id: str) -> Trace | None:
        """The trace of that id, if it is still kept."""
        return self._traces.get(trace_id)

    def erase(self, eraser: Eraser, traces: Collection[str]) -> None:
        """Let nobody find a person any more, in traces that name them and in certain others."""
        for trace in self._traces.values():
            told = [fact for step in trace.steps for fact in step.facts if isinstance(fact, str)]
            if trace.id in traces or eraser.about(*trace.keys, *told):
                trace.steps = [replace(step, facts=tuple(map(eraser.json, step.facts))) for step in trace.steps]
                for key in trace.keys:
                    del self._by_key[key]
                # What two were known by is from now on the same word, and stays with the first.
                changed = dict.fromkeys(map(eraser.text, trace.keys))
                trace.keys = [key for key in changed if key not in self._by_key]
                self._by_key.update(dict.fromkeys(trace.keys, trace.id))

    def newest(self) -> list[Trace]:
        """All that are kept, newest first."""
        return list(reversed(self._traces.values()))

    def note(self, trace_id: str | None, what: str, join: Join, *facts: Fact) -> None:
        """Something happened that belongs to a trace. Without a trace, or when it is forgotten, nothing is noted."""
        trace = self._traces.get(trace_id) if trace_id else None
        if trace is not None:
            told = tuple([fact[:LONGEST_TEXT] if type(fact) is str else fact for fact in facts])
            self._add(trace, Step(next(self._numbers), self._now(), intern(what), join, None, told))

    def note_exchange(
        self,
        trace_id: str | None,
        what: Literal["call", "post"],
        join: Join,
        entry: int,
        number: int,
        at: float,
        facts: tuple[Fact, ...],
    ) -> None:
        """The same for something that took its time.

        :param number: taken when it began; ``at`` likewise
        :param facts: no text among them longer than :data:`LONGEST_TEXT`
        """
        trace = self._traces.get(trace_id) if trace_id else None
        if trace is not None:
            self._add(trace, Step(number, at, what, join, entry, facts))

    @staticmethod
    def _add(trace: Trace, step: Step) -> None:
        steps = trace.steps
        steps.append(step)
        if len(steps) > STEPS:
            del steps[FIRST_STEPS]
            trace.dropped += 1

    # --- what is under way ----------------------------------------------------------------------------------------

    def take_off(self, number: int, trace_id: str | None) -> None:
        """Something goes out: a delivery, for a trace, or something else."""
        self._flights[number] = trace_id

    def landed(self, number: int) -> None:
        """It has ended."""
        del self._flights[number]

    @property
    def lone_flight(self) -> int | None:
        """The number of what is on its way, when that is exactly one thing."""
        flights = self._flights
        if len(flights) != 1:
            return None
        # Between the two lines the last one may have landed: then it is none.
        return next(iter(tuple(flights)), None)

    def trace_in_flight(self, number: int) -> str | None:
        """The trace for which a delivery is on its way, while it is the only thing that is."""
        return self._flights.get(number) if len(self._flights) == 1 else None


def kinds(keys: Iterable[str]) -> dict[str, list[str]]:
    """Keys by what they are: ``{"orderId": ["1001"]}``."""
    result: dict[str, list[str]] = {}
    for key in keys:
        kind, _, value = key.partition(":")
        result.setdefault(kind, []).append(value)
    return result
