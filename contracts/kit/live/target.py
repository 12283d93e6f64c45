"""Where the real API is and with which credentials, from the environment alone: nothing is called that was not set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from contracts.kit.template import CREDENTIALS
from contracts.spec import snake_case

PREFIX = "TPMOCK_LIVE_"
URL = f"{PREFIX}URL"
INVITATIONS_URL = f"{PREFIX}INVITATIONS_URL"

VARIABLES: dict[str, str] = {
    placeholder: PREFIX + snake_case(name).upper() for placeholder, name in CREDENTIALS.items()
}
"""The variable behind each placeholder of a case."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class TargetError(Exception):
    """The environment names no API that may be called; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """An API to be called.

    :param hosts: base addresses by the name that cases use.
    :param known: what the placeholders of cases stand for, as far as it was given.
    """

    hosts: Mapping[str, str]
    known: Mapping[str, str]


def from_environment(environment: Mapping[str, str]) -> Target:
    """The API that the environment names; without an address there are no hosts.

    :raises TargetError: when an address cannot be used.
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
        raise TargetError(f"{variable} is no address; give one such as https://api.trustpilot.com.") from None
    if not host or parts.username or parts.query or parts.fragment:
        raise TargetError(f"{variable} must be an address and nothing else, such as https://api.trustpilot.com.")
    # Credentials go there: in clear they never leave this machine.
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise TargetError(f"{variable} must begin with https://; http:// is for this machine only.")
    return text.rstrip("/")
