"""The steps that call Trustpilot's API, the world behind it, or a subject that does more than take events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from contracts.kit import pointers
from contracts.kit.observation import USER_AGENT, Answer, Posted
from contracts.kit.stage import PATIENCE, NotAsSaidError, NotRunError, Stage, step

_TOKEN = "/v1/oauth/oauth-business-users-for-applications/accesstoken"  # noqa: S105 - a path


@step
def _call(stage: Stage, told: Mapping[str, Any]) -> None:
    """The kit calls the API itself, and keeps the answer."""
    answer = _request(stage, told)
    stage.seen.answers.append(answer)
    _save(stage, told, answer)


@step
def _ask(stage: Stage, told: Mapping[str, Any]) -> None:
    """The kit asks the subject for an action, and keeps the answer: POST /actions/<action> with the key and JSON."""
    action = told["action"]
    url = urlsplit(stage.subject.url)._replace(path=f"/actions/{action}", query="").geturl()
    answer = _answered(f"the action {action}", "POST", url, json=told.get("with", {}), auth=(stage.subject.key, ""))
    posted = Posted(url, {"Authorization": f"Basic {stage.subject.key}:"}, json.dumps(told.get("with", {})), None)
    stage.seen.answers.append(replace(answer, request=posted))
    stage.rest()
    _save(stage, told, answer)


@step
def _world(stage: Stage, told: Mapping[str, Any]) -> None:
    """Somebody does something in the world: a call to the sandbox's control API."""
    method, _, path = told["call"].partition(" ")
    said = stage.sandbox.control(method, path, told.get("body"))
    stage.rest()
    for name, pointer in told.get("save", {}).items():
        found = pointers.find(said, pointer)
        if not found:
            raise NotRunError(f"{told['call']} answered without {pointer}.")
        stage.known[name] = found[0]


@step
def _login(stage: Stage, told: Mapping[str, Any]) -> None:
    """The customer opens a login page, logs in, and is sent back; what the address then holds is kept."""
    form = {name: told[name] for name in ("username", "password")}
    with requests.Session() as session:
        session.trust_env = False
        try:
            with session.post(
                told["at"], data=form, headers={"User-Agent": USER_AGENT}, timeout=PATIENCE, allow_redirects=False
            ) as response:
                back = response.headers.get("Location", "")
        except requests.RequestException as problem:
            raise NotAsSaidError(f"no login page at {told['at']} ({type(problem).__name__})") from None
    held = parse_qs(urlsplit(back).query)
    for name, parameter in told.get("save", {}).items():
        if parameter not in held:
            raise NotAsSaidError(f"after the login the customer was sent to {back or 'nowhere'}, without {parameter}")
        stage.known[name] = held[parameter][0]


def _request(stage: Stage, told: Mapping[str, Any]) -> Answer:
    hosts: Mapping[str, str] = getattr(stage.subject, "hosts", stage.sandbox.urls)
    headers = {str(name): str(value) for name, value in told.get("headers", {}).items()}
    auth: tuple[str, str] | None = None
    who = told.get("auth", "none")
    if who == "key":
        headers["apikey"] = str(stage.known["apikey"])
    elif who == "application":
        auth = (str(stage.known["apikey"]), str(stage.known["apisecret"]))
    elif who in {"user", "partner"}:
        headers["Authorization"] = f"Bearer {_token(stage, hosts, who)}"
        if who == "user":
            headers["x-business-user-id"] = str(stage.known["user"])
    method = told.get("method", "GET")
    return (stage.door or _answered)(
        f"{method} {told['path']}", method, hosts[told.get("api", "trustpilot")] + told["path"],
        headers=headers, auth=auth, json=told.get("json"), data=told.get("form"),
    )  # fmt: skip


def _token(stage: Stage, hosts: Mapping[str, str], who: str) -> str:
    """An access token of the shop's application, or of the partner's."""
    known = stage.known
    if who == "user":
        auth, form = (str(known["apikey"]), str(known["apisecret"])), {"grant_type": "client_credentials"}
    else:
        auth = (str(known["partnerkey"]), str(known["partnersecret"]))
        form = {
            "grant_type": "password",
            "username": str(known["partneruser"]),
            "password": str(known["partnerpassword"]),
        }
    answer = (stage.door or _answered)(
        "a token for the kit", "POST", hosts["trustpilot"] + _TOKEN, auth=auth, data=form
    )
    found = pointers.find(answer.data(), "/access_token")
    if not found:
        raise NotAsSaidError(f"no access token for the kit: {answer.error or answer.status}")
    return str(found[0])


def _answered(what: str, method: str, url: str, **options: Any) -> Answer:
    headers = {"User-Agent": USER_AGENT, **options.pop("headers", {})}
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.request(
                method, url, headers=headers, timeout=PATIENCE, allow_redirects=False, **options
            ) as response:
                return Answer(response.status_code, response.headers.get("Content-Type", ""), response.text, what=what)
    except requests.RequestException as problem:
        return Answer(None, error=f"no answer ({type(problem).__name__})", what=what)


def _save(stage: Stage, told: Mapping[str, Any], answer: Answer) -> None:
    document = answer.data()
    for name, pointer in told.get("save", {}).items():
        found = pointers.find(document, pointer)
        if not found:
            raise NotAsSaidError(f"no {pointer} in the answer {answer.error or answer.status} to {answer.what}")
        stage.known[name] = found[0]
