"""Access to the control API: for programs on this machine, and for holders of the control token."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from tpmock.common.loopback import is_loopback
from tpmock.core import hints
from tpmock.core.problems import Problem
from tpmock.server.request import OperationCall


class ControlAccess:
    """Guards the control API.

    Without a token, a call must use a host name that can mean only this machine: a web page
    whose own host name resolves to it (DNS rebinding) is recognized by that name. With a token, any host name
    is allowed. A page of another origin is always refused, with a token or without.

    :param token: the control token; None when none is required
    :param hosts: additional host names of this mock
    """

    def __init__(self, token: str | None = None, hosts: Iterable[str] = ()) -> None:
        self._token = token
        self._hosts = frozenset(host.lower() for host in hosts)

    def check(self, call: OperationCall) -> None:
        """Check a call.

        :raises Problem: ``foreign-origin``, ``unknown-host``, ``control-token-missing``
        """
        origin = call.header("origin")
        if origin and origin.partition("://")[2] != call.header("host").lower():
            raise _problem("foreign-origin", hints.FOREIGN_ORIGIN.format(origin=origin))
        if self._token is None:
            if call.host not in self._hosts and not is_loopback(call.host):
                raise _problem("unknown-host", hints.UNKNOWN_HOST.format(host=call.host))
        elif call.operation.security and not self._opens(call.header("authorization")):
            raise _problem("control-token-missing", hints.CONTROL_TOKEN_MISSING, {"WWW-Authenticate": "Bearer"})

    def vouches_for(self, call: OperationCall) -> bool:
        """Return whether the host of an accepted call is known to be this mock's."""
        known = call.host in self._hosts or is_loopback(call.host)
        return known or (self._token is not None and self._opens(call.header("authorization")))

    def _opens(self, authorization: str) -> bool:
        kind, _, token = authorization.partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), (self._token or "").encode())


def _problem(name: str, sentence: str, headers: dict[str, str] | None = None) -> Problem:
    return Problem(name, hint=sentence, detail=sentence, headers=headers)
