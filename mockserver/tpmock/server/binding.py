"""Connects handlers to documented operations, and refuses those that do not match."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tpmock.core.api_rules import ApiRules
from tpmock.core.responses import Handler
from tpmock.server.arguments import bracketed
from tpmock.server.request import OperationCall
from tpmock.spec import SpecError
from tpmock.spec.model import Document, Example, Operation, Parameter, SecurityScheme

Supply = Callable[[OperationCall], Any]

#: Error bodies for a call that is not valid: Segment's Public API has 422 only.
_UNUSABLE: Final = (400, 422)


@dataclass(frozen=True, slots=True)
class BoundOperation:
    """An operation with its handler and the source of each of the handler's parameters.

    :param judged: the security schemes that identify callers
    :param success: the status of an answer that states none; 0 when every answer states one
    :param locked: whether the handler runs under the sandbox's lock; one that takes the sandbox locks it itself,
        and one that writes a file is never locked
    """

    operation: Operation
    document: Document
    rules: ApiRules
    handler: Handler
    supplies: tuple[tuple[str, Supply], ...]
    schemes: tuple[SecurityScheme, ...]
    judged: tuple[SecurityScheme, ...]
    query_names: frozenset[str]
    credentials: tuple[Parameter, ...]
    free_form: Parameter | None
    locked: bool
    success: int

    def example(self, *names: str) -> Example:
        """Return the first of the named error bodies that is documented here, else the first for invalid calls."""
        examples = self.operation.examples
        for name in names:
            if name in examples:
                return examples[name]
        return next(example for example in examples.values() if example.status in _UNUSABLE)

    def by_status(self, status: int) -> Example | None:
        """Return a documented error body with that status, of the operation or of the whole API."""
        candidates = (*self.operation.examples.values(), *self.document.fallbacks.values())
        return next((example for example in candidates if example.status == status), None)


class BoundOperations(Mapping[str, BoundOperation]):
    """All operations of a document with their handlers, by operationId; each is bound on first use.

    :param rules: the handlers, and what else is specific to this API
    :param supplies: arguments for handlers besides the operation's own parameters
    :raises SpecError: immediately for a handler without a documented operation or the reverse; when an operation is
        bound, for a handler with a parameter that its operation does not declare, and for an operation that can be
        called wrongly and documents no error
    """

    def __init__(self, document: Document, rules: ApiRules, supplies: Mapping[str, Supply]) -> None:
        self.document = document
        self._rules = rules
        self._supplies = supplies
        self._handlers: dict[str, Handler] = {}
        for bindings in rules.bindings:
            self._handlers |= bindings.handlers
        unknown = sorted(self._handlers.keys() - document.operations.keys())
        missing = sorted(document.operations.keys() - self._handlers.keys())
        if unknown or missing:
            raise SpecError(
                f"{document.api}: handlers without operation: {unknown}; operations without handler: {missing}"
            )
        self._bound: dict[str, BoundOperation] = {}

    def __getitem__(self, name: str) -> BoundOperation:
        bound = self._bound.get(name)
        # Two threads may bind the same one; all use the first.
        return bound or self._bound.setdefault(name, self._bind(self.document.operations[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._handlers)

    def __len__(self) -> int:
        return len(self._handlers)

    def _bind(self, operation: Operation) -> BoundOperation:
        document, handler = self.document, self._handlers[operation.id]
        declared = {parameter.python_name for parameter in operation.parameters}
        supplies: list[tuple[str, Supply]] = []
        for name in inspect.signature(handler).parameters:
            if name in declared:
                supplies.append((name, _argument(name)))
            elif name in self._supplies:
                supplies.append((name, self._supplies[name]))
            else:
                raise SpecError(f"{document.api}: the handler of {operation.id} asks for {name}, which is not declared")
        _check_refusals(document, operation)
        schemes = tuple(document.security_schemes[name] for name in operation.security)
        return BoundOperation(
            operation=operation,
            document=document,
            rules=self._rules,
            handler=handler,
            supplies=tuple(supplies),
            schemes=schemes,
            judged=tuple(scheme for scheme in schemes if scheme.name in self._rules.authenticators),
            query_names=frozenset(
                [
                    name
                    for parameter in operation.parameters
                    if parameter.location != "path"
                    for name in (parameter.name, bracketed(parameter.name))
                ]
                + [scheme.key for scheme in document.security_schemes.values() if scheme.kind == "query"]
            ),
            credentials=tuple(parameter for parameter in operation.parameters if parameter.credential),
            free_form=next((parameter for parameter in operation.parameters if parameter.free_form), None),
            locked=not {"sandbox", "sandboxes", "save"} & {name for name, _ in supplies},
            success=operation.success,
        )


def _argument(name: str) -> Supply:
    return lambda call: call.arguments[name]


def _check_refusals(document: Document, operation: Operation) -> None:
    """Check that every possible error of a call has a documented answer."""
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
