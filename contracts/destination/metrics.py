"""What Prometheus can ask. No label ever holds a person, an order or a connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_CALLS = (0.0, 1.0, 2.0, 3.0, 4.0)


@dataclass(slots=True)
class Call:
    """A request to Trustpilot that is under way; ``status`` stays None when no answer comes."""

    status: int | None = None


class Metrics:
    """Counters of one destination, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._events = Counter(
            "destination_events",
            "Events answered, by message and status",
            ["message", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "destination_event_seconds", "How long an event took", buckets=_SECONDS, registry=self.registry
        )
        self._calls = Counter(
            "destination_trustpilot_calls",
            "Requests to Trustpilot, by operation and status; none when no answer came",
            ["operation", "status"],
            registry=self.registry,
        )
        self._call_seconds = Histogram(
            "destination_trustpilot_seconds",
            "How long a request to Trustpilot took",
            ["operation"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._per_order = Histogram(
            "destination_calls_per_order",
            "Requests to Trustpilot made for an order, tokens included, of orders that were claimed",
            buckets=_CALLS,
            registry=self.registry,
        )
        self._orders = Gauge(
            "destination_open_orders",
            "Orders that are reserved or unconfirmed, as counted every minute",
            ["state"],
            registry=self.registry,
        )
        self._mine = threading.local()

    @contextmanager
    def calling(self, operation: str) -> Iterator[Call]:
        """Count and time one request to Trustpilot.

        :param operation: token, invite, erase, or a step of onboarding: find, check, key, revoke.
        """
        call, began = Call(), time.perf_counter()
        try:
            yield call
        finally:
            self._call_seconds.labels(operation).observe(time.perf_counter() - began)
            self._calls.labels(operation, "none" if call.status is None else call.status).inc()
            self._mine.calls = self.calls + 1

    @property
    def calls(self) -> int:
        """Requests to Trustpilot that this thread has made since :meth:`begin`."""
        return getattr(self._mine, "calls", 0)

    def begin(self) -> float:
        """An event begins in this thread; what :meth:`answered` wants."""
        self._mine.calls = 0
        return time.perf_counter()

    def claimed(self) -> None:
        """An order that was claimed has been dealt with, for good or ill."""
        self._per_order.observe(self.calls)

    def answered(self, message: str, status: int, began: float) -> float:
        """An event ends; how many seconds it took."""
        took = time.perf_counter() - began
        self._seconds.observe(took)
        self._events.labels(message, status).inc()
        return took

    def count_orders(self, counts: Mapping[str, int]) -> None:
        """Show how many orders there are in each state."""
        for state, number in counts.items():
            self._orders.labels(state).set(number)

    def page(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)


def described() -> Iterator[tuple[str, str]]:
    """Every metric of ours with its meaning."""
    for family in Metrics().registry.collect():
        if family.name.startswith("destination_"):
            yield family.name + ("_total" if family.type == "counter" else ""), family.documentation
