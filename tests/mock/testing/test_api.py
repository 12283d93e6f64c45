"""What a test can do with its sandbox, over a socket and without one."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from threading import Timer

import pytest
import requests
from tpmock.testing import RefusedError, Tpmock

from tests.mock.testing import shop
from tests.support.stub_destination import StubDestination


def test_real_host_names_lead_to_the_sandbox(bench: Tpmock) -> None:
    found = shop.find(bench)
    assert found.status_code == 200
    assert found.json()["id"] == bench.credentials["businessUnitId"]
    assert found.headers["X-Mock"].startswith("tpmock/")
    assert bench.journal.last["operation"] == "findBusinessUnit"


def test_a_program_that_can_be_configured_gets_addresses_and_credentials(
    bench: Tpmock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.setenv(monkeypatch)
    found = requests.get(
        f"{os.environ['TRUSTPILOT_API_URL']}/v1/business-units/find",
        params={"name": os.environ["TRUSTPILOT_DOMAIN"], "apikey": os.environ["TRUSTPILOT_API_KEY"]},
        timeout=30,
    )
    assert found.status_code == 200
    assert bench.env["TRUSTPILOT_API_KEY"] == bench.credentials.api_key
    assert bench.urls.trustpilot == os.environ["TRUSTPILOT_API_URL"]


def test_what_there_is_no_credential_of_is_reported(bench: Tpmock) -> None:
    with pytest.raises(AttributeError, match=r"there is no credential 'api_kee'\. Did you mean 'api_key'\?"):
        _ = bench.credentials.api_kee
    assert "apiKey" in bench.credentials
    assert "api_key" in dir(bench.credentials)
    assert bench.credentials.api_key not in repr(bench.credentials)


def test_time_moves_when_it_is_reported(bench: Tpmock) -> None:
    bench.clock.freeze()
    before, frozen = bench.clock.now, bench.clock.frozen
    assert before.tzinfo == UTC
    bench.clock.advance("101h")
    bench.clock.advance(timedelta(hours=1))
    assert bench.clock.now - before == timedelta(hours=102)
    bench.clock.resume()
    assert (frozen, bench.clock.frozen) == (True, False)


def test_an_invitation_leaves_when_its_time_has_come(bench: Tpmock) -> None:
    nothing_due = bench.clock.next_due
    assert shop.invite(bench, "1001").status_code == 202
    assert bench.invitations.one(referenceNumber="1001")["state"] == "queued"
    assert (nothing_due, bench.clock.next_due is None) == (None, False)
    assert bench.clock.advance("7d") >= 1
    assert [mail["state"] for mail in bench.invitations] == ["delivered"]
    review = bench.write_review(5, invitation="1001", text="Came at once")
    assert bench.reviews.one(referenceId="1001")["id"] == review["id"]


def test_the_journal_can_be_asked(bench: Tpmock) -> None:
    shop.invite(bench, "1001")
    shop.find(bench)
    [call] = bench.journal.calls("createEmailInvitations")
    assert call["request"]["body"]["referenceNumber"] == "1001"
    assert len(bench.journal) == 3
    assert bench.journal.list(status=200, operation="findBusinessUnit") == [bench.journal.last]
    bench.journal.clear()
    assert len(bench.journal) == 0
    with pytest.raises(AssertionError, match="There are no exchanges at all"):
        _ = bench.journal.last


def test_an_order_can_be_followed(bench: Tpmock) -> None:
    shop.invite(bench, "1001")
    shop.invite(bench, "1002")
    assert bench.traces.last["id"] == bench.invitations.one(referenceNumber="1002")["trace"]
    story = bench.traces.story("1001")
    assert story["id"] == bench.invitations.one(referenceNumber="1001")["trace"]
    assert "createEmailInvitations" in str(story["steps"])


def test_faults_are_armed_and_disarmed(bench: Tpmock) -> None:
    bench.faults.add("find 503 x2")
    assert shop.find(bench).status_code == 503
    assert [fault["struck"] for fault in bench.faults.list()] == [1]
    bench.faults.clear()
    assert bench.faults.list() == []
    assert shop.find(bench).status_code == 200


@pytest.mark.parametrize(
    ("fault", "meets"),
    [
        ("find cut", requests.ConnectionError),
        ("find cut-body", requests.exceptions.ChunkedEncodingError),
        ("find timeout 5s", requests.ReadTimeout),
        ("find stall 5s", requests.ConnectionError),
        ("find delay 5s", requests.ReadTimeout),
        ("find broken-json", requests.JSONDecodeError),
    ],
)
def test_what_breaks_on_the_wire_breaks_alike(bench: Tpmock, fault: str, meets: type[Exception]) -> None:
    bench.faults.add(fault)
    with pytest.raises(requests.RequestException) as met:
        shop.find(bench, timeout=0.3).json()
    assert type(met.value) is meets


def test_headers_of_a_stalled_answer_come_at_once(bench: Tpmock) -> None:
    bench.faults.add("find stall 2s")
    with shop.find(bench, timeout=1, stream=True) as answer:
        assert answer.status_code == 200


def test_switches_are_read_and_moved(bench: Tpmock) -> None:
    assert bench.variants["token_type"] == "Bearer"
    bench.variants["token_type"] = "BearerToken"
    bench.variants.set(partner_grant="password", expires_in="number")
    assert bench.variants["partner_grant"] == "password"
    assert {"name", "value", "values"} <= bench.variants.list()[0].keys()
    with pytest.raises(RefusedError, match="there is no variant 'partner_grnt'"):
        bench.variants.set(partner_grnt="password")


def test_the_only_one_is_given_or_what_there_is_instead(bench: Tpmock) -> None:
    with pytest.raises(AssertionError, match="There are no invitations at all"):
        bench.invitations.one()
    shop.invite(bench, "1001")
    shop.invite(bench, "1002")
    with pytest.raises(AssertionError) as failed:
        bench.invitations.one(referenceNumber="1003")
    assert "0 invitations with referenceNumber='1003', not one. There are 2:" in str(failed.value)
    assert '"referenceNumber": "1002"' in str(failed.value)
    with pytest.raises(AssertionError, match="2 invitations, not one"):
        bench.invitations.one()


def test_segment_delivers_to_a_destination(bench: Tpmock) -> None:
    with StubDestination() as stub:
        bench.connect_destination(stub.url)
        assert shop.track(bench, "1001").json() == {"success": True}
        delivery = bench.wait_for(bench.deliveries, state="delivered")
    assert delivery["attempts"][0]["status"] == 200
    assert bench.events.last["type"] == "track"


def test_waiting_for_what_comes_later(bench: Tpmock) -> None:
    later = Timer(0.1, shop.invite, (bench, "1001"))
    later.start()
    assert bench.wait_for(bench.invitations, referenceNumber="1001")["consumerEmail"] == "ada@example.com"
    later.join()
    assert bench.wait_for(lambda: len(bench.invitations) == 1) is True


def test_waiting_in_vain_says_what_was_there(bench: Tpmock) -> None:
    shop.invite(bench, "1001")
    with pytest.raises(AssertionError) as failed:
        bench.wait_for(bench.invitations, referenceNumber="1001", state="delivered", timeout=0.1)
    told = str(failed.value)
    assert "0 invitations with referenceNumber='1001', state='delivered' after 0.1 s of real time." in told
    assert '"state": "queued"' in told
    assert "does its clock have to be advanced first?" in told


def test_snapshots_and_reset(bench: Tpmock) -> None:
    shop.invite(bench, "1001")
    bench.snapshot("one-order")
    shop.invite(bench, "1002")
    bench.restore("one-order")
    assert [mail["referenceNumber"] for mail in bench.invitations] == ["1001"]
    bench.reset()
    assert len(bench.invitations) == 0


@pytest.mark.tpmock(seed=7, variants={"token_type": "BearerToken"})
def test_a_marker_says_what_the_sandbox_is_like(bench: Tpmock) -> None:
    described = bench.call("GET", "")
    assert (described["seed"], described["variants"]["token_type"]) == (7, "BearerToken")


@pytest.mark.tpmock(time="2026-01-31T12:00:00Z")
def test_the_clock_begins_when_the_marker_says(bench: Tpmock) -> None:
    begin = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert begin <= bench.clock.now < begin + timedelta(minutes=5)
    shop.invite(bench, "1001")
    assert bench.invitations.one()["createdAt"].startswith("2026-01-31T12:0")
    bench.clock.advance("7d")
    bench.reset()
    assert begin <= bench.clock.now < begin + timedelta(minutes=5)


def test_a_sandbox_is_named_after_its_test(bench: Tpmock) -> None:
    assert bench.id.startswith("test-a-sandbox-is-named-after-its-test-")


def test_a_sandbox_that_the_test_removes_is_no_trouble(bench: Tpmock) -> None:
    bench.call("DELETE", "")
    with pytest.raises(RefusedError) as refused:
        bench.call("GET", "")
    assert refused.value.status == 404
