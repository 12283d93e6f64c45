"""Redirect addresses of the login, registered for an API key. Trustpilot registers them by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tpmock.control.refusals import unknown
from tpmock.control.rows import Row
from tpmock.core.problems import invalid
from tpmock.core.responses import Answer, Bindings
from tpmock.sandbox.sandbox import Sandbox
from tpmock.trustpilot import redirect_addresses
from tpmock.trustpilot.model import Application
from tpmock.trustpilot.world import World

bindings = Bindings()

#: Characters of a wrong address that the error message repeats.
_SHOWN: Final = 100


def registered(sandbox: Sandbox) -> Iterable[str]:
    """Return all redirect addresses of a sandbox, each once."""
    return dict.fromkeys(address for one in sandbox.world.applications.values() for address in one.redirect_uris)


def row(sandbox: Sandbox, address: str) -> Row:
    """Return an address with the applications that may use it."""
    return _row(sandbox.world, address)


def _row(world: World, address: str) -> Row:
    having = [one.name for one in world.applications.values() if address in one.redirect_uris]
    return {"address": address, "applications": having}


@bindings.handles("addRedirectAddress")
def add_redirect_address(sandbox: Sandbox, world: World, body: dict[str, Any]) -> Answer:
    """Register an address for one API key, or for all API keys of the shop and the partner."""
    address = body["address"]
    if not redirect_addresses.is_usable(address):
        raise invalid(
            f"address: {address[:_SHOWN]!r} cannot be registered. Give an absolute address, such as "
            "https://shop.example.com/callback, without user, fragment, blanks and letters beyond ASCII"
        )
    applications = _meant(sandbox, world, body.get("apiKey"))
    for one in applications:
        if address not in one.redirect_uris and len(one.redirect_uris) >= redirect_addresses.MOST:
            raise invalid(f"address: {one.name} has {redirect_addresses.MOST} addresses; remove one first")
    for one in applications:
        if address not in one.redirect_uris:
            one.redirect_uris.append(address)
    return Answer(201, _row(world, address))


def _meant(sandbox: Sandbox, world: World, api_key: str | None) -> list[Application]:
    if api_key is not None:
        if api_key not in world.applications:
            raise unknown("API key", api_key)
        return [world.applications[api_key]]
    own = {sandbox.credentials.get(name) for name in ("apiKey", "partnerApiKey")}
    return [one for one in world.applications.values() if one.key in own or one.customer_of is not None]


@bindings.handles("removeRedirectAddress")
def remove_redirect_address(world: World, address: str) -> Answer:
    """Remove an address from all API keys."""
    having = [one for one in world.applications.values() if address in one.redirect_uris]
    if not having:
        raise unknown("redirect address", address)
    for one in having:
        one.redirect_uris.remove(address)
    return Answer(204)
