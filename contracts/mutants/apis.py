"""The API, wrong in one way each: a door before the mock that changes answers on their way out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import requests
from flask import Flask, Response, request

_PATIENCE = 15.0
_OK, _CREATED, _BAD, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 200, 201, 400, 401, 403, 404


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of the API on its way out.

    :param query: of the request, as it came.
    """

    path: str
    query: str
    status: int
    body: Any
    content_type: str


Tamper = Callable[[Told], Told]


def _changed(told: Told, **members: object) -> Told:
    return replace(told, body={**told.body, **members}) if isinstance(told.body, dict) else told


def _score_as_text(told: Told) -> Told:
    if not told.path.endswith("/find") or told.status != _OK:
        return told
    return _changed(told, score={name: str(value) for name, value in told.body["score"].items()})


def _other_id(told: Told) -> Told:
    wrong = told.status == _OK and isinstance(told.body, dict) and "numberOfReviews" in told.body
    return _changed(told, id=told.body["id"][::-1]) if wrong else told


def _status(old: int, new: int, part: str = "") -> Tamper:
    return lambda told: replace(told, status=new) if told.status == old and part in told.path else told


def _plain(told: Told) -> Told:
    return replace(told, content_type="text/plain")


def _list_changed(change: Callable[[list[Any]], list[Any]]) -> Tamper:
    def tamper(told: Told) -> Told:
        listed = told.body.get("reviews") if isinstance(told.body, dict) else None
        return _changed(told, reviews=change(listed)) if isinstance(listed, list) else told

    return tamper


def _keeps_deleted(told: Told) -> Told:
    return _changed(told, reviews=[]) if told.path.endswith("/deletions") else told


def _leaks(told: Told) -> Told:
    if "/private/" in told.path or not told.path.endswith("/reviews") or not isinstance(told.body, dict):
        return told
    known = [{**review, "referralEmail": "ada.specimen@example.com"} for review in told.body.get("reviews", ())]
    return _changed(told, reviews=known) if known else told


def _without(name: str) -> Tamper:
    """Takes a member away wherever it is."""

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: cut(inner) for key, inner in value.items() if key != name}
        return [cut(inner) for inner in value] if isinstance(value, list) else value

    return lambda told: replace(told, body=cut(told.body))


def _nowhere(told: Told) -> Told:
    return replace(told, body=[]) if told.path.endswith("/locations") else told


def _keys_for_all(told: Told) -> Told:
    wrong = "/key/" in told.path and told.status == _OK
    return replace(told, body={"apiKey": "tpk-0", "apiSecret": "tps-0"}) if wrong else told


def _found(told: Told) -> Told:
    return replace(told, status=_OK, body={}) if told.status == _NOT_FOUND else told


def _no_stars(path: str, query: str) -> tuple[str, str]:
    return path, "&".join(part for part in query.split("&") if not part.startswith("stars="))


def _first_page(path: str, query: str) -> tuple[str, str]:
    return path, "&".join(part for part in query.split("&") if not part.startswith("page="))


def _same(path: str, query: str) -> tuple[str, str]:
    return path, query


@dataclass(frozen=True, slots=True)
class Api:
    """An API that is wrong in one way.

    :param tamper: what it does to answers.
    :param turn: what it does to path and query of requests.
    """

    sentence: str
    tamper: Tamper = lambda told: told
    turn: Callable[[str, str], tuple[str, str]] = _same


APIS: dict[str, Api] = {
    "api-score-as-text": Api("Tells scores as text.", _score_as_text),
    "api-other-id": Api("Names another business unit than the one that was found.", _other_id),
    "api-open": Api("Answers 200 where 401 belongs.", _status(_UNAUTHORIZED, _OK)),
    "api-fails-on-bad-input": Api("Answers 500 where 400 belongs.", _status(_BAD, 500)),
    "api-finds-nothing": Api("Answers 200 where 404 belongs.", _found),
    "api-eligible-200": Api("Answers an eligible customer's check with 200.", _status(_CREATED, _OK, "/check/")),
    "api-all-eligible": Api(
        "Answers the partner check of a customer without rights with 201.", _status(_OK, _CREATED, "/check/")
    ),
    "api-foreign-allowed": Api(
        "Answers the partner check of a foreign customer with 200.", _status(_FORBIDDEN, _OK, "/check/")
    ),
    "api-keys-for-all": Api("Hands out keys together with a no.", _keys_for_all),
    "api-no-secret": Api("Makes keys without a secret.", _without("apiSecret")),
    "api-plain-text": Api("Calls all of its JSON text/plain.", _plain),
    "api-first-page": Api("Answers every page with the first.", turn=_first_page),
    "api-unordered": Api(
        "Lists the reviews of each page the other way round.", _list_changed(lambda listed: listed[::-1])
    ),
    "api-loses-last": Api("Loses the last review of each list.", _list_changed(lambda listed: listed[:-1])),
    "api-ignores-stars": Api("Ignores the filter by stars.", turn=_no_stars),
    "api-forgets-deletions": Api("Does not tell what was deleted.", _keeps_deleted),
    "api-leaks-email": Api("Shows reviewers' addresses to the public.", _leaks),
    "api-no-reference": Api("Hides the order from its own business.", _without("referenceId")),
    "api-no-refresh-token": Api("Gives no refresh tokens.", _without("refresh_token")),
    "api-no-profile": Api("Leaves the address of the profile out.", _without("profileUrl")),
    "api-no-names": Api("Leaves display names out.", _without("displayName")),
    "api-no-lifetime": Api("Does not say how long a token lives.", _without("expires_in")),
    "api-no-template-type": Api("Does not say which reviews a template is for.", _without("type")),
    "api-no-locations": Api("Lists no locations.", _nowhere),
}
"""Every wrong API by name."""


def create_api(name: str, environment: Mapping[str, str]) -> Flask:
    """The wrong API as a WSGI application, before the mock that the environment names."""
    return door(APIS[name], environment["TRUSTPILOT_API_URL"])


def door(wrong: Api, behind: str) -> Flask:
    """A door that changes answers, before a mock.

    :param behind: the base address of the mock.
    """
    app = Flask(__name__, static_folder=None)
    session = requests.Session()
    session.trust_env = False

    def answer(path: str = "") -> Response:
        turned, query = wrong.turn(f"/{path}", request.query_string.decode())
        headers = {name: value for name, value in request.headers if name.lower() not in {"host", "content-length"}}
        with session.request(
            request.method, f"{behind}{turned}?{query}".rstrip("?"), data=request.get_data(), headers=headers,
            timeout=_PATIENCE, allow_redirects=False,
        ) as said:  # fmt: skip
            try:
                body = said.json()
            except ValueError:
                return Response(said.content, said.status_code, content_type=said.headers.get("Content-Type"))
            kind = said.headers.get("Content-Type", "")
            told = wrong.tamper(Told(turned, query, said.status_code, body, kind))
        return Response(json.dumps(told.body), told.status, content_type=told.content_type)

    methods = ["GET", "POST", "PUT", "DELETE"]
    app.add_url_rule("/<path:path>", "answer", answer, methods=methods)
    app.add_url_rule("/health", "health", lambda: {"status": "ok"})
    return app
