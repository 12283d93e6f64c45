"""The door: HTTP in, HTTP out. Everything that decides is behind it, in :mod:`contracts.destination.service`."""

from __future__ import annotations

import json
import logging
import traceback
from http import HTTPStatus
from typing import NoReturn

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from contracts.destination.config import Settings
from contracts.destination.replies import Refusal, Reply
from contracts.destination.service import Destination, build

LONGEST_BODY = 1_048_576
"""Bytes. Far above what Segment sends (its tracking API takes 32 KB an event), far below what would hurt."""

log = logging.getLogger("contracts.destination")

_HTTP_MESSAGES = {
    HTTPStatus.NOT_FOUND: "There is nothing here. Events go to POST / or POST /v1/events.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This method is not supported here. Events go to POST / or POST /v1/events.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"The event is larger than {LONGEST_BODY} bytes.",
}


def create_app(settings: Settings, destination: Destination | None = None) -> Flask:
    """The destination as a WSGI application.

    :param destination: one that is already put together; by default it is built from the settings.
    """
    app = Flask(__name__, static_folder=None)
    # One byte more than we take: werkzeug cuts a chunked body at its limit without a word, and so the cut shows.
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY + 1
    desk = build(settings) if destination is None else destination
    app.extensions["destination"] = desk

    def receive() -> Response:
        connection = desk.admit(_integration_key(request))
        return _response(desk.handle(_event(request), connection))

    def health() -> Response:
        return _json({"status": "ok"}, HTTPStatus.OK)

    app.add_url_rule("/", "receive", receive, methods=["POST"])
    app.add_url_rule("/v1/events", "receive", methods=["POST"])
    app.add_url_rule("/health", "health", health, methods=["GET"])
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _unforeseen)
    return app


def _integration_key(arrived: Request) -> str | None:
    """Segment, direct destinations: the key is the user name of HTTP Basic, the password is empty."""
    credentials = arrived.authorization
    return credentials.username if credentials is not None and credentials.type == "basic" else None


def _event(arrived: Request) -> object:
    """The body as JSON.

    :raises Refusal: 415 for another content type, 400 for broken JSON.
    :raises RequestEntityTooLarge: for a body that is too long.
    """
    if not arrived.is_json:
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the event as application/json.")
    body = arrived.get_data()
    if len(body) > LONGEST_BODY:
        raise RequestEntityTooLarge
    try:
        # Not Flask's parser: it takes NaN and Infinity, which JSON does not have.
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refusal(HTTPStatus.BAD_REQUEST, "The body is not valid JSON, or it is nested too deeply.") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refused(refusal: Refusal) -> Response:
    log.info("message=- order=- status=%d %s", refusal.reply.status, refusal.reply.message)
    return _response(refusal.reply)


def _http_problem(problem: HTTPException) -> Response:
    status = HTTPStatus(problem.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    response = _response(Reply(status, _HTTP_MESSAGES.get(status, f"{status.phrase}.")))
    for name, value in problem.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    log.info("message=- order=- status=%d %s %s", status, request.method, status.phrase)
    return response


def _unforeseen(error: Exception) -> Response:
    # The place without the exception's own words: those may quote the event, and with it a person.
    place = "".join(traceback.format_tb(error.__traceback__))
    log.error("message=- order=- status=500 unforeseen %s at:\n%s", type(error).__name__, place)
    return _response(
        Reply(HTTPStatus.INTERNAL_SERVER_ERROR, "The destination failed unexpectedly. A retry may succeed.")
    )


def _response(reply: Reply) -> Response:
    if not reply.message:
        return Response(status=reply.status)
    response = _json({"message": reply.message}, reply.status)
    if reply.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="integration key", charset="UTF-8"'
    return response


def _json(body: dict[str, str], status: int) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
