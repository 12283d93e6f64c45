"""OAuth for the Tracking API and the Public API: tokens for signed assertions (OAuth 2.0)."""

from __future__ import annotations

from typing import Any, Final

from tpmock.core import hints
from tpmock.core.problems import Problem, existing
from tpmock.core.responses import Answer, Bindings
from tpmock.segment.model import Json, OauthApp, OauthToken
from tpmock.segment.workspace import Workspace

bindings = Bindings()

TRACKING_SCOPE: Final = "tracking_api:write"
API_SCOPE: Final = "public_api:read_write"

_GRANT: Final = "client_credentials"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_HOSTS: Final = ("https://oauth2.segment.io", "https://oauth2.eu1.segmentapis.com")
#: The answer's Date is the sandbox's time: the official Python client corrects its clock by it and tries again.
_SKEW: Final = 1.0


def check(workspace: Workspace, token: str, scope: str) -> None:
    """Check that a token is valid for ``scope`` now.

    :raises Problem: when it is not
    """
    known = existing(workspace.oauth_tokens.get(token), "invalid-token", hints.OAUTH_TOKEN_UNKNOWN)
    if known.expires_at <= workspace.now():
        raise Problem("invalid-token", hint=hints.OAUTH_TOKEN_EXPIRED)
    if scope not in known.scopes:
        raise Problem("invalid-token", hint=hints.SCOPE_MISSING.format(wanted=scope))


@bindings.handles("createOauthToken")
def create_token(workspace: Workspace, body: Json, api_url: str) -> Answer:
    """Issue a token for an assertion signed by one of the workspace's applications."""
    from email.utils import formatdate  # noqa: PLC0415 - late, as e-mail's own grammar comes with it

    date = {"Date": formatdate(workspace.now(), usegmt=True)}
    for name, wanted in (("grant_type", _GRANT), ("client_assertion_type", _ASSERTION)):
        if body.get(name) != wanted:
            raise Problem("invalid-request", hint=hints.FORM_WRONG.format(name=name, wanted=wanted), headers=date)
    try:
        app = _signer(workspace, body.get("client_assertion", ""), api_url)
        scopes = _scopes(app, body.get("scope", ""))
    except Problem as problem:
        problem.headers = date
        raise
    token = OauthToken(workspace.secrets.hexadecimal(64), app.id, scopes, workspace.now() + app.token_life)
    workspace.add_oauth_token(token)
    answer = {
        "access_token": token.value,
        "expires_in": int(app.token_life),
        "scope": " ".join(scopes),
        "token_type": "Bearer",
    }
    return Answer(200, answer, headers=date)


def subject(assertion: str) -> str:
    """Return the application that an assertion names, unverified; empty when it names none."""
    try:
        return str(_jwt().decode(assertion, options={"verify_signature": False}).get("sub", ""))
    except _jwt().PyJWTError:
        return ""


def _signer(workspace: Workspace, assertion: str, api_url: str) -> OauthApp:
    """Return the application that signed, after checking the signature and all claims."""
    jwt = _jwt()
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.PyJWTError:
        raise Problem("invalid-client", hint=hints.ASSERTION_UNREADABLE) from None
    app = existing(workspace.oauth_apps.get(subject(assertion)), "invalid-client", hints.OAUTH_APP_UNKNOWN)
    key = app.public_keys.get(str(header.get("kid")))
    if key is None:
        known = ", ".join(app.public_keys) or "no key"
        raise Problem("invalid-client", hint=hints.KEY_UNKNOWN.format(given=header.get("kid"), known=known))
    try:
        # The sandbox's clock decides about times, not the machine's.
        unjudged = {f"verify_{claim}": False for claim in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")}
        claims: dict[str, Any] = jwt.decode(assertion, key, algorithms=["RS256"], options=unjudged)
    except jwt.PyJWTError:
        raise Problem("invalid-client", hint=hints.SIGNATURE_WRONG) from None
    _check_times(workspace, claims)
    audience = str(claims.get("aud", "")).rstrip("/")
    if audience not in (*_HOSTS, api_url):
        wanted = f"the address of the token server, such as {api_url}"
        raise _claim_wrong("invalid-client", claims, "aud", wanted)
    return app


def _check_times(workspace: Workspace, claims: Json) -> None:
    now = workspace.now()
    for name in ("iat", "exp"):
        if isinstance(claims.get(name), bool) or not isinstance(claims.get(name), int | float):
            raise _claim_wrong("invalid-request", claims, name, "seconds since 1970")
    if claims["exp"] <= now:
        raise _claim_wrong("expired-assertion", claims, "exp", f"after {int(now)}")
    if claims["iat"] > now + _SKEW:
        raise _claim_wrong("early-assertion", claims, "iat", f"before {int(now)}")


def _claim_wrong(problem: str, claims: Json, name: str, wanted: str) -> Problem:
    return Problem(problem, hint=hints.CLAIM_WRONG.format(name=name, given=claims.get(name), wanted=wanted))


def _scopes(app: OauthApp, asked: str) -> list[str]:
    scopes = asked.split()
    if not scopes or not set(scopes) <= set(app.scopes):
        raise Problem("invalid-scope", hint=hints.SCOPE_UNKNOWN.format(given=asked, known=", ".join(app.scopes)))
    return scopes


def usable(public_key: str) -> bool:
    """Return whether a text is a public key for signatures."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - few ever need it
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        return isinstance(load_pem_public_key(public_key.encode()), RSAPublicKey)
    except ValueError:
        return False


def _jwt() -> Any:
    import jwt  # noqa: PLC0415 - few sandboxes ever need it, and it takes a while

    return jwt
