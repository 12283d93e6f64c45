"""Onboarding as a JSON API, for a custom front end: ``POST /actions/...`` with an integration key."""

from __future__ import annotations

from flask import Blueprint, Response
from tpmock.destination.rules.messages import refuse, say
from tpmock.destination.service.destination import Destination
from tpmock.destination.service.key_guesses import KeyGuesses
from tpmock.destination.web import json_api


def actions(destination: Destination, guesses: KeyGuesses) -> Blueprint:
    """Return the actions of a destination."""
    onboarding = destination.onboarding

    def operator() -> str:
        """Name the caller who begins a login: the operator, whose front end has to know its own customers apart.

        :raises Refusal: for anybody else's key
        """
        key = json_api.integration_key()
        with guesses.trying(json_api.caller(), key):
            connection = destination.admit(key)
        if not destination.connections.is_of_environment(connection):
            raise refuse("not-the-operator")
        return f"api {connection.id}"

    def connect() -> Response:
        beginner = operator()
        begun = onboarding.begin(_text(json_api.body(), "domain"), beginner)
        reply = say("login-begun", domain=begun.domain)
        members = {"message": reply.message, "domain": begun.domain, "shop": begun.shop, "login": begun.url}
        return json_api.response(members, reply.status)

    def authorize() -> Response:
        beginner, body = operator(), json_api.body()
        state, code, error = _text(body, "state"), _text(body, "code", ""), _text(body, "error", "")
        made = onboarding.finish(beginner, state=state, code=code, error=error)
        reply = say("connected", domain=made.domain)
        members = {"connection": made.connection.id, "domain": made.domain, "integrationKey": made.key}
        response = json_api.response({"message": reply.message, **members}, reply.status)
        response.headers["Cache-Control"] = "no-store"
        return response

    def disconnect() -> Response:
        key = json_api.integration_key() or ""
        with guesses.trying(json_api.caller(), key):
            reply = onboarding.disconnect(key)
        return json_api.response({"message": reply.message}, reply.status)

    site = Blueprint("actions", __name__, url_prefix="/actions")
    for view in (connect, authorize, disconnect):
        site.add_url_rule(f"/{view.__name__}", view_func=view, methods=["POST"])
    return site


def _text(body: object, field: str, default: str | None = None) -> str:
    value = body.get(field, default) if isinstance(body, dict) else None
    if not isinstance(value, str):
        raise refuse("bad-action", field=field)
    return value
