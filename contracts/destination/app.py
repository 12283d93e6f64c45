"""The door: HTTP in, HTTP out. Everything that decides is behind it, in :mod:`contracts.destination.service`."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import NoReturn

from flask import Flask, Request, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from contracts.destination import logs, metrics
from contracts.destination.config import Settings
from contracts.destination.messages import Refusal, Reply, refuse, say
from contracts.destination.migrations import STEPS, version_of
from contracts.destination.onboarding.actions import add_actions
from contracts.destination.onboarding.pages import Pages
from contracts.destination.preferences import HEADER
from contracts.destination.service import Destination, build

LONGEST_BODY = 1_048_576
"""Bytes. Far above what Segment sends (its tracking API takes 32 KB an event), far below what would hurt."""

_HTTP_MESSAGES = {
    HTTPStatus.NOT_FOUND: "nothing-here",
    HTTPStatus.METHOD_NOT_ALLOWED: "wrong-method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
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
        event = _event(request)
        return _response(desk.handle(event, desk.tailored(connection, request.headers.get(HEADER))))

    def alive() -> Response:
        return _json({"status": "ok"}, HTTPStatus.OK)

    def ready() -> Response:
        try:
            up_to_date = version_of(desk.store.database) == len(STEPS)
        except SQLAlchemyError as problem:
            logs.unforeseen(problem)
            return _json({"status": "no database"}, HTTPStatus.SERVICE_UNAVAILABLE)
        if not up_to_date:
            return _json({"status": "another version's database"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return _json({"status": "ok"}, HTTPStatus.OK)

    def measured() -> Response:
        if settings.metrics_token is not None and not _shows(request, settings.metrics_token):
            return Response(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
        return Response(desk.metrics.page(), content_type=metrics.CONTENT_TYPE)

    app.add_url_rule("/", "receive", receive, methods=["POST"])
    app.add_url_rule("/v1/events", "receive", methods=["POST"])
    app.add_url_rule("/healthz", "alive", alive, methods=["GET"])
    app.add_url_rule("/health", "alive", methods=["GET"])
    app.add_url_rule("/readyz", "ready", ready, methods=["GET"])
    app.add_url_rule("/metrics", "measured", measured, methods=["GET"])
    add_actions(app, desk, integration_key=_integration_key, read=_event, answer=_json)
    app.register_blueprint(Pages(desk, settings).site)
    app.register_error_handler(SQLAlchemyError, _no_database)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _unforeseen)
    return app


def _integration_key(arrived: Request) -> str | None:
    """Segment, direct destinations: the key is the user name of HTTP Basic, the password is empty."""
    credentials = arrived.authorization
    return credentials.username if credentials is not None and credentials.type == "basic" else None


def _shows(arrived: Request, token: str) -> bool:
    credentials = arrived.authorization
    shown = credentials.token if credentials is not None and credentials.type == "bearer" else None
    return hmac.compare_digest((shown or "").encode(errors="surrogatepass"), token.encode())


def _event(arrived: Request) -> object:
    """The body as JSON.

    :raises Refusal: 415 for another content type, 400 for broken JSON.
    :raises RequestEntityTooLarge: for a body that is too long.
    """
    if not arrived.is_json:
        raise refuse("not-json")
    body = arrived.get_data()
    if len(body) > LONGEST_BODY:
        raise RequestEntityTooLarge
    try:
        # Not Flask's parser: it takes NaN and Infinity, which JSON does not have.
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise refuse("bad-json") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refused(refusal: Refusal) -> Response:
    reply = refusal.reply
    logs.say("refused", status=int(reply.status), message=reply.name, text=reply.message)
    return _response(reply)


def _http_problem(problem: HTTPException) -> Response:
    status = HTTPStatus(problem.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    name = _HTTP_MESSAGES.get(status)
    reply = Reply(status, f"{status.phrase}.") if name is None else say(name, longest=LONGEST_BODY)
    response = _response(reply)
    for header, value in problem.get_headers():
        if header.lower() == "allow":
            response.headers[header] = value
    logs.say("refused", status=int(status), message=name, method=request.method, text=reply.message)
    return response


def _no_database(error: SQLAlchemyError) -> Response:
    logs.unforeseen(error)
    return _response(say("no-database"))


def _unforeseen(error: Exception) -> Response:
    logs.unforeseen(error)
    return _response(say("unforeseen"))


def _response(reply: Reply) -> Response:
    if not reply.message:
        return Response(status=reply.status)
    response = _json({"message": reply.message}, reply.status)
    if reply.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="integration key", charset="UTF-8"'
    return response


def _json(body: Mapping[str, str], status: int) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
