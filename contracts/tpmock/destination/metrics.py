"""Metrics for Prometheus. No label ever holds a person, an order or a connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_CALLS = (0.0, 1.0, 2.0, 3.0, 4.0)


class Metrics:
    """Counters of one destination, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter, gauge = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        self._events = counter("destination_events", "Events answered, by message and status", ["message", "status"])
        self._seconds = histogram("destination_event_seconds", "How long an event took", buckets=_SECONDS)
        self._calls = counter(
            "destination_trustpilot_calls",
            "Requests to Trustpilot, by operation and status; none when no answer came",
            ["operation", "status"],
        )
        self._call_seconds = histogram(
            "destination_trustpilot_seconds", "How long a request to Trustpilot took", ["operation"], buckets=_SECONDS
        )
        self._per_order = histogram(
            "destination_calls_per_order",
            "Requests to Trustpilot made for an order, tokens included, of orders that were claimed",
            buckets=_CALLS,
        )
        self._orders = gauge(
            "destination_open_orders", "Orders that are reserved or unconfirmed, as counted every minute", ["state"]
        )
        self._mine = threading.local()

    def called(self, operation: str, status: int | None, seconds: float) -> None:
        """Count one request to Trustpilot.

        :param operation: token, invite, erase, or a step of onboarding: find, check, key, revoke
        :param status: of the answer; None when none came
        """
        self._call_seconds.labels(operation).observe(seconds)
        self._calls.labels(operation, "none" if status is None else status).inc()
        self._mine.calls = self.calls + 1

    @property
    def calls(self) -> int:
        """Requests to Trustpilot that this thread has made since :meth:`begin`."""
        return getattr(self._mine, "calls", 0)

    def begin(self) -> float:
        """Note that an event begins in this thread, and return its start for :meth:`answered`."""
        self._mine.calls = 0
        return time.perf_counter()

    def claimed(self) -> None:
        """Note that an order that was claimed has been processed, with any outcome."""
        self._per_order.observe(self.calls)

    def answered(self, message: str, status: int, began: float) -> float:
        """Note that an event ended, and return how many seconds it took."""
        took = time.perf_counter() - began
        self._seconds.observe(took)
        self._events.labels(message, status).inc()
        return took

    def count_orders(self, counts: Mapping[str, int]) -> None:
        """Show how many orders there are in each state."""
        for state, number in counts.items():
            self._orders.labels(state).set(number)

    def page(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self.registry)
