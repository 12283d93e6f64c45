"""Partner calls: eligibility of a customer, and keys for eligible ones. Seed document 003, steps four and five."""

from __future__ import annotations

from tpmock.core import hints
from tpmock.core.problems import Problem
from tpmock.core.responses import Answer, Bindings
from tpmock.trustpilot.access import unit_unknown
from tpmock.trustpilot.model import Application, BusinessUnit, Token
from tpmock.trustpilot.world import World

bindings = Bindings()


@bindings.handles("checkPartnerEligibility")
def check_partner_eligibility(world: World, caller: Token, partner_id: str, business_unit_id: str) -> Answer:
    """Return 201 when the customer has sufficient rights, 200 when not, 403 for another partner's customer."""
    refusal = _refusal(_unit(world, caller, partner_id, business_unit_id))
    return Answer(200, {}, hint=refusal) if refusal else Answer(201, {})


@bindings.handles("createPartnerCustomerKey")
def create_partner_customer_key(world: World, caller: Token, partner_id: str, business_unit_id: str) -> Answer:
    """Return 201 with a key that belongs to the customer's unit, 200 without one when the customer has no rights."""
    if partner_id not in world.partners:
        raise Problem("unknown-partner", hint=hints.PARTNER_UNKNOWN)
    unit = _unit(world, caller, partner_id, business_unit_id)
    refusal = _refusal(unit)
    if refusal:
        return Answer(200, {}, hint=refusal)
    application = Application(
        key=f"tpk-{world.secrets.hexadecimal(32)}",
        secret=f"tps-{world.secrets.hexadecimal(16)}",
        name=f"{world.partners[partner_id].name} for {unit.display_name}",
        business_units=[unit.id],
        redirect_uris=list(caller.application.redirect_uris),
        customer_of=partner_id,
    )
    world.add_application(application)
    return Answer(201, {"apiKey": application.key, "apiSecret": application.secret})


def _unit(world: World, caller: Token, partner_id: str, business_unit_id: str) -> BusinessUnit:
    if caller.application.partner is None:
        raise Problem("partner-forbidden", hint=hints.NOT_A_PARTNER)
    if partner_id not in world.partners:
        raise Problem("partner-forbidden", hint=hints.PARTNER_UNKNOWN)
    if caller.application.partner != partner_id:
        raise Problem("partner-forbidden", hint=hints.OTHER_PARTNER)
    unit = world.units.get(business_unit_id)
    if unit is None:
        raise Problem("partner-forbidden", hint=unit_unknown(world))
    if unit.only_partner not in (None, partner_id):
        raise Problem("partner-forbidden", hint=hints.PARTNER_FOREIGN_UNIT)
    return unit


def _refusal(unit: BusinessUnit) -> str | None:
    if unit.plan == "free":
        return hints.NO_PAID_PLAN
    return None if unit.partner_permission else hints.NO_PERMISSION
