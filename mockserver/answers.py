"""What a rule may hand back besides a plain value, and how rules are bound to documented operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from mockserver.traces import Join

Handler = Callable[..., Any]
_H = TypeVar("_H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Page:
    """A page for a person: the name of a template and what it shows."""

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
    """Bytes that are no text, such as an image."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is more than a value with the documented first success status.

    :param status: one of the operation's documented statuses
    :param body: a JSON value, a :class:`Page`, a :class:`Text`, or None for an empty body
    :param hint: a plain sentence beside the answer
    :param joined: the traces this exchange belongs to, when only the rule can know; else the call's own words tell
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hint: str | None = None
    joined: tuple[Joined, ...] = ()


class Bindings:
    """The handlers of one module or room, by the operationId they serve."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}

    def handles(self, *operation_ids: str) -> Callable[[_H], _H]:
        """Bind a function to operations. It is called with what its parameters name, by keyword."""

        def bind(handler: _H) -> _H:
            for operation_id in operation_ids:
                self.handlers[operation_id] = handler
            return handler

        return bind
