"""Who may call what: every kind of key and token against units, users and roles (INV, PART-ERR, GH104)."""

from __future__ import annotations

from functools import partial
from typing import Final

import pytest
from tpmock.core import hints
from tpmock.core.problems import Problem
from tpmock.sandbox.sandbox import Sandbox
from tpmock.trustpilot import access
from tpmock.trustpilot.model import Application, Grant, Token
from tpmock.trustpilot.world import World

SHOP: Final = "507f191e810c19729de860ea"
FREE, SWITCHED_OFF, FOREIGN, _, SHAPES = (f"5a000000000000000000000{digit}" for digit in range(1, 6))
ADMIN, MANAGER, VIEWER, _, PARTNER_USER, OTHER_ADMIN = (f"5f1d2c3b4a5968770615243{digit}" for digit in range(3, 9))
NOBODY: Final = "f" * 24


def application(world: World, kind: str) -> Application:
    """The kinds of keys: a shop's own, a partner's, and one that a partner made for a customer."""
    partner = next(iter(world.partners))
    if kind == "shop":
        return Application("key-shop", "s", "Shop", business_units=[SHOP, SHAPES])
    if kind == "partner":
        return Application("key-partner", "s", "Partner", partner=partner)
    unit = {"customer": SHOP, "customer switched off": SWITCHED_OFF, "customer of another": FOREIGN}[kind]
    return Application("key-customer", "s", "Customer", business_units=[unit], customer_of=partner)


def token(world: World, kind: str, user_id: str | None) -> Token:
    grant: Grant = "client_credentials" if user_id is None else "password"
    return Token("token", application(world, kind), grant, user_id, world.now(), world.now() + 1)


def refused(world: World, *arguments: object, write: bool) -> str | None:
    """The name of the hint with which a call is refused; None when it is not."""
    try:
        access.reach(world, *arguments, write=write)  # type: ignore[arg-type]
    except Problem as problem:
        if problem.name != "forbidden":
            raise
        return next(name for name, text in hints.texts().items() if problem.hint and _begins(text, problem.hint))
    return None


def _begins(text: str, hint: str) -> bool:
    parts = text.split("{")
    beginning = parts[0] if parts[0] else parts[1].partition("}")[2]
    return beginning.strip() in hint


#: Key, the token's user, the header's user, unit: the answer to reading and to writing.
TABLE: Final = [
    # A shop's own key: client credentials have no user; the header is optional.
    ("shop", None, None, SHOP, None, None),
    ("shop", None, None, SHOP.upper(), None, None),
    ("shop", None, None, SHAPES, None, None),
    ("shop", None, ADMIN, SHOP, None, None),
    ("shop", None, MANAGER, SHOP, None, None),
    ("shop", None, VIEWER, SHOP, None, "ROLE_MISSING"),
    ("shop", None, NOBODY, SHOP, "USER_UNKNOWN", "USER_UNKNOWN"),
    ("shop", None, OTHER_ADMIN, SHOP, "UNIT_OUT_OF_REACH", "ROLE_MISSING"),
    ("shop", None, None, NOBODY, "UNIT_UNKNOWN", "UNIT_UNKNOWN"),
    ("shop", None, None, SWITCHED_OFF, "UNIT_OUT_OF_REACH", "UNIT_OUT_OF_REACH"),
    ("shop", None, None, FREE, "UNIT_OUT_OF_REACH", "UNIT_OUT_OF_REACH"),
    ("shop", None, ADMIN, SWITCHED_OFF, "UNIT_OUT_OF_REACH", "UNIT_OUT_OF_REACH"),
    # The id of a unit in the user's place, in any letter case (GH104).
    ("shop", None, SHOP, SHOP, "UNIT_ID_AS_USER", "UNIT_ID_AS_USER"),
    ("shop", None, SHOP.upper(), SHOP, "UNIT_ID_AS_USER", "UNIT_ID_AS_USER"),
    ("shop", None, SHAPES, SHOP, "UNIT_ID_AS_USER", "UNIT_ID_AS_USER"),
    # The header's user acts, for any user of the token.
    ("shop", ADMIN, None, SHOP, None, None),
    ("shop", MANAGER, None, SHOP, None, None),
    ("shop", VIEWER, None, SHOP, None, "ROLE_MISSING"),
    ("shop", ADMIN, VIEWER, SHOP, None, "ROLE_MISSING"),
    ("shop", VIEWER, ADMIN, SHOP, None, None),
    ("shop", ADMIN, NOBODY, SHOP, "USER_UNKNOWN", "USER_UNKNOWN"),
    ("shop", OTHER_ADMIN, None, SHOP, "UNIT_OUT_OF_REACH", "ROLE_MISSING"),
    ("shop", OTHER_ADMIN, ADMIN, SHOP, None, None),
    ("shop", MANAGER, None, SHAPES, "UNIT_OUT_OF_REACH", "ROLE_MISSING"),
    # A partner's own key is for no unit: without a user, client credentials have access to none.
    ("partner", None, None, SHOP, "UNIT_OUT_OF_REACH", "UNIT_OUT_OF_REACH"),
    ("partner", None, None, SWITCHED_OFF, "UNIT_OUT_OF_REACH", "UNIT_OUT_OF_REACH"),
    ("partner", None, None, FREE, "PLAN_MISSING", "PLAN_MISSING"),
    ("partner", PARTNER_USER, None, SHOP, "UNIT_OUT_OF_REACH", "ROLE_MISSING"),
    ("partner", ADMIN, None, SHOP, None, None),
    ("partner", ADMIN, None, FREE, "PLAN_MISSING", "PLAN_MISSING"),
    ("partner", None, ADMIN, SHOP, None, None),
    # A key that the partner made for a customer works for that unit, while its owner permits the partner.
    ("customer", None, None, SHOP, None, None),
    ("customer", ADMIN, None, SHOP, None, None),
    ("customer", ADMIN, VIEWER, SHOP, None, "ROLE_MISSING"),
    ("customer", None, None, SHAPES, "UNIT_OUT_OF_REACH", "UNIT_OUT_OF_REACH"),
    ("customer", ADMIN, None, SHAPES, "UNIT_OUT_OF_REACH", "UNIT_OUT_OF_REACH"),
    ("customer switched off", None, None, SWITCHED_OFF, "PERMISSION_WITHDRAWN", "PERMISSION_WITHDRAWN"),
    ("customer switched off", ADMIN, None, SWITCHED_OFF, "PERMISSION_WITHDRAWN", "PERMISSION_WITHDRAWN"),
    ("customer of another", None, None, FOREIGN, "PERMISSION_WITHDRAWN", "PERMISSION_WITHDRAWN"),
]


@pytest.mark.parametrize(("kind", "own", "header", "unit", "reading", "writing"), TABLE)
def test_who_has_access_to_a_unit(
    world: World, kind: str, own: str | None, header: str | None, unit: str, reading: str | None, writing: str | None
) -> None:
    caller = token(world, kind, own)
    assert refused(world, caller, unit, header, write=False) == reading
    assert refused(world, caller, unit, header, write=True) == writing


def test_the_unit_that_was_asked_for_is_returned(world: World) -> None:
    assert access.reach(world, token(world, "shop", None), SHAPES.upper()).id == SHAPES


@pytest.mark.parametrize(
    ("own", "header", "writing"),
    [(None, None, "USER_HEADER_MISSING"), (None, ADMIN, None), (ADMIN, None, None), (None, VIEWER, "ROLE_MISSING")],
)
def test_writing_without_a_user_where_one_is_required(
    universe: Sandbox, own: str | None, header: str | None, writing: str | None
) -> None:
    universe.variants["business_user_header"] = "required"
    caller = token(universe.world, "shop", own)
    assert refused(universe.world, caller, SHOP, header, write=True) == writing
    assert refused(universe.world, caller, SHOP, header, write=False) is None


@pytest.mark.parametrize(("user", "role"), [(VIEWER, "Viewer"), (OTHER_ADMIN, "nobody")])
def test_a_refusal_names_the_role(world: World, user: str, role: str) -> None:
    with pytest.raises(Problem) as raised:
        access.reach(world, token(world, "shop", None), SHOP, user, write=True)
    assert f"is {role} on this unit" in raised.value.hint


def test_a_call_reads_unless_it_says_that_it_writes(world: World) -> None:
    assert access.reach(world, token(world, "shop", None), SHOP, VIEWER).id == SHOP
    thing = next(review for review in world.service_reviews.all() if review.unit == SHOP)
    assert access.own(world, token(world, "shop", VIEWER), thing, {}) is thing


@pytest.mark.parametrize(("variant", "expected"), [("kept", None), ("forbidden", "PERMISSION_WITHDRAWN")])
def test_a_withdrawn_permission_may_have_no_effect(universe: Sandbox, variant: str, expected: str | None) -> None:
    universe.variants["withdrawn_permission"] = variant
    caller = token(universe.world, "customer switched off", None)
    assert refused(universe.world, caller, SWITCHED_OFF, None, write=True) == expected


@pytest.mark.parametrize(
    ("permission", "only", "may"),
    [(True, None, True), (True, "own", True), (True, "another", False), (False, None, False), (False, "own", False)],
)
def test_the_owner_permits_one_partner_all_or_none(
    world: World, only: str | None, *, permission: bool, may: bool
) -> None:
    customer, unit = application(world, "customer"), world.units[SHOP]
    unit.partner_permission = permission
    unit.only_partner = customer.customer_of if only == "own" else only
    assert access.may_act(customer, unit) is may
    assert access.may_act(application(world, "shop"), unit) is True


def test_hints_name_a_user_who_may_write(world: World) -> None:
    with pytest.raises(Problem) as raised:
        access.reach(world, token(world, "shop", None), SHOP, NOBODY)
    assert ADMIN in str(raised.value.hint)
    world.users[ADMIN].roles[SHOP] = "Viewer"
    with pytest.raises(Problem) as raised:
        access.reach(world, token(world, "shop", None), SHOP, NOBODY)
    assert MANAGER in str(raised.value.hint)


@pytest.mark.parametrize("public", [True, False])
def test_an_unknown_unit_is_explained_by_one_there_is(world: World, *, public: bool) -> None:
    look = partial(access.public_unit, world) if public else partial(access.reach, world, token(world, "shop", None))
    with pytest.raises(Problem) as raised:
        look(NOBODY)
    assert SHOP in str(raised.value.hint)
    assert "trustpilotdemo.com" in str(raised.value.hint)


def test_anyone_may_look_at_any_unit_in_public(world: World) -> None:
    assert access.public_unit(world, FOREIGN.upper()).id == FOREIGN
    with pytest.raises(Problem) as raised:
        access.public_unit(world, NOBODY)
    assert raised.value.name == "unknown-unit"


@pytest.mark.parametrize(
    ("own", "header", "speaks", "hinted"),
    [(None, None, ADMIN, True), (None, MANAGER, MANAGER, False), (MANAGER, None, MANAGER, False)],
)
def test_who_speaks_for_the_company(
    world: World, own: str | None, header: str | None, speaks: str, *, hinted: bool
) -> None:
    user, hint = access.spokesperson(world, token(world, "shop", own), world.units[SHOP], header)
    assert (user, hint is not None) == (speaks, hinted)


def test_a_header_user_speaks_before_the_tokens_user(world: World) -> None:
    user, _ = access.spokesperson(world, token(world, "shop", ADMIN), world.units[SHOP], MANAGER)
    assert user == MANAGER


def test_nobody_speaks_for_a_unit_without_an_admin_or_manager(world: World) -> None:
    world.users = {VIEWER: world.users[VIEWER]}
    with pytest.raises(Problem) as raised:
        access.spokesperson(world, token(world, "shop", None), world.units[SHOP], None)
    assert raised.value.name == "forbidden"


@pytest.mark.parametrize("write", [True, False])
def test_a_thing_of_a_unit_needs_access_to_that_unit(world: World, *, write: bool) -> None:
    thing = next(review for review in world.service_reviews.all() if review.unit == SHOP)
    for user, may in ((ADMIN, True), (VIEWER, not write)):
        arguments = {"x_business_user_id": user}
        if may:
            assert access.own(world, token(world, "shop", None), thing, arguments, write=write) is thing
        else:
            with pytest.raises(Problem):
                access.own(world, token(world, "shop", None), thing, arguments, write=write)


@pytest.mark.parametrize(("user", "may"), [(ADMIN, True), (VIEWER, False)])
def test_inviting_is_writing(world: World, user: str, *, may: bool) -> None:
    arguments = {"business_unit_id": SHOP, "x_business_user_id": user}
    caller = token(world, "shop", None)
    if may:
        assert access.inviting_unit(world, caller, arguments).id == SHOP
    else:
        with pytest.raises(Problem):
            access.inviting_unit(world, caller, arguments)


@pytest.mark.parametrize(
    ("kind", "carried", "variant", "outcome"),
    [
        ("customer", True, "required", None),
        ("customer", False, "required", "refused"),
        ("customer", False, "optional", "advised"),
        ("customer", True, "optional", None),
        ("shop", False, "required", None),
        ("partner", False, "required", None),
        (None, False, "required", None),
    ],
)
@pytest.mark.parametrize("as_token", [True, False])
def test_which_keys_and_tokens_need_the_partner_id(
    universe: Sandbox, kind: str | None, variant: str, outcome: str | None, *, carried: bool, as_token: bool
) -> None:
    world = universe.world
    universe.variants["partner_header"] = variant
    caller: Application | Token | None = None
    if kind is not None:
        caller = token(world, kind, None) if as_token else application(world, kind)
    asked: list[str] = []

    def carries(partner_id: str) -> bool:
        asked.append(partner_id)
        return carried

    if outcome == "refused":
        with pytest.raises(Problem) as raised:
            access.partner_id_advice(world, caller, carries)
        assert raised.value.name == "partner-id-missing"
    else:
        assert (access.partner_id_advice(world, caller, carries) is not None) == (outcome == "advised")
    assert asked == ([next(iter(world.partners))] if kind == "customer" else [])


@pytest.mark.parametrize(
    ("kind", "as_token", "variant", "may"),
    [
        ("customer", True, "forbidden", True),
        ("customer switched off", True, "forbidden", False),
        ("customer of another", True, "forbidden", False),
        ("customer switched off", True, "revoked", False),
        ("customer switched off", True, "kept", True),
        ("customer switched off", False, "forbidden", True),
        ("shop", True, "forbidden", True),
        ("partner", True, "forbidden", True),
    ],
)
def test_any_call_with_a_token_needs_the_customers_permission(
    universe: Sandbox, kind: str, variant: str, *, as_token: bool, may: bool
) -> None:
    world = universe.world
    universe.variants["withdrawn_permission"] = variant
    caller = token(world, kind, None) if as_token else application(world, kind)
    if may:
        assert access.guard(world, caller, lambda _: True) is None
    else:
        with pytest.raises(Problem) as raised:
            access.guard(world, caller, lambda _: True)
        assert raised.value.name == "forbidden"


def test_the_guard_advises_and_overlooks_units_that_are_not_there(universe: Sandbox) -> None:
    world = universe.world
    universe.variants["partner_header"] = "optional"
    caller = token(world, "customer", None)
    caller.application.business_units.insert(0, NOBODY)
    advice = access.guard(world, caller, lambda _: False)
    assert advice is not None
    assert next(iter(world.partners)) in advice
    assert access.guard(world, None, lambda _: False) is None
