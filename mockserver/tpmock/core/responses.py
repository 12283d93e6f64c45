"""Results of handlers beside plain values, and the registration of handlers for documented operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

Handler = Callable[..., Any]
_H = TypeVar("_H", bound=Handler)


#: Why a step belongs to its trace, from sure to less sure. ``cause``: it is the first. ``...Id``: it names the message,
#: order, link, review or conversation, or concerns that invitation. ``correlation-header``: the caller passed
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


@dataclass(frozen=True, slots=True)
class Page:
    """A page for a person: the name of a template and its data."""

    template: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text, for a person or a shell."""

    content: str


class Joined(NamedTuple):
    """A trace that an exchange belongs to, and why."""

    trace: str
    join: Join


@dataclass(frozen=True, slots=True)
class Binary:
    """Binary body, such as an image."""

    media_type: str
    content: bytes


# Not frozen: each call creates one, and a frozen one takes three times as long.
@dataclass(slots=True)
class Answer:
    """An answer with more than a value and the documented success status.

    :param status: one of the operation's documented statuses
    :param body: a JSON value, a :class:`Page`, a :class:`Text`, or None for an empty body
    :param hint: a message beside the answer
    :param joined: the traces of this exchange, when only the handler knows; else the request determines them
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hint: str | None = None
    joined: tuple[Joined, ...] = ()


class Bindings:
    """The handlers of one module: by operationId, or by timeline action (:mod:`tpmock.core.timeline`)."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}

    def handles(self, *operation_ids: str) -> Callable[[_H], _H]:
        """Register a function for names. A handler of an operation gets its parameters as keyword arguments."""

        def bind(handler: _H) -> _H:
            for operation_id in operation_ids:
                self.handlers[operation_id] = handler
            return handler

        return bind
