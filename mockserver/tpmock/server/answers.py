"""Answers, created from a value, a documented error body or a form for faults."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from tpmock.core import help_pages, hints, problems
from tpmock.core.json_text import to_json
from tpmock.core.problems import Problem
from tpmock.core.responses import Binary, Page, Text
from tpmock.faults import FaultHit
from tpmock.faults.wire import WireFault
from tpmock.sandbox.sandbox import Sandbox
from tpmock.spec.model import JSON, TEXT, Evidence, Example

if TYPE_CHECKING:
    from tpmock.server.binding import BoundOperation

_log = logging.getLogger(__name__)

#: Maximum length of a hint in its header: Node reads 16,384 in all headers together, some proxies a quarter of that.
LONGEST_HINT: Final = 2_000
#: Pages load nothing from other origins, and cannot be framed.
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_HTML: Final = "text/html"
_UNPRINTABLE = re.compile(r"[^ -~]")


@dataclass(slots=True)
class RenderedAnswer:
    """A complete answer, with the facts that the journal records about it.

    :param secrets: names of members of the body that hold secrets
    :param hit: the fault that replaced or delayed the answer
    :param wire: the fault of the connection; when no answer is sent, the other fields are unused
    """

    status: int
    content_type: str | None
    body: bytes
    headers: dict[str, str]
    evidence: Evidence | None = None
    hint: str | None = None
    secrets: frozenset[str] = field(default_factory=frozenset)
    hit: FaultHit | None = None
    wire: WireFault | None = None

    def header_list(self) -> list[tuple[str, str]]:
        """Return all headers, in the form for WSGI."""
        headers = list(self.headers.items())
        if self.content_type is not None and self.content_type.startswith(_HTML):
            headers += _PAGE_HEADERS.items()
        if self.status != HTTPStatus.NO_CONTENT:
            headers.append(("Content-Length", str(len(self.body))))
        return headers


class Answers:
    """Creates answers.

    :param render: renders a page as HTML
    :param mark: the value of ``X-Mock``, which distinguishes recordings of the mock from those of the real API
    """

    def __init__(self, render: Callable[[Page], str], mark: str) -> None:
        self._render = render
        self._mark = mark

    def content(self, body: Any) -> tuple[str | None, bytes]:
        """Return media type and bytes of a body."""
        if body is None:
            return None, b""
        if isinstance(body, Page):
            return f"{_HTML}; charset=utf-8", self._render(body).encode()
        if isinstance(body, Text):
            return f"{TEXT}; charset=utf-8", body.content.encode()
        if isinstance(body, Binary):
            return body.media_type, body.content
        return JSON, to_json(body)

    def from_example(self, sandbox: Sandbox, example: Example, problem: Problem) -> RenderedAnswer:
        """Return a documented error body, with the facts of ``problem`` in its blanks."""
        content_type: str | None = example.media_type
        if content_type == _HTML:
            content_type, body = self.content(Page(f"{example.name}.html", {"reason": problem.hint}))
        else:
            detail = problem.detail or problem.hint
            number = correlation_id(sandbox) if example.blanks else ""
            body = to_json(problems.body(example, detail=detail, correlation_id=number))
        return RenderedAnswer(example.status, content_type, body, dict(problem.headers), example.evidence, problem.hint)

    def from_shape(self, sandbox: Sandbox, shape: Example, status: int) -> RenderedAnswer:
        """Return an answer with a status in one of the document's forms for faults."""
        if not shape.media_type:
            return RenderedAnswer(status, None, b"", {}, shape.evidence)
        body: Any = Page(f"{shape.name}.html", {"status": status})
        if shape.media_type != _HTML:
            body = problems.shaped(shape, status=status, correlation_id=correlation_id(sandbox))
        content_type, content = self.content(body)
        return RenderedAnswer(status, content_type, content, {}, shape.evidence)

    def refusal(self, sandbox: Sandbox, bound: BoundOperation, problem: Problem) -> RenderedAnswer:
        """Return the document's answer for a problem."""
        example = bound.operation.examples.get(problem.name) or bound.document.fallbacks[problem.name]
        answer = self.from_example(sandbox, example, problem)
        answer.hint = advised(bound, problem.hint)
        return answer

    def defect(self, bound: BoundOperation) -> RenderedAnswer:
        """Return the answer to an exception, a defect of this program: it is logged, the answer has no stack trace."""
        _log.exception("%s failed", bound.operation.id)
        example = bound.by_status(HTTPStatus.INTERNAL_SERVER_ERROR)
        body = {"message": "Internal server error"} if example is None else example.body
        return RenderedAnswer(HTTPStatus.INTERNAL_SERVER_ERROR, JSON, to_json(body), {}, None, hints.DEFECT)

    def signed(self, answer: RenderedAnswer) -> RenderedAnswer:
        """Return the same answer with the headers that every answer has."""
        headers = answer.headers
        headers["X-Mock"] = self._mark
        if answer.evidence is not None:
            headers["X-Mock-Evidence"] = answer.evidence.text
        if answer.hint:
            headers["X-Mock-Hint"] = _header_text(answer.hint)
            if help_links := list(_help_links(answer)):
                headers["Link"] = ", ".join(help_links)
        if answer.content_type:
            headers["Content-Type"] = answer.content_type
        return answer


def correlation_id(sandbox: Sandbox) -> str:
    """Return the next request id of a sandbox."""
    with sandbox.lock:
        return sandbox.random.uuid()


def advised(bound: BoundOperation, hint: str | None) -> str | None:
    """Return the hint, followed by the document's advice about a deprecated operation."""
    advice = bound.operation.advice
    return f"{hint} {advice}" if hint and advice else hint or advice or None


def _help_links(answer: RenderedAnswer) -> Iterator[str]:
    """Yield links to our own page about the hint, and to the vendor's page about the error."""
    if answer.hint and (page := help_pages.of_hint(answer.hint)):
        yield f'<{help_pages.ROOT}{page}>; rel="help"'
    if answer.evidence is not None and answer.evidence.page:
        yield f'<{answer.evidence.page}>; rel="help"'


def _header_text(text: str) -> str:
    """Convert a hint to a header value: one line of printable ASCII, short enough for all clients."""
    printable = text
    if not (text.isascii() and text.isprintable()):
        printable = _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), " ".join(text.split()))
    return printable if len(printable) <= LONGEST_HINT else f"{printable[:LONGEST_HINT]}... (the journal has it all)"
