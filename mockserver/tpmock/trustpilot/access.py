"""Access of tokens to business units, with the roles of users. All private calls use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from tpmock.core import hints
from tpmock.core.api_rules import Carries
from tpmock.core.problems import Problem
from tpmock.trustpilot.model import Application, BusinessUnit, Json, Token
from tpmock.trustpilot.world import World


class _OfUnit(Protocol):
    unit: str


_T = TypeVar("_T", bound=_OfUnit)

#: The trace of an order, a new one if it has none.
TraceOf = Callable[[str], str]

_WRITING_ROLES: Final = ("Admin", "Manager")


def reach(
    world: World, caller: Token, unit_id: str, user_id: str | None = None, *, write: bool = False
) -> BusinessUnit:
    """Return the unit, when the caller has access to it.

    :param unit_id: as sent; upper case is accepted as well
    :param user_id: the header ``x-business-user-id``, on calls that have it
    :param write: the call changes something in the company's name: a user must be Admin or Manager (INV, SUP-MS),
        and a client-credentials token must name a user where the variant ``business_user_header`` requires it
    :raises Problem: ``forbidden``: one status for many reasons (GH104, PART-ERR), so the hint names the reason
    """
    unit = world.units.get(unit_id.lower())
    if unit is None:
        raise Problem("forbidden", hint=unit_unknown(world))
    if user_id is not None and user_id.lower() in world.units:
        raise Problem("forbidden", hint=hints.UNIT_ID_AS_USER.format(user=_writer(world, unit.id)))
    acting = user_id or caller.user_id
    _check_application(world, caller.application, unit, acting)
    if acting is None:
        if write and world.variants["business_user_header"] == "required":
            raise Problem("forbidden", hint=hints.USER_HEADER_MISSING.format(user=_writer(world, unit.id)))
        return unit
    user = world.users.get(acting)
    if user is None:
        raise Problem("forbidden", hint=hints.USER_UNKNOWN.format(user=_writer(world, unit.id)))
    role = user.roles.get(unit.id)
    if role is None and not write:
        raise Problem("forbidden", hint=hints.UNIT_OUT_OF_REACH.format(unit=unit.id))
    if write and role not in _WRITING_ROLES:
        raise Problem("forbidden", hint=hints.ROLE_MISSING.format(role=role or "nobody"))
    return unit


def _check_application(world: World, application: Application, unit: BusinessUnit, acting: str | None) -> None:
    granted = application.business_units
    if unit.plan == "free" and (not granted or unit.id in granted):
        raise Problem("forbidden", hint=hints.PLAN_MISSING)
    if (granted and unit.id not in granted) or (acting is None and not granted):
        raise Problem("forbidden", hint=hints.UNIT_OUT_OF_REACH.format(unit=unit.id))
    _check_permission(world, application, unit)


def _check_permission(world: World, application: Application, unit: BusinessUnit) -> None:
    if not may_act(application, unit) and world.variants["withdrawn_permission"] != "kept":
        raise Problem("forbidden", hint=hints.PERMISSION_WITHDRAWN.format(unit=unit.display_name))


def may_act(application: Application, unit: BusinessUnit) -> bool:
    """Return whether the unit's owner lets the keys' partner act; a shop's own keys need no permission."""
    partner = application.customer_of
    return partner is None or (unit.partner_permission and unit.only_partner in (None, partner))


def public_unit(world: World, unit_id: str) -> BusinessUnit:
    """Return the unit of a public call, which anyone may make.

    :raises Problem: ``unknown-unit``
    """
    unit = world.units.get(unit_id.lower())
    if unit is None:
        raise Problem("unknown-unit", hint=unit_unknown(world))
    return unit


def unit_unknown(world: World) -> str:
    """Return a hint for an unknown unit id, with an existing id."""
    first = next(iter(world.units.values()), None)
    known = ("none", "there") if first is None else (first.id, first.domain)
    return hints.UNIT_UNKNOWN.format(unit=known[0], domain=known[1])


def _writer(world: World, unit_id: str) -> str:
    """Return the id of a user who may write in the name of a unit."""
    users = world.users.values()
    return next((user.id for user in users if user.roles.get(unit_id) in _WRITING_ROLES), "an Admin's or Manager's id")


def own(world: World, caller: Token, thing: _T, arguments: Json, *, write: bool = False) -> _T:
    """Return the thing when the caller has access to its unit; parameters and problems as in :func:`reach`.

    :param arguments: of the call; calls that change something name a user
    """
    reach(world, caller, thing.unit, arguments["x_business_user_id"] if write else None, write=write)
    return thing


def inviting_unit(world: World, caller: Token, arguments: Json) -> BusinessUnit:
    """Return the unit in whose name the caller invites consumers.

    :param arguments: of the call, with the ids of unit and user
    :raises Problem: as of :func:`reach`
    """
    return reach(world, caller, arguments["business_unit_id"], arguments["x_business_user_id"], write=True)


def spokesperson(world: World, caller: Token, unit: BusinessUnit, user_id: str | None) -> tuple[str, str | None]:
    """Return the business user who acts, and a hint when the call names none.

    A client-credentials token has no user. Where the user is optional, the unit's first Admin or Manager acts.

    :param user_id: the header ``x-business-user-id``, already checked by :func:`reach`
    :raises Problem: ``forbidden`` when the unit has no user who may act
    """
    named = user_id or caller.user_id
    if named is not None:
        return named, None
    for user in world.users.values():
        if user.roles.get(unit.id) in _WRITING_ROLES:
            return user.id, hints.SPOKEN_BY.format(name=user.name)
    raise Problem("forbidden", hint=hints.USER_HEADER_MISSING.format(user=_writer(world, unit.id)))


def guard(world: World, caller: Application | Token | None, carries: Carries) -> str | None:
    """Check the caller of any call, public ones too, and return a hint.

    Public calls need no permission of a unit, but a customer's token does, whatever it is used for.

    :raises Problem: ``forbidden`` when the customer no longer permits the partner to act, and that of
        :func:`partner_id_advice`
    """
    advice = partner_id_advice(world, caller, carries)
    if isinstance(caller, Token):
        for unit in map(world.units.get, caller.application.business_units):
            if unit is not None:
                _check_permission(world, caller.application, unit)
    return advice


def partner_id_advice(world: World, caller: Application | Token | None, carries: Carries) -> str | None:
    """Return a hint about the partner ID, which seed 003 (step 6) requires in any call with a customer's key or token.

    A shop's own keys do not belong to a partner: only keys that the partner call created are concerned.

    :raises Problem: ``partner-id-missing`` when no header holds it and the variant ``partner_header`` requires it
    """
    application = caller.application if isinstance(caller, Token) else caller
    partner_id = None if application is None else application.customer_of
    if partner_id is None or carries(partner_id):
        return None
    if world.variants["partner_header"] == "required":
        raise Problem("partner-id-missing", hint=hints.PARTNER_HEADER_MISSING.format(partner=partner_id))
    return hints.PARTNER_HEADER_ADVICE.format(partner=partner_id)
