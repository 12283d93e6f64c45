"""API mutants, each with one defect: a reverse proxy in front of the mock that changes its responses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import requests
from flask import Flask, Response, request
from msgspec.structs import replace

_PATIENCE = 15.0
_OK = 200


class ApiAnswer(msgspec.Struct, frozen=True):
    """Response of the API on its way to the client."""

    path: str
    status: int
    body: Any
    content_type: str


Tamper = Callable[[ApiAnswer], ApiAnswer]
Turn = Callable[[str, str], tuple[str, str]]


def _changed(answer: ApiAnswer, **members: object) -> ApiAnswer:
    return replace(answer, body={**answer.body, **members}) if isinstance(answer.body, dict) else answer


def _score_as_text(answer: ApiAnswer) -> ApiAnswer:
    if not answer.path.endswith("/find") or answer.status != _OK:
        return answer
    return _changed(answer, score={name: str(value) for name, value in answer.body["score"].items()})


def _other_id(answer: ApiAnswer) -> ApiAnswer:
    wrong = answer.status == _OK and isinstance(answer.body, dict) and "numberOfReviews" in answer.body
    return _changed(answer, id=answer.body["id"][::-1]) if wrong else answer


def _changing(path: str = "", on: int | None = None, **changes: Any) -> Tamper:
    """Changes responses whose path matches and whose status is ``on``, or any."""

    def tamper(answer: ApiAnswer) -> ApiAnswer:
        meant = on in (None, answer.status) and re.search(path, answer.path)
        return replace(answer, **changes) if meant else answer

    return tamper


def _list_changed(change: Callable[[list[Any]], list[Any]]) -> Tamper:
    def tamper(answer: ApiAnswer) -> ApiAnswer:
        listed = answer.body.get("reviews") if isinstance(answer.body, dict) else None
        return _changed(answer, reviews=change(listed)) if isinstance(listed, list) else answer

    return tamper


def _keeps_deleted(answer: ApiAnswer) -> ApiAnswer:
    return _changed(answer, reviews=[]) if answer.path.endswith("/deletions") else answer


def _leaks(answer: ApiAnswer) -> ApiAnswer:
    if "/private/" in answer.path or not answer.path.endswith("/reviews") or not isinstance(answer.body, dict):
        return answer
    known = [{**review, "referralEmail": "ada.specimen@example.com"} for review in answer.body.get("reviews", ())]
    return _changed(answer, reviews=known) if known else answer


def _without(name: str) -> Tamper:
    """Removes a member at any depth."""

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: cut(inner) for key, inner in value.items() if key != name}
        return [cut(inner) for inner in value] if isinstance(value, list) else value

    return lambda answer: replace(answer, body=cut(answer.body))


def _ignoring(parameter: str) -> Turn:
    def turn(path: str, query: str) -> tuple[str, str]:
        return path, "&".join(part for part in query.split("&") if not part.startswith(f"{parameter}="))

    return turn


class Api(msgspec.Struct, frozen=True):
    """API with one defect.

    :param tamper: changes responses
    :param turn: changes path and query of requests
    """

    sentence: str
    tamper: Tamper = lambda answer: answer
    turn: Turn = lambda path, query: (path, query)


APIS: dict[str, Api] = {
    "api-fails": Api("Answers 500 to everything.", _changing(status=500, body={"message": "Internal server error"})),
    "api-empty": Api("Answers 200 and an empty object to everything.", _changing(status=200, body={})),
    "api-score-as-text": Api("Tells scores as text.", _score_as_text),
    "api-other-id": Api("Names another business unit than the one that was found.", _other_id),
    "api-open": Api("Answers 200 where 401 belongs.", _changing(on=401, status=200)),
    "api-fails-on-bad-input": Api("Answers 500 where 400 belongs.", _changing(on=400, status=500)),
    "api-finds-nothing": Api("Answers 200 where 404 belongs.", _changing(on=404, status=200, body={})),
    "api-eligible-200": Api("Answers an eligible customer's check with 200.", _changing("/check/", 201, status=200)),
    "api-all-eligible": Api(
        "Answers the partner check of a customer without rights with 201.", _changing("/check/", 200, status=201)
    ),
    "api-foreign-allowed": Api(
        "Answers the partner check of a foreign customer with 200.", _changing("/check/", 403, status=200)
    ),
    "api-keys-for-all": Api(
        "Hands out keys together with a no.", _changing("/key/", 200, body={"apiKey": "tpk-0", "apiSecret": "tps-0"})
    ),
    "api-no-secret": Api("Makes keys without a secret.", _without("apiSecret")),
    "api-plain-text": Api("Calls all of its JSON text/plain.", _changing(content_type="text/plain")),
    "api-first-page": Api("Answers every page with the first.", turn=_ignoring("page")),
    "api-unordered": Api(
        "Lists the reviews of each page the other way round.", _list_changed(lambda listed: listed[::-1])
    ),
    "api-loses-last": Api("Loses the last review of each list.", _list_changed(lambda listed: listed[:-1])),
    "api-ignores-stars": Api("Ignores the filter by stars.", turn=_ignoring("stars")),
    "api-forgets-deletions": Api("Does not tell what was deleted.", _keeps_deleted),
    "api-leaks-email": Api("Shows reviewers' addresses to the public.", _leaks),
    "api-no-reference": Api("Hides the order from its own business.", _without("referenceId")),
    "api-no-refresh-token": Api("Gives no refresh tokens.", _without("refresh_token")),
    "api-no-profile": Api("Leaves the address of the profile out.", _without("profileUrl")),
    "api-no-names": Api("Leaves display names out.", _without("displayName")),
    "api-no-lifetime": Api("Does not say how long a token lives.", _without("expires_in")),
    "api-no-template-type": Api("Does not say which reviews a template is for.", _without("type")),
    "api-no-locations": Api("Lists no locations.", _changing("/locations$", body=[])),
}
"""Every API mutant by name."""


def create_api(name: str, environment: Mapping[str, str]) -> Flask:
    """Return an API mutant as a WSGI application, in front of the mock that the environment names."""
    return proxy(APIS[name], environment["TRUSTPILOT_API_URL"])


def proxy(api: Api, mock_url: str) -> Flask:
    """Return a reverse proxy that changes the responses of a mock."""
    app = Flask(__name__, static_folder=None)
    session = requests.Session()
    session.trust_env = False

    def forward(path: str = "") -> Response:
        turned, query = api.turn(f"/{path}", request.query_string.decode())
        headers = {name: value for name, value in request.headers if name.lower() not in {"host", "content-length"}}
        with session.request(
            request.method, f"{mock_url}{turned}?{query}".rstrip("?"), data=request.get_data(), headers=headers,
            timeout=_PATIENCE, allow_redirects=False,
        ) as response:  # fmt: skip
            kind = response.headers.get("Content-Type")
            try:
                body = response.json()
            except ValueError:
                return Response(response.content, response.status_code, content_type=kind)
        answer = api.tamper(ApiAnswer(turned, response.status_code, body, kind or ""))
        return Response(json.dumps(answer.body), answer.status, content_type=answer.content_type)

    app.add_url_rule("/<path:path>", view_func=forward, methods=["GET", "POST", "PUT", "DELETE"])
    app.add_url_rule("/health", "health", lambda: {"status": "ok"})
    return app
