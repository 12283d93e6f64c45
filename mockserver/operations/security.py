"""Finds the credentials of a call: by them the sandbox is found, and by them the caller is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contracts.spec import SecurityScheme
from mockserver import hints
from mockserver.credentials import basic
from mockserver.operations.binding import Bound
from mockserver.operations.call import Call
from mockserver.problems import Problem

#: Judges a credential in a world: by the name of the security scheme in the document.
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
    if isinstance(call.body, dict) and (schema := call.schema()) is not None:
        for name in schema.credentials:
            if isinstance(member := call.body.get(name), str):
                yield member
    for scheme in bound.document.security_schemes.values():
        if scheme not in bound.schemes and (value := extract(call, scheme)):
            yield value


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
