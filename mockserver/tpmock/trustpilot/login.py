"""The login page, which sends a customer back with a code. Chapter "Grant type: authorization code"."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from tpmock.core import hints
from tpmock.core.problems import Problem, existing
from tpmock.core.responses import Answer, Bindings, Page
from tpmock.trustpilot import redirect_addresses
from tpmock.trustpilot.authentication import STATED_LIFE, issue_access
from tpmock.trustpilot.model import Application, Code
from tpmock.trustpilot.world import World

bindings = Bindings()

#: The code of every second step.
SECOND_STEP: Final = "123456"
#: Lifetime of a code; no source says. RFC 6749 recommends ten minutes at most.
CODE_LIFE: Final = 600


def _application(world: World, client_id: str, redirect_uri: str) -> Application:
    application = existing(world.applications.get(client_id), "login-impossible", hints.CLIENT_UNKNOWN)
    if not redirect_addresses.accepts(world.variants, application.redirect_uris, redirect_uri):
        registered = ", ".join(application.redirect_uris) or "none"
        hint = hints.REDIRECT_UNREGISTERED.format(given=redirect_uri, registered=registered)
        raise Problem("login-impossible", hint=hint)
    return application


def _refused(application: Application, why: str, **shown: Any) -> Answer:
    """Return the form again, with the reason and the data entered so far."""
    page = Page("login.html", {"application": application.name, "failed": why, **shown})
    return Answer(401, page, hint=why)


@bindings.handles("showLogin")
def show_login(world: World, client_id: str, redirect_uri: str) -> Answer:
    """Return the form, or an error page (AC; FAQ: a wrong address is the usual cause)."""
    application = _application(world, client_id, redirect_uri)
    advice = redirect_addresses.advice(application.redirect_uris, redirect_uri)
    return Answer(200, Page("login.html", {"application": application.name}), hint=advice)


@bindings.handles("submitLogin")
def submit_login(
    world: World, client_id: str, redirect_uri: str, response_type: str, state: str | None, body: Mapping[str, str]
) -> Answer:
    """Check name, password and second step, and redirect with a code, or with a token in the fragment (IMP)."""
    application = _application(world, client_id, redirect_uri)
    advice = redirect_addresses.advice(application.redirect_uris, redirect_uri)
    if body.get("decision") == "deny":
        return _back(redirect_uri, {"error": "access_denied"}, state, advice)
    user = world.user_named(body.get("username", ""))
    if user is None or not hmac.compare_digest(body.get("password", "").encode(), user.password.encode()):
        return _refused(application, hints.PASSWORD_WRONG)
    if application.business_units and not set(application.business_units) & set(user.roles):
        return _refused(application, hints.LOGIN_ROLE)
    asked = user.two_step and world.variants["login_second_step"] == "code"
    if asked and body.get("code", "").strip() != SECOND_STEP:
        return _refused(
            application, hints.LOGIN_CODE.format(code=SECOND_STEP), username=user.username, second_step=True
        )
    if response_type == "token":
        token = issue_access(world, application, "implicit", user.id)
        shown = {"access_token": token.value, "token_type": "bearer", "expires_in": STATED_LIFE}
        return _back(redirect_uri, shown, state, advice, fragment=True)
    code = Code(world.secrets.hexadecimal(32), application, user.id, redirect_uri, world.now() + CODE_LIFE)
    world.add_credential(code)
    return _back(redirect_uri, {"code": code.value}, state, advice)


def _back(
    redirect_uri: str, result: dict[str, Any], state: str | None, hint: str | None, *, fragment: bool = False
) -> Answer:
    """Redirect to the address exactly as sent; one without a path gets a slash, as the documented one (AC)."""
    parameters = urlencode(list(result.items()) + ([] if state is None else [("state", state)]))
    bare = "/" if re.fullmatch(r"https?://[^/?]+", redirect_uri) else ""
    sign = "#" if fragment else "&" if "?" in redirect_uri else "?"
    return Answer(302, headers={"Location": f"{redirect_uri}{bare}{sign}{parameters}"}, hint=hint)
