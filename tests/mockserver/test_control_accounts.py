"""Plans, permissions and tokens, switched by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandboxes import SandboxUnderTest


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


def test_a_token_is_ended_by_its_name(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    [row] = sandbox.rows("tokens")
    assert row["id"] not in token
    assert token not in str(row)
    sandbox.control("POST", f"/tokens/{row['id']}/revoke")
    assert [one["revoked"] for one in sandbox.rows("tokens")] == [True]
    assert sandbox.invite(token=token).status == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PATCH", "/business-units/nothing", {"plan": "paid"}), ("POST", "/tokens/nothing/revoke", None)],
)
def test_what_is_not_there_cannot_be_switched(
    sandbox: SandboxUnderTest, method: str, path: str, body: dict[str, Any] | None
) -> None:
    answer = sandbox.call(method, f"/_mock/sandboxes/{sandbox.id}{path}", data=body)
    assert answer.status == 404
    assert "There is no" in answer.hint


def test_a_wrong_switch_changes_nothing(sandbox: SandboxUnderTest) -> None:
    path = f"/_mock/sandboxes/{sandbox.id}/business-units/{sandbox['businessUnitId']}"
    for body in ({}, {"plan": "gold"}, {"plan": "free", "name": "x"}, {"onlyPartner": ""}):
        assert sandbox.call("PATCH", path, data=body).status == 400
    [unit] = [row for row in sandbox.rows("business-units") if row["id"] == sandbox["businessUnitId"]]
    assert (unit["plan"], unit["onlyPartner"]) == ("paid", None)
