"""Links: calls that can be made with the values of an answer. Generators of calls use them; serving does not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tpmock.spec.model import Link, Operation
from tpmock.spec.schema import Json

#: Where a link's value is taken from; any other text that begins like this would count as plain text by mistake.
_EXPRESSION: Final = re.compile(
    r"\$(response\.body#(?P<pointer>(/[^/]+)+)|request\.(?P<location>path|query|header)\.(?P<name>[\w-]+))"
)


def faults(source: Operation, operations: Mapping[str, Operation]) -> Iterator[str]:
    """Yield each mistake in the links of an operation as a sentence.

    :param operations: all that a link may lead to, by id
    """
    for response in source.responses.values():
        for link in response.links.values():
            for fault in _faults(source, link, operations.get(link.operation_id)):
                yield f"{source.id} {response.status}: link {link.name}: {fault}"


def _faults(source: Operation, link: Link, target: Operation | None) -> Iterator[str]:
    if target is None:
        yield f"there is no operation {link.operation_id}"
        return
    known = {parameter.name for parameter in target.parameters}
    yield from (f"{target.id} has no parameter {name}" for name in link.parameters if name not in known)
    if link.body is not None and not target.body:
        yield f"{target.id} takes no body"
    given = {(parameter.location, parameter.name) for parameter in source.parameters}
    for text in _expressions([*link.parameters.values(), link.body]):
        match = _EXPRESSION.fullmatch(text)
        if match is None:
            yield f"this program does not understand {text}"
        elif match["name"] is not None and (match["location"], match["name"]) not in given:
            yield f"{source.id} has no {match['location']} parameter {match['name']}"


def _expressions(value: Json) -> Iterator[str]:
    """Yield every text, at any depth, that is meant to be replaced."""
    if isinstance(value, str) and "$" in value:
        yield value
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for part in parts:
        yield from _expressions(part)
