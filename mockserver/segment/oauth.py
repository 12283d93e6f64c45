"""OAuth for the Tracking API and the Public API: tokens for signed assertions (OAuth 2.0)."""

from __future__ import annotations

from typing import Any, Final

from mockserver.answers import Answer, Bindings
from mockserver.problems import Problem
from mockserver.segment import sentences
from mockserver.segment.model import Json, OauthApp, OauthToken
from mockserver.segment.workspace import Workspace

bindings = Bindings()

TRACKING_SCOPE: Final = "tracking_api:write"
API_SCOPE: Final = "public_api:read_write"
SCOPES: Final = (TRACKING_SCOPE, "functions:write", API_SCOPE)
#: Lives of a token that an application may choose between, in days.
LIVES: Final = (1, 2, 3, 7, 14, 21, 30)

_GRANT: Final = "client_credentials"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_HOSTS: Final = ("https://oauth2.segment.io", "https://oauth2.eu1.segmentapis.com")
#: The answer's Date is the sandbox's: the official Python client corrects its clock by it and asks again.
_SKEW: Final = 1.0


def check(workspace: Workspace, token: str, scope: str) -> None:
    """Whether a token is good for ``scope`` now.

    :raises Problem: when it is not
    """
    known = workspace.oauth_tokens.get(token)
    if known is None:
        raise Problem("invalid-token", hint=sentences.TOKEN_UNKNOWN)
    if known.expires_at <= workspace.now():
        raise Problem("invalid-token", hint=sentences.TOKEN_EXPIRED)
    if scope not in known.scopes:
        raise Problem("invalid-token", hint=sentences.scope_missing(scope))


@bindings.handles("createOauthToken")
def create_token(workspace: Workspace, body: Json, api_url: str) -> Answer:
    """A token for an assertion that one of the workspace's applications signed."""
    from email.utils import formatdate  # noqa: PLC0415 - late, as e-mail's own grammar comes with it

    date = {"Date": formatdate(workspace.now(), usegmt=True)}
    for name, wanted in (("grant_type", _GRANT), ("client_assertion_type", _ASSERTION)):
        if body.get(name) != wanted:
            raise Problem("invalid-request", hint=sentences.form_wrong(name, wanted), headers=date)
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
    """The application that an assertion claims to be of, unchecked; empty when it is none."""
    try:
        return str(_jwt().decode(assertion, options={"verify_signature": False}).get("sub", ""))
    except _jwt().PyJWTError:
        return ""


def _signer(workspace: Workspace, assertion: str, api_url: str) -> OauthApp:
    """The application that signed, once the signature and all claims are right."""
    jwt = _jwt()
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.PyJWTError:
        raise Problem("invalid-client", hint=sentences.ASSERTION_UNREADABLE) from None
    app = workspace.oauth_apps.get(subject(assertion))
    if app is None:
        raise Problem("invalid-client", hint=sentences.APP_UNKNOWN)
    key = app.public_keys.get(str(header.get("kid")))
    if key is None:
        raise Problem("invalid-client", hint=sentences.key_unknown(header.get("kid"), app.public_keys))
    try:
        # The sandbox's clock judges the times, not the machine's.
        unjudged = {f"verify_{claim}": False for claim in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")}
        claims: dict[str, Any] = jwt.decode(assertion, key, algorithms=["RS256"], options=unjudged)
    except jwt.PyJWTError:
        raise Problem("invalid-client", hint=sentences.SIGNATURE_WRONG) from None
    _check_times(workspace, claims)
    audience = str(claims.get("aud", "")).rstrip("/")
    if audience not in (*_HOSTS, api_url):
        wanted = f"the address of the token server, such as {api_url}"
        raise Problem("invalid-client", hint=sentences.claim_wrong("aud", claims.get("aud"), wanted))
    return app


def _check_times(workspace: Workspace, claims: Json) -> None:
    now = workspace.now()
    for name in ("iat", "exp"):
        if isinstance(claims.get(name), bool) or not isinstance(claims.get(name), int | float):
            raise Problem("invalid-request", hint=sentences.claim_wrong(name, claims.get(name), "seconds since 1970"))
    if claims["exp"] <= now:
        raise Problem("expired-assertion", hint=sentences.claim_wrong("exp", claims["exp"], f"after {int(now)}"))
    if claims["iat"] > now + _SKEW:
        raise Problem("early-assertion", hint=sentences.claim_wrong("iat", claims["iat"], f"before {int(now)}"))


def _scopes(app: OauthApp, asked: str) -> list[str]:
    scopes = asked.split()
    if not scopes or not set(scopes) <= set(app.scopes):
        raise Problem("invalid-scope", hint=sentences.scope_unknown(asked, app.scopes))
    return scopes


def usable(public_key: str) -> bool:
    """Whether a text is a public key that signatures can be checked with."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - few ever need it
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        return isinstance(load_pem_public_key(public_key.encode()), RSAPublicKey)
    except ValueError:
        return False


def _jwt() -> Any:
    import jwt  # noqa: PLC0415 - few sandboxes ever need it, and it takes a while

    return jwt
