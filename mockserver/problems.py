"""How a rule says no.

A rule raises a :class:`Problem` by the name of an error body in the OpenAPI document. Status, shape, texts and evidence
stand there, once; what is particular to the request goes into the places the document leaves empty, and the plain
explanation for the user goes into the hint, never into the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from contracts.spec import Example


class Problem(Exception):  # noqa: N818 - it is an answer, not a failure of the program
    """A documented refusal.

    :param name: the name of an example among the operation's responses
    :param hint: one plain sentence that names the mistake and the fix
    :param detail: what goes into the body's empty ``details`` or ``detail``
    :param headers: headers the answer needs besides
    """

    def __init__(self, name: str, *, hint: str, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.hint = hint
        self.detail = detail
        self.headers = headers or {}


def body(example: Example, *, detail: str, correlation_id: str) -> Any:
    """The error body of ``example`` with the request's own facts in the places that are empty there."""
    if not example.fillable:
        return example.body
    filled = copy(example.body)
    facts = {"correlationId": correlation_id, "detail": detail, "details": detail}
    for key, value in facts.items():
        if filled.get(key) == "":
            filled[key] = value
    return filled
