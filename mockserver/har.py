"""Journal entries as an HTTP archive (HAR 1.2), which browsers' tools and many others open."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from mockserver.clock import iso_milliseconds
from mockserver.journal import Entry, header_lines

#: The journal does not note it; everything here speaks this.
_VERSION: Final = "HTTP/1.1"
#: What HAR writes where a size is not known.
_UNKNOWN: Final = -1

Json = dict[str, Any]


def document(entries: Iterable[Entry], version: str) -> Json:
    """A whole archive. What HAR has no place for stands under ``_tpmock``, as it allows.

    :param version: of this program
    """
    creator = {"name": "tpmock (unofficial mock of Trustpilot and Segment)", "version": version}
    return {"log": {"version": "1.2", "creator": creator, "entries": [_entry(entry) for entry in entries]}}


def _entry(entry: Entry) -> Json:
    return {
        "startedDateTime": iso_milliseconds(entry.at),
        "time": entry.milliseconds,
        "request": _request(entry),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": entry.milliseconds, "receive": 0},
        "comment": entry.hint or "",
        "_tpmock": {
            name: getattr(entry, name)
            for name in ("id", "direction", "api", "operation", "evidence", "trace", "join", "fault", "effect", "error")
        },
    }


def _request(entry: Entry) -> Json:
    # What was masked may hold letters that no address may.
    url = quote(entry.url, safe="/:?#[]@!$&'()*+,;=%~-._")
    headers = list(header_lines(entry.request_headers))
    request = {
        "method": entry.method,
        "url": url,
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _pairs(headers),
        "queryString": _pairs(parse_qsl(urlsplit(url).query, keep_blank_values=True)),
        "headersSize": _UNKNOWN,
        "bodySize": len(entry.request_body),
    }
    if entry.request_body:
        text = entry.request_body.decode("utf-8", "replace")
        request["postData"] = {"mimeType": _value(headers, "content-type"), "params": [], "text": text}
    return request


def _response(entry: Entry) -> Json:
    headers = list(header_lines(entry.response_headers))
    return {
        # Zero is what HAR's writers put where no answer came.
        "status": entry.status or 0,
        "statusText": _phrase(entry.status),
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _pairs(headers),
        "content": _content(entry.response_body, _value(headers, "content-type")),
        "redirectURL": _value(headers, "location"),
        "headersSize": _UNKNOWN,
        "bodySize": len(entry.response_body) if entry.status is not None else _UNKNOWN,
    }


def _content(body: bytes, media_type: str) -> Json:
    content: Json = {"size": len(body), "mimeType": media_type}
    if body:
        try:
            content["text"] = body.decode()
        except UnicodeDecodeError:
            content |= {"text": base64.b64encode(body).decode(), "encoding": "base64"}
    return content


def _phrase(status: int | None) -> str:
    return next((known.phrase for known in HTTPStatus if known == status), "")


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in pairs]


def _value(headers: Sequence[tuple[str, str]], wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")
