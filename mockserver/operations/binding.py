"""Ties handlers to documented operations, and refuses those that do not fit."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.spec import Document, Example, Operation, Parameter, SecurityScheme, SpecError
from mockserver.answers import Bindings, Handler
from mockserver.operations.call import Call

Supply = Callable[[Call], Any]

#: What says that a call cannot be understood: Segment's Public API knows 422 only.
_UNUSABLE: Final = (400, 422)


@dataclass(frozen=True, slots=True)
class Bound:
    """An operation with its handler and with how each of the handler's parameters is filled.

    :param locked: whether the handler runs under the sandbox's lock; one that takes the sandbox itself locks for
        itself, and none that writes a file is locked
    """

    operation: Operation
    document: Document
    handler: Handler
    supplies: tuple[tuple[str, Supply], ...]
    schemes: tuple[SecurityScheme, ...]
    query_names: frozenset[str]
    credentials: tuple[Parameter, ...]
    free_form: Parameter | None
    locked: bool

    def example(self, *names: str) -> Example:
        """The first of the named error bodies that is documented here, else the first for what cannot be understood."""
        examples = self.operation.examples
        for name in names:
            if name in examples:
                return examples[name]
        return next(example for example in examples.values() if example.status in _UNUSABLE)

    def by_status(self, status: int) -> Example | None:
        """A documented error body with that status, of the operation or of the whole API."""
        candidates = (*self.operation.examples.values(), *self.document.fallbacks.values())
        return next((example for example in candidates if example.status == status), None)


class Bounds(Mapping[str, Bound]):
    """All operations of a document with their handlers, by operationId; each is tied when it is first asked for.

    :param supplies: what a handler may ask for besides the operation's own parameters
    :raises SpecError: at once when a handler serves nothing documented or an operation has none; when an operation is
        tied, for a handler that asks for something its operation does not declare, and for an operation that can be
        called wrongly and documents no refusal
    """

    def __init__(self, document: Document, rooms: Iterable[Bindings], supplies: Mapping[str, Supply]) -> None:
        self.document = document
        self._supplies = supplies
        self._handlers: dict[str, Handler] = {}
        for room in rooms:
            self._handlers |= room.handlers
        unknown = sorted(self._handlers.keys() - document.operations.keys())
        missing = sorted(document.operations.keys() - self._handlers.keys())
        if unknown or missing:
            raise SpecError(
                f"{document.api}: handlers without operation: {unknown}; operations without handler: {missing}"
            )
        self._tied: dict[str, Bound] = {}

    def __getitem__(self, name: str) -> Bound:
        tied = self._tied.get(name)
        if tied is None:
            made = _bound(self.document, self.document.operations[name], self._handlers[name], self._supplies)
            # Two threads may tie the same one; all have the first that was put here.
            tied = self._tied.setdefault(name, made)
        return tied

    def __iter__(self) -> Iterator[str]:
        return iter(self._handlers)

    def __len__(self) -> int:
        return len(self._handlers)


def _bound(document: Document, operation: Operation, handler: Handler, supplies: Mapping[str, Supply]) -> Bound:
    declared = {parameter.python_name for parameter in operation.parameters}
    wanted: list[tuple[str, Supply]] = []
    for name in inspect.signature(handler).parameters:
        if name in declared:
            wanted.append((name, _argument(name)))
        elif name in supplies:
            wanted.append((name, supplies[name]))
        else:
            raise SpecError(f"{document.api}: the handler of {operation.id} asks for {name}, which is not declared")
    schemes = tuple(document.security_schemes[name] for name in operation.security)
    _check_refusals(document, operation)
    return Bound(
        operation=operation,
        document=document,
        handler=handler,
        supplies=tuple(wanted),
        schemes=schemes,
        query_names=frozenset(
            [parameter.name for parameter in operation.parameters if parameter.location != "path"]
            + [scheme.key for scheme in document.security_schemes.values() if scheme.kind == "query"]
        ),
        credentials=tuple(parameter for parameter in operation.parameters if parameter.credential),
        free_form=next((parameter for parameter in operation.parameters if parameter.free_form), None),
        locked=not {"sandbox", "sandboxes", "save"} & {name for name, _ in wanted},
    )


def _argument(name: str) -> Supply:
    return lambda call: call.arguments[name]


def _check_refusals(document: Document, operation: Operation) -> None:
    """Whatever can be wrong with a call must have a documented answer."""
    statuses = {example.status for example in operation.examples.values()}
    fallible = any(
        rule not in ("type", "minLength", "default", "description")
        for schema in operation.parameter_schema.document.get("properties", {}).values()
        for rule in schema
    )
    wanted = next((status for status in _UNUSABLE if status in statuses), _UNUSABLE[0])
    needed = (
        {wanted}
        if operation.body or fallible or any(p.required and p.location != "path" for p in operation.parameters)
        else set()
    )
    if operation.body:
        needed |= {status for status in (413, 415) if document.api in ("trustpilot", "control", "segment-public")}
    if needed - statuses:
        raise SpecError(f"{document.api}: {operation.id} can be called wrongly, but documents no {needed - statuses}")
