"""Finds the credentials of a call: by them the sandbox is found, and by them the caller is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from contracts.spec import SecurityScheme
from mockserver import hints
from mockserver.credentials import basic
from mockserver.operations.binding import Bound
from mockserver.operations.call import Call
from mockserver.problems import Problem
from mockserver.segment import oauth, tracking

#: The security scheme of the document by which Segment's sources are known.
WRITE_KEY: Final = "writeKey"
#: Judges a credential in a world, or in a workspace where the API is Segment's: by the name of the security scheme.
Authenticators = Mapping[str, Callable[[Any, str], Any]]


def extract(call: Call, scheme: SecurityScheme) -> str:
    """The credential a call carries for a scheme, or an empty string."""
    if scheme.kind == "header":
        return call.header(scheme.key)
    if scheme.kind == "query":
        return call.query.get(scheme.key, [""])[0]
    authorization = call.header("authorization")
    kind, _, value = authorization.partition(" ")
    if scheme.kind == "bearer":
        return value.strip() if kind.lower() == "bearer" else ""
    return "" if kind.lower() == "bearer" else basic(authorization).user


def candidates(call: Call, bound: Bound) -> Iterator[str]:
    """Every value in the call by which its sandbox may be found, the most telling first."""
    for scheme in bound.schemes:
        if value := extract(call, scheme):
            yield value
    for parameter in bound.credentials:
        value = call.arguments.get(parameter.name) or call.query.get(parameter.name, [""])[0]
        if isinstance(value, str) and value:
            yield value
    if WRITE_KEY in bound.document.security_schemes and (key := write_key(call)):
        yield key
    yield from _members(call)
    for scheme in bound.document.security_schemes.values():
        if scheme not in bound.schemes and (value := extract(call, scheme)):
            yield value


def _members(call: Call) -> Iterator[str]:
    if isinstance(call.body, dict) and (schema := call.schema()) is not None:
        for name, kind in schema.credentials.items():
            if isinstance(member := call.body.get(name), str):
                yield member if kind == "value" else oauth.subject(member)


def write_key(call: Call) -> str:
    """Segment's write key: the Basic user name, else a member of the body or of the query, else of the first item that
    has its own.
    """
    authorization = call.header("authorization")
    if not authorization[:7].lower().startswith("bearer") and (key := basic(authorization).user):
        return key
    body = call.body
    if not isinstance(body, dict):
        data = call.query.get("data", [""])[0]
        body = (tracking.pixel_message(data) if data else None) or {}
    items = body.get("batch")
    given = [body.get("writeKey"), call.query.get("writeKey", [None])[0]]
    if isinstance(items, list) and items and isinstance(items[0], dict):
        given.append(items[0].get("writeKey"))
    return next((key for key in given if isinstance(key, str) and key), "")


def bearer(call: Call) -> str | None:
    """The token behind the word Bearer, if that word came."""
    kind, _, value = call.header("authorization").partition(" ")
    return value.strip() or None if kind.lower() == "bearer" else None


def authenticate(call: Call, bound: Bound, world: Any, authenticators: Authenticators) -> Any:
    """Who calls, as the rule of the first security scheme that is present says; None where nobody needs to be known.

    :raises Problem: when the credential is missing or bad
    """
    judged = [scheme for scheme in bound.schemes if scheme.name in authenticators]
    for scheme in judged:
        if value := extract(call, scheme):
            if scheme.name == "accessTokenQuery":
                call.hint = hints.TOKEN_IN_QUERY
            return authenticators[scheme.name](world, value)
    if not judged or bound.operation.anonymous:
        return None
    others = bound.document.security_schemes.values()
    if any(scheme.kind in ("header", "query") and extract(call, scheme) for scheme in others):
        raise Problem("invalid-access-token", hint=hints.API_KEY_AS_TOKEN)
    return authenticators[judged[0].name](world, "")
