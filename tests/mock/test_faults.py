"""Faults: the calls they match, their effects, their end, and their records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tpmock.faults import KINDS
from tpmock.faults.model import FAULTS

from tests.support.doors import Answer
from tests.support.invited import PRODUCTS
from tests.support.sandboxes import SandboxUnderTest, an_invitation, an_order, basic

FIND = "/v1/business-units/find?name=trustpilotdemo.com"


def arm(sandbox: SandboxUnderTest, fault: str | dict[str, Any]) -> dict[str, Any]:
    told = {"fault": fault} if isinstance(fault, str) else fault
    row: dict[str, Any] = sandbox.control("POST", "/faults", told)
    return row


def unjudged(sandbox: SandboxUnderTest, method: str, target: str, data: Any = None, **headers: str) -> Answer:
    """A call whose answer need not be a documented one."""
    body = b"" if data is None else json.dumps(data).encode()
    sent = {"apikey": sandbox["apiKey"], **({} if data is None else {"Content-Type": "application/json"}), **headers}
    return sandbox._door.send(method, target, sent, body)


def find(sandbox: SandboxUnderTest) -> Answer:
    return unjudged(sandbox, "GET", FIND)


def invite(sandbox: SandboxUnderTest, token: str, **changes: Any) -> Answer:
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/email-invitations"
    return unjudged(sandbox, "POST", path, an_invitation(**changes), Authorization=f"Bearer {token}")


def last_entry(sandbox: SandboxUnderTest, operation: str) -> dict[str, Any]:
    entry: dict[str, Any] = sandbox.control("GET", f"/journal?operation={operation}")["journal"][-1]
    return entry


# --- which calls ------------------------------------------------------------------------------------------------------


def test_fail_twice_then_succeed_in_one_line(sandbox: SandboxUnderTest) -> None:
    arm(sandbox, "email-invitations 429 x2 then ok")
    assert [sandbox.invite().status for _ in range(3)] == [429, 429, 202]
    assert sandbox.rows("faults") == []
    assert len(sandbox.rows("invitations")) == 1


def test_a_dry_run_returns_the_line_and_adds_nothing(sandbox: SandboxUnderTest) -> None:
    picked = {"operation": "createEmailInvitations", "status": 429, "count": 2, "dryRun": True}
    assert sandbox.control("POST", "/faults", picked) == {"fault": "createEmailInvitations 429 x2"}
    assert sandbox.control("POST", "/faults", {"fault": "find cut", "dryRun": True}) == {
        "fault": "findBusinessUnit cut"
    }
    answer = sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/faults", data={"fault": "find often", "dryRun": True})
    assert answer.status == 400
    assert sandbox.rows("faults") == []
    assert arm(sandbox, {"fault": "find cut", "dryRun": False})["fault"] == "findBusinessUnit cut"


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        ("/v1/private/** 503", True),
        ("POST /v1/private/business-units/*/email-invitations 503", True),
        ("/v1/private/business-units/{businessUnitId}/email-invitations 503", True),
        ("any 503", True),
        ("find,email-invitations 503", True),
        ("any 503 where consumerEmail=ada@example.com", True),
        ("any 503 where /serviceReviewInvitation/tags/1=b", True),
        ("any 503 where serviceReviewInvitation.tags.0=a where referenceNumber=1001", True),
        ("any 503 header X-Shop=7", True),
        ("GET /v1/private/** 503", False),
        ("/v1/private/*/email-invitations 503", False),
        ("/v1/private 503", False),
        ("any 503 where consumerEmail=other@example.com", False),
        ("any 503 where serviceReviewInvitation.tags=a", False),
        ("any 503 where serviceReviewInvitation.tags.2=a", False),
        ("any 503 header X-Shop=8", False),
        ("track,webhook 503", False),
    ],
)
def test_a_fault_strikes_the_calls_it_was_told_of_and_no_others(
    sandbox: SandboxUnderTest, fault: str, *, struck: bool
) -> None:
    token = sandbox.access_token()
    arm(sandbox, fault)
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/email-invitations"
    body = an_invitation(serviceReviewInvitation={"tags": ["a", "b"]})
    answer = unjudged(sandbox, "POST", path, body, **{"Authorization": f"Bearer {token}", "X-Shop": "7"})
    assert answer.status == (503 if struck else 202)


def test_a_field_of_a_form_can_be_matched(sandbox: SandboxUnderTest) -> None:
    arm(sandbox, "accesstoken 401 always where grant_type=password")
    assert sandbox.token().status == 200
    assert sandbox.token(sandbox.password_form()).status == 401


def test_from_the_third_call_on(sandbox: SandboxUnderTest) -> None:
    arm(sandbox, "find 500 x2 from 3")
    assert [find(sandbox).status for _ in range(6)] == [200, 200, 500, 500, 200, 200]


def test_the_control_api_is_never_struck(sandbox: SandboxUnderTest) -> None:
    arm(sandbox, "any 500 always")
    assert sandbox.control("GET", "/clock")["frozen"] is False


def test_faults_of_one_call_strike_one_after_the_other(sandbox: SandboxUnderTest) -> None:
    for line in ("find 500", "/v1/business-units/* 503", "find 429"):
        arm(sandbox, line)
    assert [find(sandbox).status for _ in range(4)] == [500, 503, 429, 200]


# --- when it is over --------------------------------------------------------------------------------------------------


def test_a_fault_ends_by_the_clock_of_the_sandbox(sandbox: SandboxUnderTest) -> None:
    row = arm(sandbox, "find 500 for 5m")
    assert (row["count"], row["remaining"]) == (None, None)
    assert row["expiresAt"] is not None
    assert [find(sandbox).status for _ in range(3)] == [500, 500, 500]
    sandbox.advance("5m")
    assert find(sandbox).status == 200
    assert sandbox.rows("faults") == []


def test_probability_comes_from_the_seed(new_sandbox: Any) -> None:
    seen = []
    for _ in range(2):
        sandbox = new_sandbox(seed=7)
        arm(sandbox, "find 500 50%")
        seen.append([find(sandbox).status for _ in range(40)])
    assert seen[0] == seen[1]
    assert 5 < seen[0].count(500) < 35


def test_the_list_tells_what_was_struck_and_what_remains(sandbox: SandboxUnderTest) -> None:
    arm(sandbox, "find 500 x3")
    find(sandbox)
    [row] = sandbox.rows("faults")
    assert (row["fault"], row["struck"], row["remaining"]) == ("findBusinessUnit 500 x3", 1, 2)


def test_a_fault_never_survives_a_reset_but_comes_back_with_a_state(sandbox: SandboxUnderTest) -> None:
    arm(sandbox, "email-invitations 429 x3 delay 0.01s where consumerEmail=ada@example.com")
    sandbox.invite()
    before = sandbox.rows("faults")
    sandbox.control("PUT", "/snapshots/armed")
    sandbox.control("POST", "/reset")
    assert sandbox.rows("faults") == []
    assert sandbox.invite().status == 202
    sandbox.control("POST", "/snapshots/armed/restore")
    assert sandbox.rows("faults") == before
    assert [sandbox.invite().status for _ in range(3)] == [429, 429, 202]


def test_one_fault_can_be_taken_back(sandbox: SandboxUnderTest) -> None:
    first, second = arm(sandbox, "find 500"), arm(sandbox, "find 503")
    sandbox.control("DELETE", f"/faults/{first['id']}")
    assert [row["id"] for row in sandbox.rows("faults")] == [second["id"]]
    again = sandbox.call("DELETE", f"/_mock/sandboxes/{sandbox.id}/faults/{first['id']}")
    assert again.status == 404
    assert "after its last hit" in again.json["detail"]


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status", "content_type", "body"),
    [
        ("429", 429, "application/json", "Too many requests"),
        ("429 as gateway", 429, "application/json", '"faultstring": "Too Many Requests"'),
        ("503 as api", 503, "application/json", '"message": "Service Unavailable", "errorCode"'),
        ("500 as token", 500, "application/json", '"Error": "Internal Server Error"'),
        ("403 as html", 403, "text/html", "Request blocked"),
        ("html", 403, "text/html", "Request blocked"),
        ("502 as empty", 502, None, ""),
        ("empty", 520, None, ""),
        ("unit-suspended", 403, "application/json", '"errorCode": 1014'),
    ],
)
def test_a_status_comes_in_every_form_with_how_sure_we_are(
    sandbox: SandboxUnderTest, words: str, status: int, content_type: str | None, body: str
) -> None:
    token = sandbox.access_token()
    arm(sandbox, f"email-invitations {words}")
    answer = invite(sandbox, token)
    given = answer.headers.get("Content-Type")
    assert (answer.status, given and given.partition(";")[0]) == (status, content_type)
    assert body in answer.text
    assert (answer.body == b"") == (body == "")
    assert answer.headers["X-Mock-Evidence"]
    assert answer.hint.startswith("Fault 1 of this sandbox")
    assert "not performed" in answer.hint
    assert sandbox.rows("invitations") == []


@pytest.mark.parametrize(("words", "value"), [("429", None), ("429 retry-after 7", "7"), ("503 retry-after 0", "0")])
def test_retry_after_comes_when_it_was_asked_for(sandbox: SandboxUnderTest, words: str, value: str | None) -> None:
    arm(sandbox, f"find {words}")
    assert find(sandbox).headers.get("Retry-After") == value


def test_after_means_the_work_was_done_and_the_caller_does_not_know(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    arm(sandbox, "email-invitations 503 after")
    answer = invite(sandbox, token)
    assert answer.status == 503
    assert "its own answer was 202" in answer.hint
    assert len(sandbox.rows("invitations")) == 1
    assert invite(sandbox, token).status == 202
    assert len(sandbox.rows("invitations")) == 2


def test_broken_json_has_the_right_status_and_half_a_body(sandbox: SandboxUnderTest) -> None:
    arm(sandbox, "find broken-json")
    answer = find(sandbox)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(answer.body)


def test_a_broken_token_does_not_show_the_secret_in_the_journal(sandbox: SandboxUnderTest) -> None:
    arm(sandbox, "accesstoken broken-json")
    answer = sandbox._door.send(
        "POST",
        "/v1/oauth/oauth-business-users-for-applications/accesstoken",
        {
            "Authorization": basic(sandbox["apiKey"], sandbox["apiSecret"]),
            "Content-Type": "application/x-www-form-urlencoded",
        },
        b"grant_type=client_credentials",
    )
    assert b"access_token" in answer.body
    secret = answer.body.decode().partition('"access_token": "')[2].partition('"')[0]
    assert len(secret) > 8
    assert secret not in json.dumps(sandbox.control("GET", "/journal"))


def test_a_wrong_type_is_all_that_is_wrong(sandbox: SandboxUnderTest) -> None:
    right = find(sandbox)
    arm(sandbox, "find wrong-type")
    wrong = find(sandbox)
    assert wrong.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (wrong.status, wrong.body) == (200, right.body)


def test_a_revoked_token_stays_revoked(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    arm(sandbox, "email-invitations token-revoked")
    refused = [sandbox.invite(token=token) for _ in range(2)]
    assert [answer.status for answer in refused] == [401, 401]
    assert "revoked" in refused[0].hint
    assert "Fault 1" in refused[0].hint
    assert sandbox.invite().status == 202


def test_a_revoked_token_beside_a_key_is_not_called_the_cause(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    arm(sandbox, "find token-revoked")
    answer = sandbox.get(FIND, {"Authorization": f"Bearer {token}"})
    assert answer.status == 200
    assert "(token-revoked) did not change this answer" in answer.hint
    assert "caused this" not in answer.hint
    assert sandbox.invite(token=token).status == 401


def test_an_address_that_revokes_says_when_there_was_no_token(sandbox: SandboxUnderTest) -> None:
    order = {"recipientEmail": "fault-token-revoked@example.com", "recipientName": "Ada", "referenceId": "1"}
    answer = sandbox.call("POST", f"/api/{sandbox['integrationKey']}/invitation", data=order)
    assert answer.status == 201
    assert answer.hint.startswith("Queued until ")
    assert "(token-revoked) did not change this answer" in answer.hint


def test_a_delay_after_the_work_shows_the_work_at_once(sandbox: SandboxUnderTest) -> None:
    arm(sandbox, "email-invitations delay 0.05s after")
    assert sandbox.invite().status == 202
    entry = last_entry(sandbox, "createEmailInvitations")
    assert entry["milliseconds"] >= 50
    assert (entry["fault"], entry["effect"]) == (1, "delay 0.05s after")


def test_an_answer_in_the_tracking_api_can_go_wrong_too(sandbox: SandboxUnderTest) -> None:
    arm(sandbox, "track 503 after")
    assert unjudged(sandbox, "POST", "/v1/track", {"writeKey": sandbox["writeKey"], **an_order()}).status == 503
    assert len(sandbox.rows("segment/events")) == 1


def test_the_journal_says_what_struck_and_how(sandbox: SandboxUnderTest) -> None:
    find(sandbox)
    assert (last_entry(sandbox, "findBusinessUnit")["fault"], last_entry(sandbox, "findBusinessUnit")["effect"]) == (
        None,
        None,
    )
    arm(sandbox, "find 429 as gateway retry-after 3")
    find(sandbox)
    entry = last_entry(sandbox, "findBusinessUnit")
    assert (entry["status"], entry["fault"], entry["effect"]) == (429, 1, "429 as gateway retry-after 3")


def test_a_fault_between_two_invitations_of_one_call_makes_neither(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    arm(sandbox, "email-invitations 500")
    assert invite(sandbox, token, productReviewInvitation={"products": PRODUCTS}).status == 500
    assert sandbox.rows("invitations") == []


# --- records and messages ---------------------------------------------------------------------------------------------


def test_a_fault_can_be_told_member_by_member(sandbox: SandboxUnderTest) -> None:
    row = arm(
        sandbox,
        {
            "operations": ["find", "email-invitations"],
            "method": "POST",
            "path": "/v1/private/**",
            "body": {"consumerEmail": "ada@example.com", "/serviceReviewInvitation/x": True},
            "headers": {"X-Shop": "7"},
            "nth": 2,
            "status": 503,
            "shape": "gateway",
            "retryAfter": 5,
            "delay": "PT0.5S",
            "when": "after",
            "count": 3,
            "probability": 0.5,
            "for": "5m",
        },
    )
    assert row["fault"] == (
        "findBusinessUnit,createEmailInvitations POST /v1/private/** "
        "503 as gateway retry-after 5 delay 0.5s after where consumerEmail=ada@example.com "
        "where /serviceReviewInvitation/x=true header X-Shop=7 from 2 50% for 300s x3"
    )
    again = arm(sandbox, row["fault"])
    assert {**again, "id": 1, "expiresAt": row["expiresAt"]} == row


@pytest.mark.parametrize(
    ("fault", "where"),
    [
        ({"fault": "email-invitation 429"}, "did you mean email-invitations?"),
        ({"fault": "createEmailInvitation 429"}, "did you mean createEmailInvitations?"),
        ({"fault": "find brokenjson"}, "did you mean broken-json?"),
        ({"fault": "find 429", "status": 429}, "a line or the other members"),
        ({"status": 429}, "which calls does it strike"),
        ({"operation": "reviews", "status": 500}, "listProductReviews or"),
        ({"operation": "find", "effect": "brokn-json"}, "did you mean broken-json?"),
        ({"operation": "find", "effect": "refused"}, "what goes out"),
        ({"operation": "deliver", "effect": "cut"}, "status, timeout, refused, reset, dns"),
        ({"operation": "find", "effect": "cut-body", "when": "before"}, "always strikes after"),
        ({"operation": "find", "effect": "stall", "hold": "31s"}, "longer than 30 s"),
        ({"operation": "find", "effect": "drip", "hold": "1s"}, "lasts no time"),
        ({"operation": "find", "status": 500, "hold": "x"}, "hold: 'x' is not a duration"),
        ({"operation": "find", "effect": "html", "status": 500}, "goes with no status"),
        ({"operation": "find", "effect": "cut", "retryAfter": 1}, "Retry-After goes with a status"),
        ({"operation": "find", "status": 500, "body": {"a": [1]}}, "a is compared with"),
        ({"operation": "find", "status": 500, "path": "v1"}, "begins with /"),
        ({"operation": "find", "status": 500, "probability": 0}, "above 0"),
        ({"operation": "track", "status": 500, "shape": "api"}, "Trustpilot's"),
        ({"operation": "accesstoken", "effect": "token-revoked"}, "needs none"),
        ({"operation": "find", "status": 500, "for": "0s"}, "no time at all"),
        ({"operation": "find", "delay": "0.0001ms"}, "above zero"),
    ],
)
def test_a_fault_that_makes_no_sense_is_explained(sandbox: SandboxUnderTest, fault: Any, where: str) -> None:
    answer = sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/faults", data=fault)
    assert answer.status == 400
    assert where in answer.json["detail"]
    assert sandbox.rows("faults") == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_can_be_armed_by_its_own_name(sandbox: SandboxUnderTest, kind: str) -> None:
    operation = "deliver" if "out" in KINDS[kind].rooms else "createEmailInvitations"
    row = arm(sandbox, {"operation": operation, "effect": kind, **({"status": 500} if kind == "status" else {})})
    assert row["effect"] == kind
    assert arm(sandbox, row["fault"])["fault"] == row["fault"]


def test_more_faults_than_a_sandbox_may_have_are_refused(sandbox: SandboxUnderTest) -> None:
    path = f"/_mock/sandboxes/{sandbox.id}/faults"
    for _ in range(FAULTS):
        assert sandbox.call("POST", path, data={"fault": "any 500"}).status == 201
    refused = sandbox.call("POST", path, data={"fault": "any 500"})
    assert (refused.status, refused.json["title"]) == (409, "This sandbox cannot have more faults")
