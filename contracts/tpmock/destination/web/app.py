"""The Flask application. Decisions are made in :mod:`tpmock.destination.service.destination`."""

from __future__ import annotations

import hmac
from dataclasses import replace
from http import HTTPStatus

from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError
from tpmock.destination import logs, metrics
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.preferences import HEADER
from tpmock.destination.service.assembly import build
from tpmock.destination.service.destination import Destination
from tpmock.destination.service.key_guesses import KeyGuesses
from tpmock.destination.storage.migrations import STEPS, version_of
from tpmock.destination.web import json_api
from tpmock.destination.web.actions import actions
from tpmock.destination.web.pages import Pages
from werkzeug.middleware.proxy_fix import ProxyFix

_PROBE_PATIENCE = 1.0


def create_app(settings: DestinationSettings, destination: Destination | None = None) -> Flask:
    """Return the destination as a WSGI application."""
    app = Flask(__name__, static_folder=None)
    # One byte more than the limit: werkzeug cuts a chunked body at its limit without an error, and so the cut shows.
    app.config["MAX_CONTENT_LENGTH"] = json_api.LONGEST_BODY + 1
    served = app.extensions["destination"] = destination or build(settings)
    if settings.proxy_hops:
        # In this place, as Flask's documentation has it.
        setattr(app, "wsgi_app", ProxyFix(app.wsgi_app, x_for=settings.proxy_hops, x_proto=0, x_host=0))  # noqa: B010
    guesses = KeyGuesses()

    def receive() -> Response:
        key = json_api.integration_key()
        with guesses.trying(json_api.caller(), key):
            connection = served.admit(key)
        event = json_api.body()
        preferences = connection.preferences.tailored(request.headers.get(HEADER))
        return json_api.response_of(served.handle(event, replace(connection, preferences=preferences)))

    def alive() -> Response:
        return json_api.response({"status": "ok"}, HTTPStatus.OK)

    def ready() -> Response:
        try:
            with served.store.database.within(_PROBE_PATIENCE):
                up_to_date = version_of(served.store.database) == len(STEPS)
        except SQLAlchemyError as problem:
            logs.unforeseen(problem)
            return json_api.response({"status": "no database"}, HTTPStatus.SERVICE_UNAVAILABLE)
        if not up_to_date:
            return json_api.response({"status": "another version's database"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return alive()

    def measured() -> Response:
        if settings.metrics_token is not None and not _carries(settings.metrics_token):
            return Response(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
        return Response(served.store.metrics.page(), content_type=metrics.CONTENT_TYPE)

    app.add_url_rule("/", "receive", receive, methods=["POST"])
    app.add_url_rule("/v1/events", "receive", methods=["POST"])
    app.add_url_rule("/healthz", "alive", alive, methods=["GET"])
    app.add_url_rule("/health", "alive", methods=["GET"])
    app.add_url_rule("/readyz", "ready", ready, methods=["GET"])
    app.add_url_rule("/metrics", "measured", measured, methods=["GET"])
    app.register_blueprint(actions(served, guesses))
    app.register_blueprint(Pages(served, settings, guesses).site)
    app.register_error_handler(Exception, json_api.problem_response)
    return app


def _carries(token: str) -> bool:
    credentials = request.authorization
    given = credentials.token if credentials is not None and credentials.type == "bearer" else None
    return hmac.compare_digest((given or "").encode(errors="surrogatepass"), token.encode())
