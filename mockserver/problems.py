"""How a rule says no.

A rule raises a :class:`Problem` by the name of an error body in the OpenAPI document. Status, shape, texts and evidence
stand there, once; what is particular to the request goes into the places the document leaves blank, and the plain
explanation for the user goes into the hint, never into the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from contracts.spec import Example


class Problem(Exception):  # noqa: N818 - it is an answer, not a failure of the program
    """A documented refusal.

    :param name: the name of an example among the operation's responses
    :param hint: one plain sentence that names the mistake and the fix
    :param detail: what goes into the body's blank ``details`` or ``detail``
    :param headers: headers the answer needs besides
    """

    def __init__(self, name: str, *, hint: str, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.hint = hint
        self.detail = detail
        self.headers = headers or {}


def body(example: Example, *, detail: str, correlation_id: str) -> Any:
    """The error body of ``example`` with the request's own facts in the places that are blank there."""
    if not example.blanks:
        return example.body
    facts = {"correlationId": correlation_id, "detail": detail, "details": detail, "message": detail}
    return _filled(example.body, {name: facts[name] for name in example.blanks})


def shaped(shape: Example, *, status: int, correlation_id: str) -> Any:
    """The body of a fault in one of the document's forms for them."""
    facts = {"{status}": str(status), "{reason}": reason(status)}
    filled = _with(shape.body, facts)
    return filled | {"correlationId": correlation_id} if "correlationId" in shape.blanks else filled


def reason(status: int) -> str:
    """The usual words for a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _with(value: Any, facts: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _with(part, facts) for name, part in value.items()}
    if not isinstance(value, str):
        return value
    for blank, fact in facts.items():
        value = value.replace(blank, fact)
    return value


def _filled(value: Any, facts: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_filled(part, facts) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        name: facts[name] if name in facts and isinstance(part, str) else _filled(part, facts)
        for name, part in value.items()
    }
