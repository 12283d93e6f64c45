"""Client of the real API: makes listed calls only, refuses answers of this mock, and keeps projections only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import requests
from tpmock import spec
from tpmock.kit.live.projection import project
from tpmock.kit.live.recording import RecordedCall, is_ours
from tpmock.kit.live.target import Target
from tpmock.kit.subjects.http import send
from tpmock.kit.vocabulary.observation import USER_AGENT, ReceivedAnswer

READING = frozenset(
    {
        "findBusinessUnit", "getBusinessUnit", "getBusinessUnitWebLinks", "listServiceReviews", "listAllServiceReviews",
        "listPrivateServiceReviews", "listProductReviews", "listDeletedReviews", "listBusinessUnitLocations",
        "listInvitationTemplates", "checkPartnerEligibility", "createAccessToken",
    }
)  # fmt: skip
"""Allowed calls: they change nothing, except that a token is made for private reads."""

WRITING = frozenset({"refreshAccessToken", "createPartnerCustomerKey", "createEmailInvitations"})
"""Calls that --allow-writes allows besides."""

_LARGEST = 10 * 1024 * 1024


class NotAllowedError(Exception):
    """A case makes a call that is not on the list; the text names it."""


class OursError(Exception):
    """An answer came from this mock; it must not count as the real API's."""


class LiveClient(msgspec.Struct):
    """Makes the calls of one run.

    :param writes: whether calls that change something are on the list
    :param ours: whether it is our own mock that is called, to compare with
    :ivar calls: what was seen
    """

    target: Target
    writes: bool = False
    ours: bool = False
    calls: list[RecordedCall] = msgspec.field(default_factory=list)
    _case: str = ""
    _number: int = 0

    @contextmanager
    def case(self, case_id: str) -> Iterator[None]:
        """Set the case that the next calls belong to."""
        self._case, self._number = case_id, 0
        yield

    def answered(self, what: str, method: str, url: str, **options: Any) -> ReceivedAnswer:
        """One call.

        :raises NotAllowedError: before anything is sent
        :raises OursError: for an answer of our own mock
        """
        operation = self._allowed(method, url)
        self._number += 1
        headers = {"User-Agent": USER_AGENT, **options.pop("headers", {})}
        try:
            with send(method, url, headers=headers, stream=True, **options) as response:
                names = tuple(response.headers)
                if not self.ours and (header := is_ours(names)):
                    raise OursError(
                        f"The answer to {what} has the header {header}: this mock answered, not the real API. "
                        "Nothing was recorded."
                    )
                raw = response.raw.read(_LARGEST, decode_content=True)
                kind = response.headers.get("Content-Type", "")
                answer = ReceivedAnswer(response.status_code, kind, raw.decode("utf-8", "replace"), what=what)
        except (requests.RequestException, OSError) as problem:
            return ReceivedAnswer(None, error=f"no answer ({type(problem).__name__})", what=what)
        query = tuple(name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))
        seen = project(answer.data())
        call = RecordedCall(
            case=self._case, number=self._number, operation=operation, query=query, status=response.status_code,
            content_type=kind.partition(";")[0].strip().lower(), headers=names, fields=seen.fields, order=seen.order,
        )  # fmt: skip
        self.calls.append(call)
        return answer

    def _allowed(self, method: str, url: str) -> str:
        host = next((base for base in self.target.hosts.values() if url.startswith(f"{base}/")), None)
        path = urlsplit(url[len(host or "") :]).path
        operation = next(
            (name for name, how, pattern in _operations() if how == method and pattern.fullmatch(path)), None
        )
        if host is None or operation not in READING | (WRITING if self.writes else frozenset()):
            besides = "; --allow-writes would allow it" if operation in WRITING else ""
            raise NotAllowedError(f"{method} {operation or path} is not on the list of calls to the real API{besides}.")
        return operation


@cache
def _operations() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Return every operation: name, method, and what its paths look like; those without parameters first."""
    every = spec.load("trustpilot").operations.values()
    return tuple(
        (one.id, one.method.upper(), re.compile(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(one.path))))
        for one in sorted(every, key=lambda one: one.path.count("{"))
    )
