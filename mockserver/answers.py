"""What a rule may hand back besides a plain value, and how rules are bound to documented operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Handler = Callable[..., Any]
_H = TypeVar("_H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Page:
    """A page for a person: the name of a template and what it shows."""

    template: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is more than a value with the documented first success status.

    :param status: one of the operation's documented statuses
    :param body: a JSON value, a :class:`Page`, or None for an empty body
    :param hint: a plain sentence beside the answer
    :param trace: the first cause this exchange belongs to, when the rule knows it
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hint: str | None = None
    trace: str | None = None


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
