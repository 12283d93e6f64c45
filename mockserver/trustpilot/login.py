"""The page on which a customer logs in and is sent back with a code. Chapter "Grant type: authorization code"."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mockserver import hints
from mockserver.answers import Answer, Bindings, Page
from mockserver.problems import Problem
from mockserver.trustpilot.authentication import STATED_LIFE, issue_access
from mockserver.trustpilot.model import Application, Code
from mockserver.trustpilot.world import World

bindings = Bindings()

#: How long a code is good; no source says. RFC 6749 recommends ten minutes at most.
CODE_LIFE: Final = 600


def _application(world: World, client_id: str, redirect_uri: str) -> Application:
    application = world.applications.get(client_id)
    if application is None:
        raise Problem("login-impossible", hint=hints.CLIENT_UNKNOWN)
    if not any(_registered(redirect_uri, known) for known in application.redirect_uris):
        raise Problem("login-impossible", hint=hints.redirect_unregistered(redirect_uri, application.redirect_uris))
    return application


def _registered(given: str, known: str) -> bool:
    """Whether an address is a registered one: letter by letter, but for the port of a loopback address (RFC 8252)."""
    if given == known:
        return True
    try:
        wanted, offered = urlsplit(known), urlsplit(given)
        loopback = wanted.hostname in ("127.0.0.1", "localhost") and offered.port is not None
    except ValueError:
        return False
    return loopback and urlunsplit(offered._replace(netloc=offered.hostname or "")) == known


def _form(application: Application, *, failed: str | None = None, status: int = 200) -> Answer:
    return Answer(status, Page("login.html", {"application": application.name, "failed": failed}), hint=failed)


@bindings.handles("showLogin")
def show_login(world: World, client_id: str, redirect_uri: str) -> Answer:
    """The form, or a page that says why there is none (AC; FAQ: a wrong address is the usual cause)."""
    return _form(_application(world, client_id, redirect_uri))


@bindings.handles("submitLogin")
def submit_login(
    world: World, client_id: str, redirect_uri: str, response_type: str, state: str | None, body: Mapping[str, str]
) -> Answer:
    """Check name and password, and go back with a code, or with a token in the fragment (IMP).

    The second step of 2-step verification is taken as done.
    """
    application = _application(world, client_id, redirect_uri)
    if body.get("decision") == "deny":
        return _back(redirect_uri, {"error": "access_denied"}, state)
    user = world.user_named(body.get("username", ""))
    if user is None or not hmac.compare_digest(body.get("password", "").encode(), user.password.encode()):
        return _form(application, failed=hints.LOGIN_FAILED, status=401)
    if application.business_units and not set(application.business_units) & set(user.roles):
        return _form(application, failed=hints.LOGIN_ROLE, status=401)
    if response_type == "token":
        token = issue_access(world, application, "implicit", user.id)
        shown = {"access_token": token.value, "token_type": "bearer", "expires_in": STATED_LIFE}
        return _back(redirect_uri, shown, state, fragment=True)
    code = Code(world.secrets.hexadecimal(32), application, user.id, redirect_uri, world.now() + CODE_LIFE)
    world.add_code(code)
    return _back(redirect_uri, {"code": code.value}, state)


def _back(redirect_uri: str, result: dict[str, Any], state: str | None, *, fragment: bool = False) -> Answer:
    parts = urlsplit(redirect_uri)
    told = list(result.items()) + ([] if state is None else [("state", state)])
    if fragment:
        return Answer(302, headers={"Location": urlunsplit(parts._replace(fragment=urlencode(told)))})
    query = urlencode(parse_qsl(parts.query, keep_blank_values=True) + told)
    return Answer(302, headers={"Location": urlunsplit(parts._replace(query=query))})
