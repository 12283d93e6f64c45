"""HTTP exchanges as an HTTP archive (HAR 1.2), which browsers' tools and many others open."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from tpmock.common.version import __version__

Json = dict[str, Any]
Pairs = Sequence[tuple[str, str]]

#: The version of HTTP is not recorded; everything here speaks this.
_VERSION: Final = "HTTP/1.1"
#: What HAR writes where a size is not known.
_UNKNOWN: Final = -1


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """A request or a response.

    :param headers: names and values
    """

    headers: Pairs
    body: bytes

    def header(self, name: str) -> str:
        """Return the first header of that name, in lower case; empty when there is none."""
        return next((value for found, value in self.headers if found.lower() == name), "")


def archive(entries: Iterable[Json], version: str = __version__) -> Json:
    """Return a whole archive of entries that :func:`entry` made.

    :param version: the tpmock that recorded them
    """
    creator = {"name": "tpmock (unofficial mock of Trustpilot and Segment)", "version": version}
    return {"log": {"version": "1.2", "creator": creator, "entries": list(entries)}}


def entry(
    *,
    at: str,
    milliseconds: float,
    method: str,
    url: str,
    request: HttpMessage,
    status: int | None,
    response: HttpMessage,
    comment: str,
    more: Json,
) -> Json:
    """Return one exchange.

    :param at: when it began, as ISO 8601
    :param status: None when no answer came
    :param more: what HAR has no member for; it is under ``_tpmock``, as HAR allows
    """
    return {
        "startedDateTime": at,
        "time": milliseconds,
        "request": _request(method, url, request),
        "response": _response(status, response),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": comment,
        "_tpmock": more,
    }


def _request(method: str, url: str, message: HttpMessage) -> Json:
    # What was masked may hold letters that no address may.
    url = quote(url, safe="/:?#[]@!$&'()*+,;=%~-._")
    request = {
        "method": method,
        "url": url,
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _pairs(message.headers),
        "queryString": _pairs(parse_qsl(urlsplit(url).query, keep_blank_values=True)),
        "headersSize": _UNKNOWN,
        "bodySize": len(message.body),
    }
    if message.body:
        text = message.body.decode("utf-8", "replace")
        request["postData"] = {"mimeType": message.header("content-type"), "params": [], "text": text}
    return request


def _response(status: int | None, message: HttpMessage) -> Json:
    return {
        # Zero is what HAR's writers put where no answer came.
        "status": status or 0,
        "statusText": next((known.phrase for known in HTTPStatus if known == status), ""),
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _pairs(message.headers),
        "content": _content(message),
        "redirectURL": message.header("location"),
        "headersSize": _UNKNOWN,
        "bodySize": len(message.body) if status is not None else _UNKNOWN,
    }


def _content(message: HttpMessage) -> Json:
    content: Json = {"size": len(message.body), "mimeType": message.header("content-type")}
    if message.body:
        try:
            content["text"] = message.body.decode()
        except UnicodeDecodeError:
            content |= {"text": base64.b64encode(message.body).decode(), "encoding": "base64"}
    return content


def _pairs(pairs: Pairs) -> list[Json]:
    return [{"name": name, "value": value} for name, value in pairs]
