"""Checks of each call besides its credentials and parameters: host, body, and memory for its effects."""

from __future__ import annotations

from typing import Final

from tpmock.common.loopback import is_loopback
from tpmock.core import hints
from tpmock.core.problems import Problem
from tpmock.core.vendor_hosts import is_vendor_host
from tpmock.server.request import OperationCall, takes_mock_for_proxy

#: Seconds for the retry headers that Segment documents.
SOON: Final = {"Retry-After": "1", "X-RateLimit-Reset": "1"}


def check_host(call: OperationCall) -> None:
    """Refuse a path of another API on a vendor's host. On any other name, such as localhost, all paths exist.

    A caller that uses the mock as a proxy gets no answer in the name of a host that is not a vendor's.
    """
    if call.operation.api == "control":
        return
    hosts = call.operation.hosts
    if takes_mock_for_proxy(call.environ):
        if not is_vendor_host(call.host) and not is_loopback(call.host):
            raise Problem("unknown-route", hint=hints.NOT_A_PROXY)
        call.hint = hints.PROXY_FOR_HTTP
    if is_vendor_host(call.host) and call.host not in hosts:
        real = [host for host in hosts if not host.endswith(".localhost")]
        raise Problem("unknown-route", hint=hints.WRONG_HOST.format(host=call.host, expected=" or ".join(sorted(real))))


def check_body(call: OperationCall) -> None:
    """Refuse a body that is not readable or does not match the document."""
    if not call.operation.body:
        return
    if call.unreadable is not None:
        name = call.bound.example(*call.unreadable.problems).name
        raise Problem(name, hint=f"Unreadable: {call.unreadable.sentence}.", detail=call.unreadable.sentence)
    violations = call.schema().violations(call.body)
    if violations:
        wanted = "not-an-object" if not isinstance(call.body, dict) else "invalid-request"
        told = "; ".join(map(str, violations))
        raise Problem(call.bound.example(wanted, "invalid-request").name, hint=f"{told}.", detail=told)


def check_room(call: OperationCall) -> None:
    """Refuse a call whose work would have to wait when too much waits already, so that no accepted work is lost."""
    rules = call.bound.rules
    for kind in rules.fills.get(call.operation.id, ()):
        why = call.home.memory.refusal(kind)
        if why is not None:
            sentence = hints.NO_ROOM.format(why=why)
            raise Problem(rules.full, hint=sentence, detail=sentence, headers=SOON)
