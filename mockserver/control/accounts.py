"""What stands in the contract with Trustpilot, or happens to a token: switched here, as no API of Trustpilot's does."""

from __future__ import annotations

from typing import Any, Final

from mockserver.answers import Answer, Bindings
from mockserver.control import rows
from mockserver.control.rows import Row
from mockserver.problems import Problem
from mockserver.trustpilot import authentication
from mockserver.trustpilot.world import World

bindings = Bindings()

_SWITCHES: Final = {"plan": "plan", "partnerPermission": "partner_permission", "onlyPartner": "only_partner"}


@bindings.handles("changeBusinessUnit")
def change_business_unit(world: World, business_unit_id: str, body: dict[str, Any]) -> Row:
    """Its plan, whether partners may act for it, and which one."""
    unit = world.units.get(business_unit_id)
    if unit is None:
        raise _unknown("business unit", business_unit_id)
    for name, value in body.items():
        setattr(unit, _SWITCHES[name], value)
    return rows.business_unit(world, unit)


@bindings.handles("endToken")
def end_token(world: World, token_id: str) -> Answer:
    """As if whoever holds it had revoked it."""
    token = next((token for token in world.tokens.values() if rows.token_id(token) == token_id), None)
    if token is None:
        raise _unknown("token", token_id)
    authentication.revoke(world, token.value)
    return Answer(204)


def _unknown(kind: str, name: str) -> Problem:
    sentence = f"There is no {kind} {name!r} in this sandbox."
    return Problem("unknown-thing", hint=sentence, detail=sentence)
