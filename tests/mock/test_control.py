"""The control API: sandboxes apart from each other, time, faults, variants, lists."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tpmock import spec
from tpmock.common.version import __version__

from tests.support.doors import Door, Judge
from tests.support.sandboxes import TOKEN_PATH, SandboxUnderTest, an_invitation, an_order, basic

CREDENTIALS = {
    *("apiKey", "apiSecret", "username", "password", "businessUserId", "businessUnitId", "domain", "templateId"),
    *("partnerId", "partnerApiKey", "partnerApiSecret", "partnerUsername", "partnerPassword", "redirectUri"),
    *("writeKey", "integrationKey"),
}


def test_health_says_which_program_it_is(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", "/_mock/health").json
    assert (answer["status"], answer["version"]) == ("ok", __version__)
    assert answer["sandboxes"] >= 2


def test_a_new_sandbox_has_credentials_and_addresses(sandbox: SandboxUnderTest) -> None:
    described = sandbox.call("GET", f"/_mock/sandboxes/{sandbox.id}").json
    assert described["credentials"].keys() >= CREDENTIALS
    assert set(described["urls"]) == {
        *("mock", "trustpilot", "invitations", "authenticate"),
        *("segment", "segmentPublicApi"),
    }
    assert all(url.startswith("http://") for url in described["urls"].values())


def test_two_sandboxes_share_no_key_and_no_state(new_sandbox: Callable[..., SandboxUnderTest]) -> None:
    one, other = new_sandbox(seed=7), new_sandbox(seed=7)
    for name in ("apiKey", "partnerId", "partnerApiKey", "writeKey", "integrationKey", "otherApiKey"):
        assert one[name] != other[name]
    one.invite()
    assert (len(one.rows("invitations")), other.rows("invitations")) == (1, [])
    assert other.control("GET", "/journal")["total"] == 0


def test_a_token_of_one_sandbox_acts_in_that_sandbox_whoever_sends_it(
    new_sandbox: Callable[..., SandboxUnderTest],
) -> None:
    one, other = new_sandbox(), new_sandbox()
    other.invite(token=one.access_token())
    assert (len(one.rows("invitations")), other.rows("invitations")) == (1, [])


def test_same_id_same_seed_same_calls_give_the_same_everything(door: Door, judge: Judge) -> None:
    def story() -> list[Any]:
        sandbox = SandboxUnderTest(door, judge, id="repeatable", seed=42)
        try:
            token = sandbox.access_token()
            sandbox.invite(token=token)
            return [sandbox.credentials, token, sandbox.rows("invitations")[0]["id"]]
        finally:
            sandbox.control("DELETE", "")

    assert story() == story()


def test_an_id_that_is_taken_is_409(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("POST", "/_mock/sandboxes", data={"id": sandbox.id})
    assert answer.status == 409
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_sandbox_can_be_made_from_a_named_world_only(new_sandbox: Callable[..., SandboxUnderTest]) -> None:
    sandbox = new_sandbox(world="default")
    assert sandbox.control("GET", "")["world"] == "default"
    answer = sandbox.call("POST", "/_mock/sandboxes", data={"world": "middle-earth"})
    assert (answer.status, "default" in answer.json["detail"]) == (400, True)


def test_a_deleted_sandbox_is_gone_with_its_keys(new_sandbox: Callable[..., SandboxUnderTest]) -> None:
    gone = new_sandbox()
    gone.control("DELETE", "")
    assert gone.call("GET", f"/_mock/sandboxes/{gone.id}").status == 404
    assert gone.get("/v1/business-units/find?name=trustpilotdemo.com").status == 401


def test_the_default_sandbox_stays(sandbox: SandboxUnderTest) -> None:
    assert sandbox.call("DELETE", "/_mock/sandboxes/default").status == 409


def test_reset_goes_back_to_the_seed_not_to_empty(sandbox: SandboxUnderTest) -> None:
    token = sandbox.access_token()
    sandbox.invite(token=token)
    sandbox.advance("7d")
    sandbox.control("PATCH", "/variants", {"token_type": "BearerToken"})
    sandbox.control("POST", "/faults", {"operation": "findBusinessUnit", "status": 500})
    described = sandbox.control("POST", "/reset")
    assert described["credentials"] == sandbox.credentials
    assert described["variants"]["token_type"] == "Bearer"
    assert sandbox.rows("invitations") == sandbox.rows("tokens") == sandbox.rows("faults") == []
    assert sandbox.rows("business-units")
    assert sandbox.control("GET", "/journal")["total"] == 0
    assert sandbox.invite(token=token).status == 401
    assert sandbox.get("/v1/business-units/find?name=trustpilotdemo.com").status == 200


def test_reset_keeps_the_variants_it_was_made_with(new_sandbox: Callable[..., SandboxUnderTest]) -> None:
    sandbox = new_sandbox(variants={"invitation_status": "201"})
    sandbox.control("PATCH", "/variants", {"invitation_status": "200"})
    sandbox.control("POST", "/reset")
    assert sandbox.invite().status == 201


def test_the_clock_begins_when_it_is_told_to(new_sandbox: Callable[..., SandboxUnderTest]) -> None:
    sandbox = new_sandbox(time="2026-01-31T13:00:00+01:00")
    assert sandbox.control("GET", "/clock")["now"].startswith("2026-01-31T12:0")
    assert sandbox.access_token()
    sandbox.control("PUT", "/snapshots/begin")
    sandbox.advance("7d")
    assert sandbox.control("GET", "/clock")["now"].startswith("2026-02-07T12:0")
    assert sandbox.control("POST", "/reset")["now"].startswith("2026-01-31T12:0")
    sandbox.control("POST", "/snapshots/begin/restore")
    assert sandbox.control("POST", "/reset")["now"].startswith("2026-01-31T12:0")


@pytest.mark.parametrize("time", ["noon", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z", ""])
def test_a_beginning_that_is_no_moment_is_400(sandbox: SandboxUnderTest, time: str) -> None:
    answer = sandbox.call("POST", "/_mock/sandboxes", data={"time": time})
    assert answer.status == 400
    assert "time" in answer.hint


def test_time_moves_by_what_was_asked(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    before = sandbox.control("GET", "/clock")
    after = sandbox.control("POST", "/clock/advance", {"by": "P1DT1H"})
    assert before["frozen"]
    assert after["frozen"]
    assert (_seconds(after["now"]) - _seconds(before["now"])) == 90_000
    assert sandbox.control("GET", "/clock")["now"] == after["now"]
    assert not sandbox.control("POST", "/clock/resume")["frozen"]


def _seconds(text: str) -> float:
    from datetime import datetime  # noqa: PLC0415 - one use

    return datetime.fromisoformat(text).timestamp()


def test_what_falls_due_happens_at_its_own_time_in_order(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    now = sandbox.control("GET", "/clock")["now"]
    for number, hours in (("late", 3), ("soon", 1)):
        part = {"preferredSendTime": _later(now, hours)}
        sandbox.invite(an_invitation(referenceNumber=number, serviceReviewInvitation=part))
    assert sandbox.control("GET", "/clock")["nextDue"][:19] == _later(now, 1)
    assert sandbox.control("POST", "/clock/advance", {"by": "1d"})["performed"] == 2
    sent = {row["referenceNumber"]: row["sentAt"] for row in sandbox.rows("invitations")}
    assert sent == {"late": _later(now, 3) + "Z", "soon": _later(now, 1) + "Z"}


def _later(now: str, hours: int) -> str:
    from datetime import datetime, timedelta  # noqa: PLC0415 - one use

    return (datetime.fromisoformat(now) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S")


def test_two_who_advance_at_once_lose_and_double_nothing(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    before = _seconds(sandbox.control("GET", "/clock")["now"])
    for number in range(20):
        sandbox.invite(an_invitation(referenceNumber=str(number)))
    with ThreadPoolExecutor(4) as pool:
        performed = list(
            pool.map(lambda _: sandbox.control("POST", "/clock/advance", {"by": "1h"})["performed"], range(4))
        )
    assert sum(performed) == 20
    assert _seconds(sandbox.control("GET", "/clock")["now"]) - before == 4 * 3600


@pytest.mark.parametrize("by", ["", "7", "P", "PT", "soon", "-1d", "P1Y", "PT1H1D", "1e9d", "99999999w", "٣d"])
def test_a_duration_that_is_none_is_400(sandbox: SandboxUnderTest, by: str) -> None:
    answer = sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/clock/advance", data={"by": by})
    assert answer.status == 400
    assert answer.json["detail"].startswith("by: ")


def test_the_calendar_ends_before_any_date_format_does(sandbox: SandboxUnderTest) -> None:
    sandbox.advance("P2000000D")
    answer = sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/clock/advance", data={"by": "P2000000D"})
    assert answer.status == 400
    assert sandbox.token().status == 200


def test_settle_at_rest_returns_at_once(sandbox: SandboxUnderTest) -> None:
    assert sandbox.control("POST", "/settle", {}) == {"settled": True, "due": 0, "inFlight": 0}
    assert sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/settle").status == 200


@pytest.mark.parametrize("timeout", ["x", "PT61S", "1d"])
def test_settle_is_bounded(sandbox: SandboxUnderTest, timeout: str) -> None:
    path = f"/_mock/sandboxes/{sandbox.id}/settle"
    assert sandbox.call("POST", path, data={"timeout": timeout}).status == 400


def test_a_fault_strikes_as_often_as_it_was_told_and_is_gone(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/faults", {"operation": "createEmailInvitations", "status": 429, "count": 2})
    statuses = [sandbox.invite().status for _ in range(3)]
    assert statuses == [429, 429, 202]
    assert sandbox.rows("faults") == []
    assert len(sandbox.rows("invitations")) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503, 520])
def test_a_fault_answers_in_the_shape_documented_for_its_status(sandbox: SandboxUnderTest, status: int) -> None:
    sandbox.control("POST", "/faults", {"operation": "findBusinessUnit", "status": status})
    path = "/v1/business-units/find?name=trustpilotdemo.com"
    answer = sandbox._door.send("GET", path, {"apikey": sandbox["apiKey"]}, b"")
    assert answer.status == status
    assert "Fault 1" in answer.headers["X-Mock-Hint"]
    assert (answer.body == b"") == (status in (503, 520))
    [entry] = sandbox.control("GET", "/journal?operation=findBusinessUnit")["journal"]
    assert entry["fault"] == 1


def test_a_slow_fault_still_tells_the_truth(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/faults", {"operation": "createEmailInvitations", "delay": "PT0.05S"})
    assert sandbox.invite().status == 202
    [entry] = sandbox.control("GET", "/journal?operation=createEmailInvitations")["journal"]
    assert entry["milliseconds"] >= 50


def test_a_call_that_a_fault_holds_back_is_not_rest(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/faults", {"operation": "createEmailInvitations", "delay": "PT0.4S"})
    token = sandbox.access_token()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(sandbox.invite, token=token)
        while sandbox.rows("faults"):
            """The fault is active until the request has arrived."""
        sandbox.settle()
        assert len(sandbox.rows("invitations")) == 1
        assert slow.result().status == 202


@pytest.mark.parametrize(
    ("fault", "where"),
    [
        ({"operation": "nothing", "status": 500}, "operation"),
        ({"operation": "track"}, "status, a delay"),
        ({"operation": "track", "status": 200}, "status"),
        ({"operation": "track", "status": 500, "count": 0}, "count"),
        ({"operation": "track", "delay": "1h"}, "delay"),
        ({"operation": "track", "status": 500, "x": 1}, "not documented"),
    ],
)
def test_a_fault_that_cannot_be_armed_is_explained(sandbox: SandboxUnderTest, fault: Any, where: str) -> None:
    answer = sandbox.call("POST", f"/_mock/sandboxes/{sandbox.id}/faults", data=fault)
    assert answer.status == 400
    assert where in answer.json["detail"]
    assert sandbox.rows("faults") == []


def test_faults_can_be_disarmed(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/faults", {"operation": "track", "status": 500, "count": 9})
    sandbox.control("DELETE", "/faults")
    assert sandbox.track(an_order()).status == 200


def test_variants_tell_where_they_come_from(sandbox: SandboxUnderTest) -> None:
    listed = sandbox.control("GET", "/variants")["variants"]
    assert {"partner_grant", "send_time_formats", "delivered_types"} <= {row["name"] for row in listed}
    assert all(row["value"] == row["default"] in row["values"] and row["evidence"]["source"] for row in listed)


@pytest.mark.parametrize(
    "switches", [{"nothing": "x"}, {"token_type": "x"}, {"issued_at": "seconds", "token_type": "x"}]
)
def test_a_wrong_switch_moves_none(sandbox: SandboxUnderTest, switches: dict[str, str]) -> None:
    path = f"/_mock/sandboxes/{sandbox.id}/variants"
    assert sandbox.call("PATCH", path, data=switches).status == 400
    assert sandbox.control("GET", "")["variants"]["issued_at"] == "milliseconds"


def test_lists_filter_by_any_field_and_count_before_the_limit(sandbox: SandboxUnderTest) -> None:
    for number in ("1", "2", "2"):
        sandbox.invite(an_invitation(referenceNumber=number))
    found = sandbox.control("GET", "/invitations?referenceNumber=2&limit=1")
    assert (found["total"], len(found["invitations"])) == (2, 1)
    assert sandbox.control("GET", "/invitations?state=queued&sentAt=null")["total"] == 3
    assert sandbox.control("GET", "/business-users?twoStep=true")["total"] == 1
    assert sandbox.control("GET", "/invitations?nothing=1")["total"] == 0
    ones = sandbox.control("GET", "/reviews?stars=1&countBy=stars")
    assert ones["counts"] == {"1": ones["total"]} != {"1": 0}
    assert sandbox.control("GET", "/reviews?stars=true")["total"] == 0


def test_lists_are_paged_from_the_newest_and_counted_by_a_field(sandbox: SandboxUnderTest) -> None:
    for number in range(5):
        sandbox.invite(an_invitation(referenceNumber=str(number)))
        sandbox.advance("1m")
    pages = [sandbox.control("GET", f"/invitations?limit=2&skip={skip}") for skip in (0, 2, 4, 6)]
    shown = [[row["referenceNumber"] for row in page["invitations"]] for page in pages]
    assert shown == [["3", "4"], ["1", "2"], ["0"], []]
    assert {page["total"] for page in pages} == {5}
    assert "counts" not in pages[0]
    counted = sandbox.control("GET", "/invitations?limit=1&countBy=state")
    assert counted["counts"] == {"delivered": 4, "queued": 1}
    assert sandbox.control("GET", "/invitations?state=queued&countBy=businessUserId")["counts"] == {"null": 1}
    assert sandbox.control("GET", "/invitations?countBy=nothing")["counts"] == {}
    for collection in ("events", "deliveries"):
        assert sandbox.control("GET", f"/segment/{collection}?skip=1&countBy=state")["counts"] == {}


def test_the_journal_is_paged_from_the_newest(sandbox: SandboxUnderTest) -> None:
    for number in range(3):
        sandbox.invite(an_invitation(referenceNumber=str(number)))
    found = [
        sandbox.control("GET", f"/journal?operation=createEmailInvitations&limit=2&skip={skip}") for skip in (0, 2, 4)
    ]
    shown = [[row["request"]["body"]["referenceNumber"] for row in page["journal"]] for page in found]
    assert shown == [["1", "2"], ["0"], []]
    assert len(sandbox.control("GET", "/journal.har?limit=1&skip=1")["log"]["entries"]) == 1


@pytest.mark.parametrize("name", ["id", "type", "state", "trace", "referenceNumber", "consumerEmail"])
def test_a_field_that_is_known_without_the_row_says_what_the_row_says(sandbox: SandboxUnderTest, name: str) -> None:
    sandbox.invite(an_invitation(consumerName="Zoë", consumerEmail="zoë@example.com", referenceNumber="ø 1"))
    [row] = sandbox.rows("invitations")
    assert sandbox.control("GET", f"/invitations?countBy={name}")["counts"] == {row[name] or "null": 1}


@pytest.mark.parametrize(
    "path",
    [
        "invitations?limit=0",
        "invitations?skip=-1",
        "journal?skip=x",
        "invitations?limit=x",
        "nothing",
        "segment/nothing",
    ],
)
def test_a_list_that_is_none_is_400(sandbox: SandboxUnderTest, path: str) -> None:
    assert sandbox.call("GET", f"/_mock/sandboxes/{sandbox.id}/{path}").status == 400


def test_an_unknown_sandbox_is_404_everywhere(sandbox: SandboxUnderTest) -> None:
    for path in ("", "/clock", "/journal", "/invitations", "/segment/events", "/faults", "/variants"):
        answer = sandbox.call("GET", f"/_mock/sandboxes/nobody{path}")
        assert answer.status == 404
        assert "nobody" in answer.json["detail"]


def test_a_destination_is_shown_with_its_key_masked(sandbox: SandboxUnderTest) -> None:
    sandbox.connect("http://127.0.0.1:9/")
    shown = sandbox.control("GET", "/segment/destinations/Trustpilot")
    assert shown == {
        "id": shown["id"],
        "name": "Trustpilot",
        "type": "direct",
        "integration": "Trustpilot",
        "source": None,
        "filters": [],
        "url": "http://127.0.0.1:9/",
        "enabled": True,
        "settings": {"apiKey": f"{sandbox['integrationKey'][:4]}…"},
    }
    assert sandbox.rows("segment/destinations") == [shown]
    assert sandbox.call("GET", f"/_mock/sandboxes/{sandbox.id}/segment/destinations/Other").status == 404


@pytest.mark.parametrize("url", ["ftp://example.com", "http://", "http://[", "http://127.0.0.1:99999/", "x"])
def test_a_destination_without_a_usable_address_is_400(sandbox: SandboxUnderTest, url: str) -> None:
    body = {"url": url, "settings": {"apiKey": "k"}}
    path = f"/_mock/sandboxes/{sandbox.id}/segment/destinations/Trustpilot"
    assert sandbox.call("PUT", path, data=body).status == 400
    assert sandbox.rows("segment/destinations") == []


def test_coverage_lists_every_operation_with_evidence(sandbox: SandboxUnderTest) -> None:
    rows = sandbox.call("GET", "/_mock/coverage").json["operations"]
    assert {row["api"] for row in rows} == set(spec.APIS)
    assert all(response["evidence"] and response["source"] for row in rows for response in row["responses"])


def test_the_journal_masks_secrets_and_joins_an_orders_trace(sandbox: SandboxUnderTest) -> None:
    sandbox.track(an_order(order_id="77"))
    sandbox.invite(an_invitation(referenceNumber="77"))
    sandbox.token(sandbox.password_form())
    text = sandbox.call("GET", f"/_mock/sandboxes/{sandbox.id}/journal").text
    for secret in ("apiSecret", "password", "writeKey"):
        assert sandbox[secret] not in text
    assert "tpa-" in text
    assert not any(len(word) > 30 for word in text.split('"') if word.startswith(("tpa-", "tpr-")))
    assert basic(sandbox["apiKey"], sandbox["apiSecret"]) not in text
    [event] = sandbox.rows("segment/events")
    traced = sandbox.control("GET", f"/journal?trace={event['trace']}")["journal"]
    assert [entry["operation"] for entry in traced] == ["track", "createEmailInvitations"]


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("business-units?plan=paid", ""),
        ("business-units?plann=paid", "Nothing has the field plann. Did you mean 'plan'?"),
        ("business-units?plan=gold", "Nothing has plan=gold; the values here are paid, free."),
        ("business-units?plan=free&country=XX", "Nothing has country=XX; the values here are"),
        ("invitations?state=queued", ""),
        ("segment/sources?nam=x", "Nothing has the field nam. Did you mean 'name'?"),
    ],
)
def test_a_filter_that_matches_nothing_says_why(sandbox: SandboxUnderTest, query: str, hint: str) -> None:
    answer = sandbox.call("GET", f"/_mock/sandboxes/{sandbox.id}/{query}")
    assert answer.status == 200
    assert (answer.hint or "").startswith(hint) if hint else not answer.hint


def test_the_journal_filters_and_can_be_forgotten(sandbox: SandboxUnderTest) -> None:
    sandbox.get("/v1/business-units/find?name=nobody.example.com")
    sandbox.get("/v1/business-units/find?name=trustpilotdemo.com")
    assert sandbox.control("GET", "/journal?status=404")["total"] == 1
    newest = sandbox.control("GET", "/journal?limit=1")["journal"][0]
    assert newest["status"] == 200
    assert sandbox.control("GET", f"/journal?since={newest['id']}")["total"] == 0
    sandbox.control("DELETE", "/journal")
    assert sandbox.control("GET", "/journal")["total"] == 0
    sandbox.get("/v1/business-units/find?name=trustpilotdemo.com")
    assert sandbox.control("GET", "/journal")["journal"][0]["id"] > newest["id"]


def test_the_journal_keeps_the_hint_and_the_evidence(sandbox: SandboxUnderTest) -> None:
    form = {"grant_type": "client_credentials"}
    sandbox.call("POST", TOKEN_PATH, form=form, headers={"Authorization": basic(sandbox["apiKey"], "wrong")})
    [entry] = sandbox.control("GET", "/journal")["journal"]
    assert "the API secret is wrong" in entry["hint"]
    assert entry["evidence"] == "status=official-code; PY, body=assumed; MOCK"
    assert entry["response"]["body"]["ErrorCode"] == "invalid_client"
