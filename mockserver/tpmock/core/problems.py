"""Errors of handlers.

A handler raises a :class:`Problem` by the name of an error body in the OpenAPI document. The document has status,
shape, texts and evidence; facts of the request fill the places that the document leaves blank, and the
explanation for the user is in the hint, never in the body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeVar

from tpmock.spec.model import Example

_T = TypeVar("_T")


class Problem(Exception):  # noqa: N818 - it is an answer, not a failure of the program
    """A documented error.

    :param name: the name of an example among the operation's responses
    :param hint: one sentence that names the mistake and the fix
    :param detail: the text for the body's blank ``details`` or ``detail``
    :param headers: additional headers of the answer
    """

    def __init__(self, name: str, *, hint: str, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.hint = hint
        self.detail = detail
        self.headers = headers or {}


def invalid(sentence: str, where: str = "") -> Problem:
    """Return the error for a request that is well-formed but has wrong content.

    :param sentence: the hint
    :param where: what is wrong, for a vendor's body, which contains none of our messages; without it the body has the
        hint too
    """
    return Problem("invalid-request", hint=sentence, detail=f"{where}: is not valid" if where else sentence)


def existing(thing: _T | None, name: str, hint: str) -> _T:
    """Return a thing that was looked up.

    :raises Problem: the one of that name, with the hint, when it is None
    """
    if thing is None:
        raise Problem(name, hint=hint)
    return thing


def body(example: Example, *, detail: str, correlation_id: str) -> Any:
    """Return the error body of ``example``, with facts of the request in its blank places."""
    if not example.blanks:
        return example.body
    facts = {"correlationId": correlation_id, "detail": detail, "details": detail, "message": detail}
    return _filled(example.body, lambda name, text: facts[name] if name in example.blanks else text)


def shaped(shape: Example, *, status: int, correlation_id: str) -> Any:
    """Return the body of a fault in one of the document's forms for faults."""

    def fill(_: str, text: str) -> str:
        return text.replace("{status}", str(status)).replace("{reason}", reason(status))

    filled = _filled(shape.body, fill)
    return filled | {"correlationId": correlation_id} if "correlationId" in shape.blanks else filled


@lru_cache(maxsize=128)
def reason(status: int) -> str:
    """Return the standard phrase for a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _filled(value: Any, fill: Callable[[str, str], str], name: str = "") -> Any:
    """Return a JSON value with each text replaced by the result of ``fill``, which gets the member's name."""
    if isinstance(value, dict):
        return {key: _filled(part, fill, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, fill) for part in value]
    return fill(name, value) if isinstance(value, str) else value
