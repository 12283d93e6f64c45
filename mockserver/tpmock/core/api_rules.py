"""What a package of rules tells the server about one API: its handlers, and how to identify its callers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from tpmock.core.responses import Bindings, Join

#: Whether any header of the call contains a value.
Carries = Callable[[str], bool]


class Sender(NamedTuple):
    """Who sends a message.

    :param key: the credential that :attr:`ApiRules.find_key` finds; an empty string for none
    :param bearer: the token after the word Bearer, if any
    :param host: the host name by which the caller reached this program
    :param address: the caller's address; an empty string in process
    """

    key: str
    bearer: str | None
    host: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRules:
    """The rules of one API. The server is generic: this object has what is specific to a vendor.

    :param bindings: the handlers, one per module
    :param realm: the part of the sandbox that checks credentials
    :param authenticators: check a credential in the realm, by the name of its security scheme
    :param scheme_hints: hints for callers who use a scheme, by its name
    :param key_as_token_hint: the hint for a caller who sends an API key where an access token is required
    :param guard: checks every call after authentication: gets the realm, the caller (None for a public operation)
        and a test for header values; returns a hint, or raises a problem
    :param find_key: finds a credential outside all security schemes: in the ``Authorization`` header, the query or the
        parsed body; an empty string for none
    :param query_keys: query parameters that ``find_key`` reads
    :param subject_of: returns the owner that a signed assertion names; an empty string for none
    :param revoke: revokes a credential permanently, for the fault ``token-revoked``
    :param path_references: names of path parameters that identify a step's trace, and why
    :param query_reference: the name of the query parameter that holds an order number
    :param body_references: names of body members that hold an order number, the first one present counts
    :param fills: pending work that an operation adds, by its operationId: the names of
        holders of the sandbox's memory. When one of them is full, the operation is refused
    :param waits: operationIds of operations that can take long: the number of waiting callers is limited, so that
        other calls find a thread
    :param full: the name of the error body for calls that are refused for lack of memory
    :param keeps_unknown: whether a body may hold any members, which are stored unchanged
    :param joins_by_time: whether a call that names nothing joins the only delivery in flight
    """

    bindings: tuple[Bindings, ...]
    realm: Literal["world", "workspace"] = "world"
    authenticators: Mapping[str, Callable[[Any, str], Any]] = field(default_factory=dict)
    scheme_hints: Mapping[str, str] = field(default_factory=dict)
    key_as_token_hint: str = ""
    guard: Callable[[Any, Any, Carries], str | None] | None = None
    find_key: Callable[[str, Mapping[str, str], Any], str] | None = None
    query_keys: frozenset[str] = frozenset()
    subject_of: Callable[[str], str] | None = None
    revoke: Callable[[Any, str], None] | None = None
    path_references: Mapping[str, Join] = field(default_factory=dict)
    query_reference: str = ""
    body_references: tuple[str, ...] = ()
    fills: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    waits: frozenset[str] = frozenset()
    full: str = ""
    keeps_unknown: bool = False
    joins_by_time: bool = False
