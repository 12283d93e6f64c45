"""Plans, permissions and tokens, switched by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandboxes import SandboxUnderTest


def switch(sandbox: SandboxUnderTest, **to: Any) -> dict[str, Any]:
    return dict(sandbox.control("PATCH", f"/business-units/{sandbox['businessUnitId']}", to))


def test_a_unit_without_a_paid_plan_takes_no_invitations_until_it_has_one(sandbox: SandboxUnderTest) -> None:
    assert switch(sandbox, plan="free")["plan"] == "free"
    assert sandbox.invite().status == 403
    assert switch(sandbox, plan="paid")["plan"] == "paid"
    assert sandbox.invite().status < 300


def check(sandbox: SandboxUnderTest) -> int:
    path = f"/v1/private/partners/{sandbox['partnerId']}/check/{sandbox['businessUnitId']}"
    return sandbox.call("GET", path, headers={"Authorization": f"Bearer {sandbox.partner_token()}"}).status


def test_partners_are_let_in_and_kept_out(sandbox: SandboxUnderTest) -> None:
    before = check(sandbox)
    assert switch(sandbox, partnerPermission=False)["partnerPermission"] is False
    without = check(sandbox)
    assert without != before
    assert switch(sandbox, partnerPermission=True, onlyPartner="another")["onlyPartner"] == "another"
    assert check(sandbox) == 403
    switch(sandbox, onlyPartner=None)
    assert check(sandbox) == before


ADMIN, MANAGER, VIEWER, TWO_STEP, STRANGER = (f"5f1d2c3b4a5968770615243{digit}" for digit in "34568")


@pytest.mark.parametrize("change", [{"partnerPermission": False}, {"onlyPartner": "another"}, {"plan": "free"}])
@pytest.mark.parametrize(
    ("user", "status", "words"),
    [
        (ADMIN, 200, ""),
        (TWO_STEP, 200, ""),
        (MANAGER, 403, "has the role Manager on Trustpilot Demo Shop; changing permissions needs Admin"),
        (VIEWER, 403, "which is: owner@trustpilotdemo.example.com, two-step@trustpilotdemo.example.com."),
        (STRANGER, 403, "has no role on Trustpilot Demo Shop"),
        ("nobody", 404, "There is no business user 'nobody'"),
    ],
)
def test_only_an_admin_switches_permissions(
    sandbox: SandboxUnderTest, change: dict[str, Any], user: str, status: int, words: str
) -> None:
    path = f"/_mock/sandboxes/{sandbox.id}/business-units/{sandbox['businessUnitId']}"
    answer = sandbox.call("PATCH", path, data={**change, "businessUserId": user})
    assert answer.status == status
    assert words in answer.hint
    [unit] = [row for row in sandbox.rows("business-units") if row["id"] == sandbox["businessUnitId"]]
    [(name, value)] = change.items()
    assert (unit[name] == value) is (status == 200)


def test_a_unit_without_an_admin_says_so(sandbox: SandboxUnderTest) -> None:
    path = f"/_mock/sandboxes/{sandbox.id}/business-units/5a0000000000000000000004"
    answer = sandbox.call("PATCH", path, data={"partnerPermission": True, "businessUserId": ADMIN})
    assert (answer.status, "needs Admin, which is: no user." in answer.hint) == (403, True)


def password_grant(sandbox: SandboxUnderTest, username: str, password: str) -> int:
    return sandbox.token(sandbox.password_form(username, password)).status


@pytest.mark.parametrize(
    ("user", "username", "password", "before"),
    [
        (ADMIN, "owner@trustpilotdemo.example.com", "correct-horse-battery", False),
        (TWO_STEP, "two-step@trustpilotdemo.example.com", "second-lock-please", True),
    ],
)
def test_two_step_verification_is_switched(
    sandbox: SandboxUnderTest, user: str, username: str, password: str, *, before: bool
) -> None:
    statuses = {False: 200, True: 400}
    assert password_grant(sandbox, username, password) == statuses[before]
    for two_step in (not before, before, before):
        changed = sandbox.control("PATCH", f"/business-users/{user}", {"twoStep": two_step})
        assert (changed["username"], changed["twoStep"]) == (username, two_step)
        assert changed["password"] == password
        assert password_grant(sandbox, username, password) == statuses[two_step]
    assert [row["twoStep"] for row in sandbox.rows("business-users") if row["id"] == user] == [before]


@pytest.mark.parametrize("body", [{}, {"twoStep": "yes"}, {"twoStep": True, "roles": {}}, {"two_step": True}])
def test_a_wrong_change_of_a_user_changes_nothing(sandbox: SandboxUnderTest, body: dict[str, Any]) -> None:
    assert sandbox.call("PATCH", f"/_mock/sandboxes/{sandbox.id}/business-users/{ADMIN}", data=body).status == 400
    assert [row["twoStep"] for row in sandbox.rows("business-users") if row["id"] == ADMIN] == [False]


def test_a_token_is_ended_by_its_name(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    [row] = sandbox.rows("tokens")
    assert row["id"] not in token
    assert (row["token"], row["apiKey"]) == (token, sandbox["apiKey"])
    assert (row["application"], row["businessUser"]) == ("The demo shop's own application", None)
    sandbox.control("POST", f"/tokens/{row['id']}/revoke")
    assert [one["revoked"] for one in sandbox.rows("tokens")] == [True]
    assert sandbox.invite(token=token).status == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/business-units/nothing", {"plan": "paid"}),
        ("PATCH", "/business-users/nothing", {"twoStep": True}),
        ("POST", "/tokens/nothing/revoke", None),
    ],
)
def test_what_is_not_there_cannot_be_switched(
    sandbox: SandboxUnderTest, method: str, path: str, body: dict[str, Any] | None
) -> None:
    answer = sandbox.call(method, f"/_mock/sandboxes/{sandbox.id}{path}", data=body)
    assert answer.status == 404
    assert "There is no" in answer.hint


def test_a_wrong_switch_changes_nothing(sandbox: SandboxUnderTest) -> None:
    path = f"/_mock/sandboxes/{sandbox.id}/business-units/{sandbox['businessUnitId']}"
    for body in ({}, {"plan": "gold"}, {"plan": "free", "name": "x"}, {"onlyPartner": ""}, {"businessUserId": ADMIN}):
        assert sandbox.call("PATCH", path, data=body).status == 400
    [unit] = [row for row in sandbox.rows("business-units") if row["id"] == sandbox["businessUnitId"]]
    assert (unit["plan"], unit["onlyPartner"]) == ("paid", None)
