"""Requests and responses in JSON, as Segment and front ends send and get them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import NoReturn

from flask import Response, request
from tpmock.destination.rules.messages import DestinationReply, refuse
from tpmock.destination.web.problems import reply_to
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

LONGEST_BODY = 1_048_576
"""Bytes. Far above what Segment sends (its tracking API takes 32 KB an event), far below what would hurt."""

_HTTP_MESSAGES: dict[int, str] = {
    HTTPStatus.NOT_FOUND: "nothing-here",
    HTTPStatus.METHOD_NOT_ALLOWED: "wrong-method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
}


def caller() -> str:
    """Return the address of the caller, as the proxies in front report it where `PROXY_HOPS` is set."""
    return request.remote_addr or ""


def integration_key() -> str | None:
    """Return the key of a request: the user name of HTTP Basic, with an empty password (Segment, direct
    destinations)."""
    credentials = request.authorization
    return credentials.username if credentials is not None and credentials.type == "basic" else None


def body() -> object:
    """Parse the body of a request.

    :raises Refusal: 415 for another content type, 400 for broken JSON
    """
    if not request.is_json:
        raise refuse("not-json")
    data = request.get_data()
    if len(data) > LONGEST_BODY:
        raise RequestEntityTooLarge
    try:
        # Not Flask's parser: it takes NaN and Infinity, which JSON does not have.
        return json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise refuse("bad-json") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def response(content: Mapping[str, str], status: int) -> Response:
    """Return a response with a JSON object."""
    return Response(json.dumps(content, ensure_ascii=False), status, mimetype="application/json")


def response_of(reply: DestinationReply) -> Response:
    """Return a reply as a response."""
    if not reply.message:
        return Response(status=reply.status)
    made = response({"message": reply.message}, reply.status)
    if reply.status == HTTPStatus.UNAUTHORIZED:
        made.headers["WWW-Authenticate"] = 'Basic realm="integration key", charset="UTF-8"'
    if reply.wait is not None:
        made.headers["Retry-After"] = str(reply.wait)
    return made


def problem_response(problem: Exception) -> Response:
    """Answer any exception."""
    name = _HTTP_MESSAGES.get(problem.code or 0) if isinstance(problem, HTTPException) else None
    made = response_of(reply_to(problem, name, longest=LONGEST_BODY))
    if isinstance(problem, MethodNotAllowed):
        made.allow.update(problem.valid_methods or ())
    return made
