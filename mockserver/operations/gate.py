"""Who may steer the mock: whoever sits at this machine, and whoever holds the control token."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from mockserver import hints
from mockserver.loopback import is_loopback
from mockserver.operations.call import Call
from mockserver.problems import Problem


class Gate:
    """Stands before the control API.

    Without a token, a call must have been addressed to this machine by a name that can mean nothing else: a web page
    whose own host name was made to lead here (DNS rebinding) is recognised by that name. With a token, whoever has it
    may come by any name. No call may come from a page of another origin, with a token or without.

    :param token: the control token; None when none is wanted
    :param hosts: further names this mock is reached by
    """

    def __init__(self, token: str | None = None, hosts: Iterable[str] = ()) -> None:
        self._token = token
        self._hosts = frozenset(host.lower() for host in hosts)

    def check(self, call: Call) -> None:
        """Let a call pass, or not.

        :raises Problem: ``foreign-origin``, ``unknown-host``, ``control-token-missing``
        """
        origin = call.header("origin")
        if origin and origin.partition("://")[2] != call.header("host").lower():
            raise _problem("foreign-origin", hints.foreign_origin(origin))
        if self._token is None:
            if call.host not in self._hosts and not is_loopback(call.host):
                raise _problem("unknown-host", hints.unknown_host(call.host))
        elif call.operation.security and not self._opens(call.header("authorization")):
            raise _problem("control-token-missing", hints.CONTROL_TOKEN_MISSING, {"WWW-Authenticate": "Bearer"})

    def _opens(self, authorization: str) -> bool:
        kind, _, token = authorization.partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), (self._token or "").encode())


def _problem(name: str, sentence: str, headers: dict[str, str] | None = None) -> Problem:
    return Problem(name, hint=sentence, detail=sentence, headers=headers)
