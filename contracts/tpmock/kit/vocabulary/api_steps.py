"""The steps that call Trustpilot's API, the world behind it, or a subject that does more than take events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from msgspec.structs import replace
from tpmock.kit.cases import pointers
from tpmock.kit.subjects.http import send
from tpmock.kit.vocabulary.observation import USER_AGENT, KitRequest, ReceivedAnswer
from tpmock.kit.vocabulary.steps import NotAsSaidError, NotRunError, StepContext, answered, step

_TOKEN = "/v1/oauth/oauth-business-users-for-applications/accesstoken"  # noqa: S105 - a path


@step
def _call(context: StepContext, args: Mapping[str, Any]) -> None:
    answer = _request(context, args)
    context.seen.answers.append(answer)
    _save(context, args, answer)


@step
def _ask(context: StepContext, args: Mapping[str, Any]) -> None:
    action = args["action"]
    url = urlsplit(context.subject.url)._replace(path=f"/actions/{action}", query="").geturl()
    answer = answered(f"the action {action}", "POST", url, json=args.get("with", {}), auth=(context.subject.key, ""))
    posted = KitRequest(url, {"Authorization": f"Basic {context.subject.key}:"}, json.dumps(args.get("with", {})), None)
    context.seen.answers.append(replace(answer, request=posted))
    context.rest()
    _save(context, args, answer)


@step
def _world(context: StepContext, args: Mapping[str, Any]) -> None:
    method, _, path = args["call"].partition(" ")
    said = context.sandbox.control(method, path, args.get("body"))
    context.rest()
    for name, pointer in args.get("save", {}).items():
        found = pointers.find(said, pointer)
        if not found:
            raise NotRunError(f"{args['call']} answered without {pointer}.")
        context.known[name] = found[0]


@step
def _login(context: StepContext, args: Mapping[str, Any]) -> None:
    form = {name: args[name] for name in ("username", "password")}
    try:
        back = send("POST", args["at"], data=form, headers={"User-Agent": USER_AGENT}).headers.get("Location", "")
    except requests.RequestException as problem:
        raise NotAsSaidError(f"no login page at {args['at']} ({type(problem).__name__})") from None
    held = parse_qs(urlsplit(back).query)
    for name, parameter in args.get("save", {}).items():
        if parameter not in held:
            raise NotAsSaidError(f"after the login the customer was sent to {back or 'nowhere'}, without {parameter}")
        context.known[name] = held[parameter][0]


def _request(context: StepContext, args: Mapping[str, Any]) -> ReceivedAnswer:
    hosts = context.subject.hosts or context.sandbox.urls
    headers = {str(name): str(value) for name, value in args.get("headers", {}).items()}
    auth: tuple[str, str] | None = None
    who = args.get("auth", "none")
    if who == "key":
        headers["apikey"] = str(context.known["apikey"])
    elif who == "application":
        auth = (str(context.known["apikey"]), str(context.known["apisecret"]))
    elif who in {"user", "partner"}:
        headers["Authorization"] = f"Bearer {_token(context, hosts, who)}"
        if who == "user":
            headers["x-business-user-id"] = str(context.known["user"])
    method = args.get("method", "GET")
    return (context.caller or answered)(
        f"{method} {args['path']}", method, hosts[args.get("api", "trustpilot")] + args["path"],
        headers=headers, auth=auth, json=args.get("json"), data=args.get("form"),
    )  # fmt: skip


def _token(context: StepContext, hosts: Mapping[str, str], who: str) -> str:
    """Return an access token of the shop's application, or of the partner's."""
    known = context.known
    if who == "user":
        auth, form = (str(known["apikey"]), str(known["apisecret"])), {"grant_type": "client_credentials"}
    else:
        auth = (str(known["partnerkey"]), str(known["partnersecret"]))
        user, password = str(known["partneruser"]), str(known["partnerpassword"])
        form = {"grant_type": "password", "username": user, "password": password}
    answer = (context.caller or answered)(
        "a token for the kit", "POST", hosts["trustpilot"] + _TOKEN, auth=auth, data=form
    )
    found = pointers.find(answer.data(), "/access_token")
    if not found:
        raise NotAsSaidError(f"no access token for the kit: {answer.error or answer.status}")
    return str(found[0])


def _save(context: StepContext, args: Mapping[str, Any], answer: ReceivedAnswer) -> None:
    document = answer.data()
    for name, pointer in args.get("save", {}).items():
        found = pointers.find(document, pointer)
        if not found:
            raise NotAsSaidError(f"no {pointer} in the answer {answer.error or answer.status} to {answer.what}")
        context.known[name] = found[0]
