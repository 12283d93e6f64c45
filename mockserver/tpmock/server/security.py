"""Finds the credentials of a call, which identify its sandbox and its caller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tpmock.core import hints
from tpmock.core.basic_auth import basic
from tpmock.core.problems import Problem
from tpmock.server.request import OperationCall
from tpmock.spec.model import SecurityScheme

#: Words before a credential in an Authorization header.
_SCHEMES: Final = ("basic", "bearer", "token", "apikey", "digest")
#: Names of credentials in a query, in lower case.
_CREDENTIALS: Final = ("accesstoken", "apikey", "key", "token", "xapikey")


def extract(call: OperationCall, scheme: SecurityScheme) -> str:
    """Return the call's credential for a scheme, or an empty string."""
    if scheme.kind == "header":
        return call.header(scheme.key)
    if scheme.kind == "query":
        return call.query_value(scheme.key)
    if scheme.kind == "bearer":
        return bearer(call) or ""
    authorization = call.header("authorization")
    return "" if authorization.partition(" ")[0].lower() == "bearer" else basic(authorization).user


def candidates(call: OperationCall) -> Iterator[str]:
    """Yield every value in the call that can identify its sandbox, the most specific first."""
    bound = call.bound
    for scheme in bound.schemes:
        if value := extract(call, scheme):
            yield value
    for parameter in bound.credentials:
        if value := call.path_arguments.get(parameter.name) or call.query_value(parameter.name):
            yield value
    if key := found_key(call):
        yield key
    yield from _members(call)
    for scheme in bound.document.security_schemes.values():
        if scheme not in bound.schemes and (value := extract(call, scheme)):
            yield value


def _members(call: OperationCall) -> Iterator[str]:
    if isinstance(call.body, dict) and (schema := call.schema()) is not None:
        for name, kind in schema.credentials.items():
            if isinstance(member := call.body.get(name), str):
                subject_of = call.bound.rules.subject_of
                yield subject_of(member) if kind == "subject" and subject_of else member


def found_key(call: OperationCall) -> str:
    """Return the credential that the API's own rule finds, or an empty string."""
    find_key = call.bound.rules.find_key
    if find_key is None:
        return ""
    query = {name: values[0] for name, values in call.query.items()}
    return find_key(call.header("authorization"), query, call.body)


def bearer(call: OperationCall) -> str | None:
    """Return the token after the word Bearer, if any."""
    kind, _, value = call.header("authorization").partition(" ")
    return value.strip() or None if kind.lower() == "bearer" else None


def authenticate(call: OperationCall) -> Any:
    """Return the caller, checked by the first security scheme with a credential; None for a public operation.

    :raises Problem: when the credential is missing or not valid
    """
    bound, rules = call.bound, call.bound.rules
    for scheme in bound.judged:
        if value := extract(call, scheme):
            call.hint = rules.scheme_hints.get(scheme.name, call.hint)
            try:
                return rules.authenticators[scheme.name](call.realm, value)
            except Problem as problem:
                if scheme.kind == "bearer" and _is_key(call, value):
                    problem.hint = hints.KEY_AS_BEARER
                raise
    if not bound.judged or bound.operation.anonymous:
        return None
    others = bound.document.security_schemes.values()
    if rules.key_as_token_hint and any(
        scheme.kind in ("header", "query") and extract(call, scheme) for scheme in others
    ):
        raise Problem("invalid-access-token", hint=rules.key_as_token_hint)
    try:
        return rules.authenticators[bound.judged[0].name](call.realm, "")
    except Problem as problem:
        problem.hint = _other_form(call, bound.judged) or problem.hint
        raise


def _is_key(call: OperationCall, value: str) -> bool:
    """Return whether a token is a credential that this route accepts in another place."""
    for scheme in call.bound.schemes:
        if scheme.kind in ("header", "query"):
            try:
                call.bound.rules.authenticators[scheme.name](call.realm, value)
            except Problem:
                continue
            return scheme.key != "token"
    return False


def _other_form(call: OperationCall, judged: Sequence[SecurityScheme]) -> str | None:
    """Return a hint for a credential in a form that this route does not accept; None without one."""
    taken = " or ".join(dict.fromkeys(map(_told, judged)))
    kind, _, value = call.header("authorization").partition(" ")
    if kind.lower() == "bearer" and not value:
        return None
    if kind and (value or kind.lower() in _SCHEMES):
        return hints.SCHEME_UNKNOWN.format(scheme=kind, taken=taken)
    if kind:
        return hints.SCHEME_MISSING.format(taken=taken)
    name = next((name for name in call.query if name.lower().replace("_", "") in _CREDENTIALS), None)
    return None if name is None else hints.CREDENTIAL_IN_QUERY.format(name=name, taken=taken)


def _told(scheme: SecurityScheme) -> str:
    if scheme.kind in ("header", "query"):
        return f"{scheme.key} as {'a header' if scheme.kind == 'header' else 'a query parameter'}"
    return f"'Authorization: {scheme.kind.capitalize()} ...'"
