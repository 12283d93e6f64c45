"""Exchanges of a case in full, for reports and evidence: nothing cut, people and secrets removed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace
from tpmock.common.stand_ins import MOCK, SUBJECT
from tpmock.kit.vocabulary.findings import CaseOutcome, ExchangeSummary, Finding, RecordedExchange
from tpmock.kit.vocabulary.observation import Item, KitRequest, Observation, ReceivedAnswer
from tpmock.kit.vocabulary.redaction import TranscriptRedactor

_LOOPBACK = ("127.0.0.1", "localhost")


def written(outcome: CaseOutcome, seen: Observation, mock_url: str, subject_url: str) -> CaseOutcome:
    """Return an outcome for a report: with its exchanges in full and without personal data."""
    redactor = TranscriptRedactor(
        seen.personal, seen.secrets, _addresses(mock_url, MOCK) | _addresses(subject_url, SUBJECT)
    )
    # In the order in which they began: the journal's numbers are given when an exchange ends.
    entries = sorted(seen.journal, key=lambda entry: (entry["at"], entry["id"]))
    own = (_own(answer, answer.request, redactor) for answer in seen.answers if answer.request)
    records = (*own, *(_record(entry, redactor) for entry in entries))
    orders = {one.order for one in seen.sent} | {one.order for one in seen.answers}
    return replace(
        outcome,
        findings=tuple(_finding(finding, redactor) for finding in outcome.findings),
        exchanges=_in_short(outcome.exchanges, redactor),
        records=records,
        orders=len(orders - {None, ""}),
    )


def _addresses(url: str, name: str) -> dict[str, str]:
    place, named = urlsplit(url).netloc, urlsplit(name).netloc
    if not place:
        return {}
    host, _, port = place.rpartition(":")
    # A subject may get a loopback address by either name.
    return {f"{one}:{port}": named for one in _LOOPBACK} if host in _LOOPBACK else {place: named}


def _in_short(exchanges: Iterable[ExchangeSummary], redactor: TranscriptRedactor) -> tuple[ExchangeSummary, ...]:
    return tuple(redactor.record(one, "note") for one in exchanges)


def _finding(finding: Finding, redactor: TranscriptRedactor) -> Finding:
    exchanges = None if finding.exchanges is None else _in_short(finding.exchanges, redactor)
    return replace(redactor.record(finding, "expected", "found", "where", "advice"), exchanges=exchanges)


def _record(entry: Item, redactor: TranscriptRedactor) -> RecordedExchange:
    outward = entry["direction"] == "out"
    note = " · ".join(str(entry[name]) for name in ("hint", "error") if entry.get(name))
    request, response = entry.get("request") or {}, entry.get("response") or {}
    return RecordedExchange(
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


def _own(answer: ReceivedAnswer, posted: KitRequest, redactor: TranscriptRedactor) -> RecordedExchange:
    return RecordedExchange(
        number=None,
        way="the kit to the subject",
        api="segment-destination",
        operation=posted.operation,
        method="POST",
        url=redactor.text(posted.url),
        request_headers={name: redactor.text(value) for name, value in posted.headers.items()},
        request_body=_body(_parsed(posted.body), redactor),
        status=answer.status,
        response_headers={"Content-Type": answer.content_type} if answer.content_type else {},
        response_body=_body(_parsed(answer.body), redactor),
        note=redactor.text(answer.error),
    )


def _headers(message: Mapping[str, Any], redactor: TranscriptRedactor) -> dict[str, str]:
    listed = message.get("headers") or {}
    # A header that came several times is a list in the journal.
    return {
        name: redactor.text(", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in listed.items()
    }


def _body(body: Any, redactor: TranscriptRedactor) -> str:
    if body is None:
        return ""
    clean = redactor.data(body)
    return clean if isinstance(clean, str) else json.dumps(clean, ensure_ascii=False, indent=2)


def _parsed(text: str) -> Any:
    """Return JSON as data, so that escaped text is found; everything else unchanged."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
