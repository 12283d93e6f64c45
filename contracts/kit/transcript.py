"""The exchanges of a case in full, as reports and evidence hold them: nothing cut, people and secrets taken out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from contracts.kit.findings import Finding, Outcome
from contracts.kit.observation import Answer, Item, Observation, Posted
from contracts.kit.redaction import Redactor

MOCK = "http://tpmock.test"
"""What stands in transcripts for the address of the mock, which differs from run to run."""

SUBJECT = "http://subject.test"
"""What stands in transcripts for the address of the subject."""

_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One request and its answer.

    :param number: the entry in the sandbox's journal; None for a post of the kit itself, which no journal sees.
    :param way: who called whom.
    :param operation: the ``operationId`` of the document; None for calls that no document knows.
    :param at: when, as ISO 8601; empty for the kit's own posts.
    :param status: None when no answer came.
    :param fault: whether the case itself made it go wrong.
    """

    number: int | None
    way: str
    api: str
    operation: str | None
    at: str
    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str
    status: int | None
    response_headers: Mapping[str, str]
    response_body: str
    milliseconds: float
    note: str
    fault: bool


def written(outcome: Outcome, seen: Observation, mock_url: str, subject_url: str) -> Outcome:
    """An outcome as it may be written down: with its exchanges in full, and nobody's data in it.

    :param seen: what was seen in the case.
    """
    redactor = Redactor(seen.personal, seen.secrets, _addresses(mock_url, MOCK) | _addresses(subject_url, SUBJECT))
    # In the order in which they began: the journal's numbers are given when an exchange ends.
    entries = sorted(seen.journal, key=lambda entry: (entry["at"], entry["id"]))
    own = (_own(answer, answer.request, redactor) for answer in seen.answers if answer.request)
    records = (*own, *(_record(entry, redactor) for entry in entries))
    return replace(
        outcome,
        findings=tuple(_finding(finding, redactor) for finding in outcome.findings),
        exchanges=tuple(replace(one, note=redactor.text(one.note)) for one in outcome.exchanges),
        records=records,
        orders=len({order for order in (*_orders(seen),) if order}),
    )


def _orders(seen: Observation) -> list[str | None]:
    return [sent.order for sent in seen.sent] + [answer.order for answer in seen.answers]


def _addresses(url: str, name: str) -> dict[str, str]:
    place, named = urlsplit(url).netloc, urlsplit(name).netloc
    if not place:
        return {}
    host, _, port = place.rpartition(":")
    # A subject may be told a loopback address by either name.
    return {f"{one}:{port}": named for one in _LOOPBACK} if host in _LOOPBACK else {place: named}


def _finding(finding: Finding, redactor: Redactor) -> Finding:
    shown = None
    if finding.exchanges is not None:
        shown = tuple(replace(one, note=redactor.text(one.note)) for one in finding.exchanges)
    return replace(
        finding,
        expected=redactor.text(finding.expected),
        found=redactor.text(finding.found),
        where=redactor.text(finding.where),
        advice=redactor.text(finding.advice),
        exchanges=shown,
    )


def _record(entry: Item, redactor: Redactor) -> Record:
    outward = entry["direction"] == "out"
    note = " · ".join(str(entry[name]) for name in ("hint", "error") if entry.get(name))
    request, response = entry.get("request") or {}, entry.get("response") or {}
    return Record(
        number=entry["id"],
        way="the mock to the subject" if outward else f"to {entry['api'] or 'the mock'}",
        api=entry["api"] or "",
        operation=entry["operation"],
        at=entry["at"],
        method=entry["method"],
        url=redactor.text(entry["url"]),
        request_headers=_headers(request, redactor),
        request_body=_body(request.get("body"), redactor),
        status=entry["status"],
        response_headers=_headers(response, redactor),
        response_body=_body(response.get("body"), redactor),
        milliseconds=entry.get("milliseconds") or 0.0,
        note=redactor.text(note),
        fault=bool(entry.get("fault")),
    )


def _own(answer: Answer, posted: Posted, redactor: Redactor) -> Record:
    return Record(
        number=None,
        way="the kit to the subject",
        api="segment-destination",
        operation=posted.operation,
        at="",
        method="POST",
        url=redactor.text(posted.url),
        request_headers={name: redactor.text(value) for name, value in posted.headers.items()},
        request_body=_body(_parsed(posted.body), redactor),
        status=answer.status,
        response_headers={"Content-Type": answer.content_type} if answer.content_type else {},
        response_body=_body(_parsed(answer.body), redactor),
        milliseconds=0.0,
        note=redactor.text(answer.error),
        fault=False,
    )


def _headers(message: Mapping[str, Any], redactor: Redactor) -> dict[str, str]:
    listed = message.get("headers") or {}
    # A header that came several times is a list in the journal.
    return {
        name: redactor.text(", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in listed.items()
    }


def _body(body: Any, redactor: Redactor) -> str:
    if body is None:
        return ""
    clean = redactor.data(body)
    return clean if isinstance(clean, str) else json.dumps(clean, ensure_ascii=False, indent=2)


def _parsed(text: str) -> Any:
    """JSON as data, so that what hides behind its escapes is found; everything else as it is."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
