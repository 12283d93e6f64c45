"""Onboarding as a JSON API, for a front end of one's own: ``POST /actions/...`` with an integration key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from flask import Flask, Request, Response, request

from contracts.destination.messages import refuse, say

if TYPE_CHECKING:
    from contracts.destination.service import Destination


def add_actions(
    app: Flask,
    desk: Destination,
    *,
    integration_key: Callable[[Request], str | None],
    read: Callable[[Request], object],
    answer: Callable[[Mapping[str, str], int], Response],
) -> None:
    """Give the application its actions.

    :param integration_key: finds the key in a request.
    :param read: parses the body as JSON.
    :param answer: makes an answer of a body and a status.
    """

    def operator() -> str:
        """Who began: whoever runs this, whose front end has to know its own customers apart.

        :raises Refusal: for anybody else's key.
        """
        connection = desk.admit(integration_key(request))
        if not desk.connections.is_of_environment(connection):
            raise refuse("not-the-operator")
        return f"api {connection.id}"

    def connect() -> Response:
        beginner = operator()
        begun = desk.onboarding.begin(_text(read(request), "domain"), beginner)
        said = say("login-begun", domain=begun.domain)
        return answer(
            {"message": said.message, "domain": begun.domain, "shop": begun.shop, "login": begun.url}, said.status
        )

    def authorize() -> Response:
        beginner, body = operator(), read(request)
        made = desk.onboarding.finish(
            beginner,
            state=_text(body, "state"),
            code=_text(body, "code", ""),
            error=_text(body, "error", ""),
        )
        said = say("connected", domain=made.domain)
        shown = {"connection": made.connection.id, "domain": made.domain, "integrationKey": made.key}
        return _unstored(answer({"message": said.message, **shown}, said.status))

    def disconnect() -> Response:
        reply = desk.onboarding.disconnect(integration_key(request) or "")
        return answer({"message": reply.message}, reply.status)

    app.add_url_rule("/actions/connect", "connect", connect, methods=["POST"])
    app.add_url_rule("/actions/authorize", "authorize", authorize, methods=["POST"])
    app.add_url_rule("/actions/disconnect", "disconnect", disconnect, methods=["POST"])


def _text(body: object, field: str, default: str | None = None) -> str:
    value = body.get(field, default) if isinstance(body, dict) else None
    if not isinstance(value, str):
        raise refuse("bad-action", field=field)
    return value


def _unstored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
