"""The exchanges of a run as an HTTP archive (HAR 1.2), which browsers' tools open."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from contracts.kit.reports.gathered import Judged, Report
from contracts.kit.transcript import Record

_UNKNOWN = -1
_NO_TIME = "1970-01-01T00:00:00.000Z"


def render(report: Report) -> str:
    """All exchanges of a run."""
    return archive(report.judged)


def archive(judged: Iterable[Judged]) -> str:
    """The exchanges of some cases; a comment names the case of each."""
    entries = [entry for one in judged for entry in _entries(one)]
    creator = {"name": "tpmock (unofficial)", "version": "1"}
    log = {"version": "1.2", "creator": creator, "entries": entries}
    return json.dumps({"log": log}, ensure_ascii=False, indent=1) + "\n"


def _entries(one: Judged) -> Iterator[dict[str, Any]]:
    # The kit's own posts carry no time of the sandbox: they began before the first exchange the journal has.
    begun = next((record.at for record in one.outcome.records if record.at), _NO_TIME)
    for record in one.outcome.records:
        yield {
            "startedDateTime": record.at or begun,
            "time": record.milliseconds,
            "request": _request(record),
            "response": _response(record),
            "cache": {},
            "timings": {"send": 0, "wait": record.milliseconds, "receive": 0},
            "comment": f"{one.case.id}, {record.way}" + (f": {record.note}" if record.note else ""),
            "_tpmock": {"case": one.case.id, "number": record.number, "operation": record.operation},
        }


def _request(record: Record) -> dict[str, Any]:
    # What was masked may hold letters that no address may.
    url = quote(record.url, safe="/:?#[]@!$&'()*+,;=%~-._")
    found = {
        "method": record.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(record.request_headers),
        "queryString": [
            {"name": name, "value": value} for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)
        ],
        "headersSize": _UNKNOWN,
        "bodySize": len(record.request_body.encode()),
    }
    if record.request_body:
        kind = _header(record.request_headers, "content-type")
        found["postData"] = {"mimeType": kind, "params": [], "text": record.request_body}
    return found


def _response(record: Record) -> dict[str, Any]:
    size = len(record.response_body.encode())
    kind = _header(record.response_headers, "content-type")
    return {
        # Zero is what HAR's writers put where no answer came.
        "status": record.status or 0,
        "statusText": next((known.phrase for known in HTTPStatus if known == record.status), ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(record.response_headers),
        "content": {"size": size, "mimeType": kind, "text": record.response_body},
        "redirectURL": _header(record.response_headers, "location"),
        "headersSize": _UNKNOWN,
        "bodySize": size,
    }


def _pairs(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _header(headers: Mapping[str, str], wanted: str) -> str:
    return next((value for name, value in headers.items() if name.lower() == wanted), "")
