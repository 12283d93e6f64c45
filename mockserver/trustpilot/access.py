"""Who may reach a business unit with a token, and in which role: decided here for all private calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mockserver import hints
from mockserver.problems import Problem
from mockserver.trustpilot.model import BusinessUnit, Token
from mockserver.trustpilot.world import World

_WRITING_ROLES: Final = ("Admin", "Manager")


def reach(
    world: World,
    caller: Token,
    unit_id: str,
    user_id: str | None = None,
    *,
    write: bool = False,
    unknown: str = "forbidden",
) -> BusinessUnit:
    """The unit, when the caller may work on it.

    :param unit_id: as it came; upper case finds it as well
    :param user_id: the header ``x-business-user-id``, on calls that have it
    :param write: the call changes something in the company's name: a user must be Admin or Manager (INV, SUP-MS),
        and a client-credentials token must say for whom where the variant ``business_user_header`` demands it
    :param unknown: the problem for a unit that does not exist, on calls that tell it from one out of reach
    :raises Problem: ``forbidden``: one status for many reasons (GH104, PART-ERR), so the hint tells which
    """
    unit = world.units.get(unit_id.lower())
    if unit is None:
        raise Problem(unknown, hint=hints.UNIT_UNKNOWN)
    if user_id is not None and user_id.lower() in world.units:
        raise Problem("forbidden", hint=hints.UNIT_ID_AS_USER)
    granted = caller.application.business_units
    acting = user_id or caller.user_id
    if unit.plan == "free" and (not granted or unit.id in granted):
        raise Problem("forbidden", hint=hints.PLAN_MISSING)
    if (granted and unit.id not in granted) or (acting is None and not granted):
        raise Problem("forbidden", hint=hints.unit_out_of_reach(unit.id))
    if acting is None:
        if write and world.variants["business_user_header"] == "required":
            raise Problem("forbidden", hint=hints.USER_HEADER_MISSING)
        return unit
    user = world.users.get(acting)
    if user is None:
        raise Problem("forbidden", hint=hints.USER_UNKNOWN)
    role = user.roles.get(unit.id)
    if role is None and not write:
        raise Problem("forbidden", hint=hints.unit_out_of_reach(unit.id))
    if write and role not in _WRITING_ROLES:
        raise Problem("forbidden", hint=hints.role_missing(role))
    return unit


def public_unit(world: World, unit_id: str) -> BusinessUnit:
    """The unit of a public call, for which anyone may ask.

    :raises Problem: ``unknown-unit``
    """
    unit = world.units.get(unit_id.lower())
    if unit is None:
        raise Problem("unknown-unit", hint=hints.UNIT_UNKNOWN)
    return unit


def spokesperson(world: World, caller: Token, unit: BusinessUnit, user_id: str | None) -> tuple[str, str | None]:
    """The business user in whose name something is said, and what to say of it when nobody was named.

    A client-credentials token speaks for nobody. Where the user is optional, the unit's first Admin or Manager speaks.

    :param user_id: the header ``x-business-user-id``, judged by :func:`reach` before
    :raises Problem: ``forbidden`` when there is nobody who could speak
    """
    named = user_id or caller.user_id
    if named is not None:
        return named, None
    for user in world.users.values():
        if user.roles.get(unit.id) in _WRITING_ROLES:
            return user.id, hints.spoken_by(user.name)
    raise Problem("forbidden", hint=hints.USER_HEADER_MISSING)


def partner_advice(world: World, caller: Token, carries: Callable[[str], bool]) -> str | None:
    """What to say of the partner id that belongs into a header of calls with a customer's keys (PART-INT).

    :param carries: whether a value stands in any header of the call
    :raises Problem: ``forbidden`` when it is missing and the variant ``partner_header`` demands it
    """
    partner_id = caller.application.customer_of
    if partner_id is None or carries(partner_id):
        return None
    if world.variants["partner_header"] == "required":
        raise Problem("forbidden", hint=hints.PARTNER_HEADER_MISSING)
    return hints.PARTNER_HEADER_ADVICE
