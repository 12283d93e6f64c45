"""Tokens: the four grants, refresh and revoke. Chapter "Authentication" of the reference."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import NAMESPACE_DNS, uuid5

from tpmock.common.durations import seconds
from tpmock.core import hints
from tpmock.core.api_rules import Carries
from tpmock.core.basic_auth import basic
from tpmock.core.problems import Problem, existing
from tpmock.core.responses import Answer, Bindings
from tpmock.trustpilot.access import may_act, partner_id_advice
from tpmock.trustpilot.model import Application, BusinessUnit, Grant, RefreshToken, Token
from tpmock.trustpilot.world import World

bindings = Bindings()

#: 100 hours, of which the documentation's own example names one second less.
ACCESS_TOKEN_LIFE: Final = 360_000
STATED_LIFE: Final = "359999"

Form = Mapping[str, str]


def api_key(world: World, value: str) -> Application:
    """Return the application of an API key.

    :raises Problem: ``invalid-api-key``
    """
    application = world.applications.get(value)
    if application is None:
        raise Problem("invalid-api-key", hint=hints.API_KEY_UNKNOWN if value else hints.API_KEY_MISSING)
    _meter(world, application)
    return application


def access_token(world: World, value: str) -> Token:
    """Return the valid token of a Bearer value.

    :raises Problem: ``invalid-access-token``, the gateway's error for every kind of bad token
    """
    if not value:
        raise Problem("invalid-access-token", hint=hints.TOKEN_MISSING)
    token = world.tokens.get(value)
    if token is None:
        known_key = value in world.applications
        raise Problem("invalid-access-token", hint=hints.API_KEY_AS_TOKEN if known_key else hints.TOKEN_UNKNOWN)
    if token.revoked:
        raise Problem("invalid-access-token", hint=hints.TOKEN_REVOKED)
    if token.expires_at <= world.now():
        raise Problem("invalid-access-token", hint=hints.TOKEN_EXPIRED.format(ago=_ago(world.now() - token.expires_at)))
    _meter(world, token.application)
    return token


def _meter(world: World, application: Application) -> None:
    """Count a call of its key; refuse it above the recommended limits only when the variant says so (RATE)."""
    world.meter.count(application.key, world.now())
    if world.variants["rate_limit"] == "enforced":
        above = world.meter.exceeded(application.key, world.now())
        if above is not None:
            raise Problem("rate-limited", hint=hints.RATE_EXCEEDED.format(most=above[0], minutes=above[1] // 60))


#: Maximum token requests of one key within five minutes, by the variant token_requests.
_TOKEN_REQUESTS: Final[Mapping[str, int | None]] = {"off": None, "generous": 1_000, "strict": 1}
_TOKEN_WINDOW: Final = 300


def _meter_tokens(world: World, application: Application) -> None:
    """Refuse repeated token requests with 429: clients should use a token until it expires (AUTH, no figure given)."""
    most = _TOKEN_REQUESTS[world.variants["token_requests"]]
    key = f"token {application.key}"
    earlier = world.meter.calls(key, world.now(), _TOKEN_WINDOW)
    if most is not None and earlier >= most:
        last = max(
            (token.issued_at for token in world.tokens.values() if token.application is application), default=0.0
        )
        lapse = world.now() - last
        hours = (ACCESS_TOKEN_LIFE - lapse) / 3600
        raise Problem("too-many-tokens", hint=hints.TOO_MANY_TOKENS.format(lapse=lapse, hours=hours))
    world.meter.count(key, world.now())


def _ago(lapse: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if lapse >= 2 * size:
            return f"{lapse / size:.0f} {unit}"
    return f"{lapse:.0f} s"


def _client(world: World, authorization: str, form: Form) -> tuple[Application, str | None]:
    given = basic(authorization)
    key, secret = given.user, given.password
    hint = hints.CLIENT_WITHOUT_SCHEME if key and not given.stated else None
    if not key:
        key, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not key:
        raise Problem("invalid-client", hint=hints.CLIENT_MISSING)
    application = existing(world.applications.get(key), "invalid-client", hints.CLIENT_UNKNOWN)
    if not hmac.compare_digest(secret.encode(), application.secret.encode()):
        raise Problem("invalid-client", hint=hints.SECRET_WRONG)
    return application, hint


def _needed(form: Form, name: str, grant: str) -> str:
    value = form.get(name, "")
    if not value:
        raise Problem("invalid-request", hint=hints.FIELD_MISSING.format(grant=grant, name=name))
    return value


@bindings.handles("createAccessToken", "refreshAccessToken")
def create_access_token(world: World, authorization: str, body: Form, carries: Carries) -> Answer:
    """Exchange credentials, a code or a refresh token for tokens. Both addresses accept every grant (PW, CC, AC)."""
    application, hint = _client(world, authorization, body)
    hint = partner_id_advice(world, application, carries) or hint
    grant = body.get("grant_type", "")
    if not grant and not any(body.get(name) for name in ("username", "code", "refresh_token")):
        grant, hint = "client_credentials", hints.GRANT_MISSING_MEANT_CLIENT
    exchange = _GRANTS.get(grant)
    if exchange is None:
        raise Problem("unsupported-grant-type", hint=hints.GRANT_UNKNOWN.format(given=grant or "missing"))
    _meter_tokens(world, application)
    return Answer(200, exchange(world, application, body), hint=hint)


def _password(world: World, application: Application, form: Form) -> dict[str, Any]:
    _partner_may(world, application, "password")
    username, password = _needed(form, "username", "password"), _needed(form, "password", "password")
    user = world.user_named(username)
    if user is None or not hmac.compare_digest(password.encode(), user.password.encode()):
        raise Problem("invalid-grant", hint=hints.PASSWORD_WRONG)
    if user.two_step:
        raise Problem("invalid-grant", hint=hints.TWO_STEP)
    return _issue(world, application, "password", user.id)


def _client_credentials(world: World, application: Application, form: Form) -> dict[str, Any]:  # noqa: ARG001 - a grant like the others
    _partner_may(world, application, "client_credentials")
    return _issue(world, application, "client_credentials", None)


def _authorization_code(world: World, application: Application, form: Form) -> dict[str, Any]:
    code = existing(world.codes.get(_needed(form, "code", "authorization_code")), "invalid-grant", hints.CODE_UNKNOWN)
    if code.application is not application:
        raise Problem("invalid-grant", hint=hints.CODE_FOREIGN)
    if code.expires_at <= world.now():
        raise Problem("invalid-grant", hint=hints.CODE_EXPIRED)
    given = form.get("redirect_uri", "")
    if given != code.redirect_uri:
        differs = hints.REDIRECT_DIFFERS.format(given=given or "missing", expected=code.redirect_uri)
        raise Problem("invalid-grant", hint=differs)
    del world.codes[code.value]
    return _issue(world, application, "authorization_code", code.user_id)


def _refresh(world: World, application: Application, form: Form) -> dict[str, Any]:
    value = form.get("refresh_token", "")
    if not value:
        raise Problem("invalid-request", hint=hints.REFRESH_MISSING)
    gone = {"used": hints.REFRESH_USED, "revoked": hints.REFRESH_REVOKED}.get(world.spent.get(value, ""))
    refresh = existing(world.refresh_tokens.get(value), "invalid-grant", gone or hints.REFRESH_UNKNOWN)
    if refresh.application is not application:
        raise Problem("invalid-grant", hint=hints.REFRESH_FOREIGN)
    if refresh.expires_at <= world.now():
        raise Problem("invalid-grant", hint=hints.REFRESH_EXPIRED.format(ago=_ago(world.now() - refresh.expires_at)))
    del world.refresh_tokens[value]
    world.spent[value] = "used"
    return _issue(world, application, "refresh_token", refresh.user_id)


_GRANTS: Final[Mapping[str, Callable[[World, Application, Form], dict[str, Any]]]] = {
    "password": _password,
    "client_credentials": _client_credentials,
    "authorization_code": _authorization_code,
    "refresh_token": _refresh,
}


def _partner_may(world: World, application: Application, grant: Grant) -> None:
    allowed = world.variants["partner_grant"]
    if application.partner and allowed not in ("any", grant):
        raise Problem("invalid-grant", hint=hints.PARTNER_GRANT)


def issue_access(world: World, application: Application, grant: Grant, user_id: str | None) -> Token:
    """Create an access token."""
    now = world.now()
    token = Token(
        value=f"tpa-{world.secrets.hexadecimal(40)}",
        application=application,
        grant=grant,
        user_id=user_id,
        issued_at=now,
        expires_at=now + ACCESS_TOKEN_LIFE,
    )
    world.add_credential(token)
    return token


def _issue(world: World, application: Application, grant: Grant, user_id: str | None) -> dict[str, Any]:
    now = world.now()
    token = issue_access(world, application, grant, user_id)
    issued_at = str(int(now * 1000) if world.variants["issued_at"] == "milliseconds" else int(now))
    body: dict[str, Any] = {
        "access_token": token.value,
        "issued_at": issued_at,
        "expires_in": STATED_LIFE if world.variants["expires_in"] == "string" else int(STATED_LIFE),
        "token_type": world.variants["token_type"],
        "client_id": application.key,
    }
    if grant == "client_credentials":
        return _as_recorded(world, body, application)
    life = seconds(world.variants["refresh_token_life"])
    refresh = RefreshToken(f"tpr-{world.secrets.hexadecimal(40)}", application, user_id, now + life, token.value)
    world.add_credential(refresh)
    body |= {
        "refresh_token": refresh.value,
        "refresh_token_issued_at": issued_at,
        "refresh_token_expires_in": str(int(life) - 1),
        "refresh_token_status": "approved",
        "app_enduser": user_id or "",
    }
    return _as_recorded(world, body, application)


#: The members of a recorded token body in their order; those with a value do not depend on the sandbox (TPRUBY).
_RECORDED: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("refresh_token_expires_in", "refresh_token_status")),
    "api_product_list": "[trustpilot-client-api, public_data]",
    "app_enduser": None,
    "api_product_list_json": ["trustpilot-client-api", "public_data"],
    "organization_name": "trustpilot",
    "developer.email": "developer@example.com",
    **dict.fromkeys(("token_type", "issued_at", "client_id", "access_token", "refresh_token")),
    "application_name": None,
    "scope": "",
    **dict.fromkeys(("refresh_token_issued_at", "expires_in")),
    "refresh_count": "0",
    "status": "approved",
}


def _as_recorded(world: World, body: dict[str, Any], application: Application) -> dict[str, Any]:
    """Return a token body with the members of the recorded one, if the variant ``token_members`` selects them."""
    if world.variants["token_members"] == "documented":  # noqa: S105 - a switch
        return body
    own = {**_RECORDED, **body, "application_name": str(uuid5(NAMESPACE_DNS, application.key))}
    return {name: own[name] for name in _RECORDED if own[name] is not None}


@bindings.handles("revokeToken")
def revoke_token(world: World, authorization: str, body: Form, carries: Carries) -> Answer:
    """Revoke a refresh token or an access token, because real programs send either; with or without credentials."""
    hint = None
    if authorization or body.get("client_id"):
        application, hint = _client(world, authorization, body)
        hint = partner_id_advice(world, application, carries) or hint
    revoke(world, body["token"])
    return Answer(200, hint=hint)


def revoke(world: World, value: str) -> None:
    """Revoke a refresh token or an access token together with the other one; ignore an unknown token."""
    refresh = world.refresh_tokens.pop(value, None)
    if refresh is not None:
        world.spent[value] = "revoked"
    access = world.tokens.get(refresh.access if refresh else value)
    if access is not None:
        access.revoked = True
        for other in [r for r in world.refresh_tokens.values() if r.access == access.value]:
            del world.refresh_tokens[other.value]
            world.spent[other.value] = "revoked"


def end_withdrawn(world: World, unit: BusinessUnit) -> None:
    """Revoke codes and tokens of partners that may not act for a unit, if ``withdrawn_permission`` says so."""
    if world.variants["withdrawn_permission"] != "revoked":
        return

    def ends(application: Application) -> bool:
        return unit.id in application.business_units and not may_act(application, unit)

    for code in [code for code in world.codes.values() if ends(code.application)]:
        del world.codes[code.value]
    for held in (world.refresh_tokens, world.tokens):
        for value in [value for value, token in held.items() if ends(token.application)]:
            revoke(world, value)


#: The function that checks a credential, by the name of the security scheme in the document.
AUTHENTICATORS: Final[Mapping[str, Callable[[World, str], Application | Token]]] = {
    "apiKeyHeader": api_key,
    "apiKeyQuery": api_key,
    "accessToken": access_token,
    "accessTokenQuery": access_token,
}
