"""What can happen to two copies of the service, and a copy to which it can happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import BaseAdapter
from tpmock.destination.service.destination import Destination
from tpmock.server.app import MockApp
from werkzeug.test import Client

HOME = "http://localhost"


class Killed(BaseException):
    """The copy was killed: nothing of it runs any more."""


@dataclass(frozen=True)
class Delivery:
    """Segment delivers an event of an order to a copy."""

    copy: int
    order: int
    event: int = 0


@dataclass(frozen=True)
class Disturbance:
    """What happens at a step of a delivery.

    :param step: counted from 0.
    :param after: after the step, not before.
    :param meanwhile: what the other copy is given to do; None kills the copy.
    """

    step: int
    after: bool
    meanwhile: Delivery | None = None


@dataclass(frozen=True)
class Loss:
    """What happens to a request to Trustpilot, counted from 0 within a delivery.

    :param kind: refused (no connection), lost (it never arrives), answer (it arrives, and the answer does not).
    """

    request: int
    kind: str


@dataclass(frozen=True)
class Deliver:
    """A delivery with what happens to it."""

    delivery: Delivery
    disturbance: Disturbance | None = None
    loss: Loss | None = None


@dataclass(frozen=True)
class Fault:
    """Trustpilot answers the next call of an operation with a status."""

    operation: str
    status: int


@dataclass(frozen=True)
class Wait:
    """Time passes, here and at Trustpilot."""

    seconds: float


@dataclass(frozen=True)
class Restart:
    """A copy is stopped and started."""

    copy: int


Happening = Deliver | Fault | Wait | Restart


@dataclass
class Copy:
    """One copy of the service, whose every step can be disturbed."""

    destination: Destination
    before_and_after: Callable[[int, bool], None] = lambda _step, _after: None
    loss: Loss | None = None
    dead: bool = False
    steps: int = 0
    requests: int = 0

    def begin(self, reached: Callable[[int, bool], None], loss: Loss | None) -> None:
        self.before_and_after, self.loss, self.steps, self.requests = reached, loss, 0, 0

    @contextmanager
    def step(self) -> Iterator[None]:
        """Something that the world notices."""
        if self.dead:
            raise Killed
        number, self.steps = self.steps, self.steps + 1
        self._reach(number, after=False)
        yield
        self._reach(number, after=True)

    def _reach(self, number: int, *, after: bool) -> None:
        try:
            self.before_and_after(number, after)
        except Killed:
            self.dead = True
            raise


class Wire(BaseAdapter):
    """Carries the requests of a copy to the mock, or loses them."""

    def __init__(self, mock: MockApp) -> None:
        super().__init__()
        self._client = Client(mock)
        self.copy: Copy | None = None

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        assert self.copy is not None
        with self.copy.step():
            number, self.copy.requests = self.copy.requests, self.copy.requests + 1
            loss = self.copy.loss.kind if self.copy.loss is not None and self.copy.loss.request == number else None
            if loss == "refused":
                raise requests.ConnectionError
            body = request.body.read() if hasattr(request.body, "read") else request.body  # type: ignore[union-attr]
            if loss == "lost":
                raise requests.ReadTimeout
            with self._client.open(
                request.path_url, method=request.method, headers=dict(request.headers), data=body or b"", base_url=HOME
            ) as answer:
                response = requests.Response()
                response.status_code = answer.status_code
                response.headers.update(answer.headers)
                response._content, response._content_consumed = answer.get_data(), True  # type: ignore[attr-defined]
            if loss == "answer":
                raise requests.ReadTimeout
        return response

    def close(self) -> None:
        """Nothing to close."""
