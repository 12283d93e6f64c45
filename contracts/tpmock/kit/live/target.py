"""Address and credentials of the real API, from the environment alone: without them nothing is called."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from tpmock.kit.cases.template import CREDENTIALS
from tpmock.spec import snake_case

PREFIX = "TPMOCK_LIVE_"
URL = f"{PREFIX}URL"
INVITATIONS_URL = f"{PREFIX}INVITATIONS_URL"

VARIABLES: dict[str, str] = {
    placeholder: PREFIX + snake_case(name).upper() for placeholder, name in CREDENTIALS.items()
}
"""The variable behind each placeholder of a case."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class TargetError(Exception):
    """The environment names no valid API; the text says why."""


class Target(msgspec.Struct, frozen=True):
    """An API to be called.

    :param hosts: base addresses by the name that cases use
    """

    hosts: Mapping[str, str]
    known: Mapping[str, str]


def from_environment(environment: Mapping[str, str]) -> Target:
    """Return the API that the environment names; without an address there are no hosts.

    :raises TargetError: when an address cannot be used
    """
    named = {"trustpilot": URL, "invitations": INVITATIONS_URL}
    hosts = {
        name: _address(variable, environment[variable]) for name, variable in named.items() if environment.get(variable)
    }
    known = {name: environment[variable] for name, variable in VARIABLES.items() if environment.get(variable)}
    return Target(hosts, known)


def _address(variable: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        raise TargetError(f"{variable} is not an address; give one such as https://api.trustpilot.com.") from None
    if not host or parts.username or parts.query or parts.fragment:
        raise TargetError(
            f"{variable} must be an address without credentials and query, such as https://api.trustpilot.com."
        )
    # Credentials go there: they never leave this machine unencrypted.
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise TargetError(f"{variable} must begin with https://; http:// is for this machine only.")
    return text.rstrip("/")
