"""Traces: the exchanges and changes that follow from a first event or call, in limited memory.

A trace stays longer than the journal's entries: its steps store facts, not the bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from sys import getsizeof, intern
from typing import Final

from tpmock.core.bounded import BoundedDict
from tpmock.core.memory import MEGABYTE, Memory
from tpmock.core.responses import Join
from tpmock.journal.erasure import Redactor

#: Maximum number of traces; the oldest are dropped first.
TRACES: Final = 5_000
#: Maximum bytes of all traces.
TRACES_BYTES: Final = 16 * MEGABYTE
#: Bytes of a trace without its keys, and of a step without its facts.
OWN_BYTES: Final = 300
#: Maximum number of steps of one trace: the first ones, and the newest.
STEPS: Final = 200
FIRST_STEPS: Final = 20
#: Maximum number of keys of a trace.
KEYS: Final = 50
#: Maximum length of a key, longer ones are ignored; and of a text in a step, longer ones are cut.
LONGEST_KEY: Final = 256
LONGEST_TEXT: Final = 400

Fact = str | int | float | None


# Not frozen: each call creates some, and a frozen one takes three times as long.
@dataclass(slots=True)
class Step:
    """One event of a trace. It is immutable; an erasure replaces it.

    :param number: increases in a sandbox; the effects of a call have higher ones than the call
    :param at: the sandbox's time
    :param what: ``call`` (inbound), ``post`` (outbound), or the name of a change
    :param entry: the journal's entry of an exchange
    :param facts: the facts to show; fixed for each ``what``
    """

    number: int
    at: float
    what: str
    join: Join
    entry: int | None
    facts: tuple[Fact, ...]

    @property
    def weight(self) -> int:
        """Return its approximate bytes in memory."""
        return OWN_BYTES + sum(map(getsizeof, self.facts))


@dataclass(slots=True)
class Trace:
    """A first cause and all steps that follow from it.

    :param began: the sandbox's time
    :param keys: identify it, such as ``orderId:1001``
    :param dropped: number of dropped steps, between the first ones and the newest
    """

    id: str
    began: float
    keys: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    dropped: int = 0

    @property
    def weight(self) -> int:
        """Return its approximate bytes in memory."""
        return OWN_BYTES + sum(map(getsizeof, self.keys)) + sum(step.weight for step in self.steps)

    def texts(self) -> list[str]:
        """Return its keys and the texts of its steps."""
        return self.keys + [fact for step in self.steps for fact in step.facts if type(fact) is str]

    def in_order(self) -> list[Step]:
        """Return the steps, causes before effects: an exchange is recorded when it ends and sorted by its beginning."""
        return sorted(self.steps, key=lambda step: step.number)


@dataclass(slots=True, kw_only=True)
class TracesState:
    """All traces of a sandbox, as saved.

    :param last_trace: the last number given to a trace
    :param last_step: the last number given to a step
    """

    traces: list[Trace] = field(default_factory=list)
    last_trace: int = 0
    last_step: int = 0


class Traces:
    """The traces of a sandbox. Used under the sandbox's lock, except :attr:`lone_flight` and :meth:`next_number`.

    :param now: returns the sandbox's time
    :param state: a saved state to restore, which it takes over
    :param memory: the sandbox's budget
    """

    __slots__ = ("_by_key", "_computed", "_flights", "_last", "_now", "_numbers", "_traces")

    def __init__(
        self, now: Callable[[], float], state: TracesState | None = None, memory: Memory | None = None
    ) -> None:
        kept = TracesState() if state is None else state
        self._now = now
        self._last = kept.last_trace
        self._numbers = count(kept.last_step + 1)
        self._by_key: dict[str, str] = {}
        for trace in kept.traces:
            self._by_key.update(dict.fromkeys(trace.keys, trace.id))
        self._traces = BoundedDict(
            {trace.id: trace for trace in kept.traces},
            size=TRACES,
            on_evict=self._forget,
            weigh=lambda _, trace: trace.weight,
            most=TRACES_BYTES,
            memory=memory,
            name="traces",
        )
        #: What :meth:`computed` returned for a trace, until the trace changes.
        self._computed: dict[str, str] = {}
        #: Deliveries in flight by number, with their trace; None for other outbound requests.
        self._flights: dict[int, str | None] = {}

    def _forget(self, trace: Trace) -> None:
        for key in trace.keys:
            del self._by_key[key]
        self._computed.pop(trace.id, None)

    def state(self) -> TracesState:
        """Return everything as records, which are the live ones."""
        return TracesState(traces=list(self._traces.values()), last_trace=self._last, last_step=self.next_number() - 1)

    def next_number(self) -> int:
        """Return the number of a step that is about to begin; numbers only increase."""
        return next(self._numbers)

    def begin(self, *keys: str) -> str:
        """Begin a trace with ``keys``; a known key stays with its first trace."""
        self._last += 1
        trace = Trace(f"trace-{self._last}", self._now())
        self._traces[trace.id] = trace
        for key in keys:
            self.also(trace.id, key)
        return trace.id

    def also(self, trace_id: str | None, key: str) -> None:
        """Add a ``key`` to a trace, unless another trace has it."""
        trace = self._traces.get(trace_id) if trace_id else None
        if trace is None or key in self._by_key or len(key) > LONGEST_KEY:
            return
        trace.keys.append(key)
        self._by_key[key] = trace.id
        self._computed.pop(trace.id, None)
        heavier = getsizeof(key)
        if len(trace.keys) > KEYS:
            # The first key is the best name.
            gone = trace.keys.pop(1)
            del self._by_key[gone]
            heavier -= getsizeof(gone)
        self._traces.grow(trace.id, heavier)

    def find(self, key: str) -> str | None:
        """Return the trace of a ``key``."""
        return self._by_key.get(key)

    def get(self, trace_id: str) -> Trace | None:
        """Return the trace of that id, if it still exists."""
        return self._traces.get(trace_id)

    def erase(self, redactor: Redactor, traces: Collection[str]) -> None:
        """Erase a person, in traces that name them and in certain others."""
        named = {trace.id for trace in redactor.among(self._traces.values(), Trace.texts)}
        meant = [trace for trace in self._traces.values() if trace.id in traces or trace.id in named]
        for trace in meant:
            trace.steps = [replace(step, facts=tuple(map(redactor.json, step.facts))) for step in trace.steps]
            for key in trace.keys:
                del self._by_key[key]
            # Two keys may become the same word, which stays with the first trace.
            changed = dict.fromkeys(map(redactor.text, trace.keys))
            trace.keys = [key for key in changed if key not in self._by_key]
            self._by_key.update(dict.fromkeys(trace.keys, trace.id))
            self._computed.pop(trace.id, None)
        for trace in meant:
            self._traces.reweigh(trace.id)

    def newest(self) -> list[Trace]:
        """Return all traces, newest first."""
        return list(reversed(self._traces.values()))

    def computed(self, trace: Trace, compute: Callable[[Trace], str]) -> str:
        """Return ``compute(trace)``, which is called again only after the trace has changed.

        :param compute: always the same function; it returns one of a few constants, which cost no memory
        """
        known = self._computed.get(trace.id)
        if known is None:
            known = self._computed[trace.id] = compute(trace)
        return known

    def note(self, trace_id: str | None, what: str, join: Join, *facts: Fact) -> None:
        """Record a step of a trace. Without a trace, or when it is dropped, nothing is recorded."""
        trace = self._traces.get(trace_id) if trace_id else None
        if trace is not None:
            texts = tuple([fact[:LONGEST_TEXT] if type(fact) is str else fact for fact in facts])
            self._add(trace, Step(next(self._numbers), self._now(), intern(what), join, None, texts))

    def note_exchange(self, trace_id: str | None, step: Step) -> None:
        """Record a step that took time.

        :param step: its texts are not longer than :data:`LONGEST_TEXT`
        """
        trace = self._traces.get(trace_id) if trace_id else None
        if trace is not None:
            self._add(trace, step)

    def _add(self, trace: Trace, step: Step) -> None:
        steps = trace.steps
        steps.append(step)
        self._computed.pop(trace.id, None)
        heavier = step.weight
        if len(steps) > STEPS:
            heavier -= steps.pop(FIRST_STEPS).weight
            trace.dropped += 1
        self._traces.grow(trace.id, heavier)

    # --- what is under way ----------------------------------------------------------------------------------------

    def flight_started(self, number: int, trace_id: str | None) -> None:
        """Begin an outbound request: a delivery with a trace, or another request."""
        self._flights[number] = trace_id

    def flight_finished(self, number: int) -> None:
        """End an outbound request."""
        del self._flights[number]

    @property
    def lone_flight(self) -> int | None:
        """Return the number of the request in flight, when there is exactly one."""
        flights = self._flights
        if len(flights) != 1:
            return None
        # The last one may have ended between the two lines: then there is none.
        return next(iter(tuple(flights)), None)

    def trace_in_flight(self, number: int) -> str | None:
        """Return the trace of a delivery in flight, while it is the only request in flight."""
        return self._flights.get(number) if len(self._flights) == 1 else None


def kinds(keys: Iterable[str]) -> dict[str, list[str]]:
    """Return keys grouped by kind: ``{"orderId": ["1001"]}``."""
    result: dict[str, list[str]] = {}
    for key in keys:
        kind, _, value = key.partition(":")
        result.setdefault(kind, []).append(value)
    return result
