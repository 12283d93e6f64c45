"""Deletion and suppression, as time passes."""

from __future__ import annotations

from typing import Any

import pytest
from tpmock import spec

from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest, an_order, basic
from tests.support.stub_destination import Say, StubDestination

KINDS = ("SUPPRESS_ONLY", "SUPPRESS_WITH_DELETE", "SUPPRESS_WITH_DELETE_INTERNAL")
FORWARDED = ("SUPPRESS_WITH_DELETE", "DELETE_ONLY")


def api(sandbox: SandboxUnderTest, method: str, target: str, data: Any = None) -> Answer:
    return sandbox.call(method, target, data=data, headers={"Authorization": f"Bearer {sandbox['publicApiToken']}"})


def regulate(sandbox: SandboxUnderTest, kind: str, *users: str, subject: str = "USER_ID") -> str:
    body = {"regulationType": kind, "subjectType": subject, "subjectIds": list(users or ("customer-1",))}
    answer = api(sandbox, "POST", "/regulations", body)
    assert answer.status == 200, answer.text
    return str(answer.json["data"]["regulateId"])


def status(sandbox: SandboxUnderTest, regulation: str) -> dict[str, Any]:
    found: dict[str, Any] = api(sandbox, "GET", f"/regulations/{regulation}").json["data"]["regulation"]
    return found


def suppressed(sandbox: SandboxUnderTest) -> list[str]:
    rows = api(sandbox, "GET", "/suppressions").json["data"]["suppressed"]
    return [user for row in rows for user in row["subjectIds"]]


def test_a_regulation_begins_runs_and_is_finished(sandbox: SandboxUnderTest) -> None:
    regulation = regulate(sandbox, "DELETE_INTERNAL")
    seen = [status(sandbox, regulation)["overallStatus"]]
    for _ in range(2):
        sandbox.advance("1h")
        seen.append(status(sandbox, regulation)["overallStatus"])
    sandbox.advance("1d")
    last = status(sandbox, regulation)
    assert [*seen, last["overallStatus"]] == ["INITIALIZED", "RUNNING", "RUNNING", "FINISHED"]
    assert last["finishedAt"] > last["createdAt"]


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_is_suppressed_is_dropped_from_all_sources_until_unsuppressed(
    sandbox: SandboxUnderTest, kind: str
) -> None:
    other = sandbox.control("PUT", "/segment/sources/Web%20shop", {})["writeKeys"][0]
    regulate(sandbox, kind)
    sandbox.track(an_order())
    sandbox.advance("1h")
    assert suppressed(sandbox) == ["customer-1"]
    sandbox.track(an_order())
    sandbox.track(an_order(), headers={"Authorization": basic(other)})
    sandbox.track({**an_order(), "userId": "customer-2"})
    regulate(sandbox, "UNSUPPRESS")
    sandbox.advance("1h")
    assert suppressed(sandbox) == []
    sandbox.track(an_order())
    reasons = [event["reason"] for event in sandbox.rows("segment/events")]
    assert reasons == [None, "suppressed", "suppressed", None, None]


@pytest.mark.parametrize("payload", ["arrays", "objects"])
@pytest.mark.parametrize("kind", FORWARDED)
def test_destinations_are_told_to_delete(
    sandbox: SandboxUnderTest, destination: StubDestination, kind: str, payload: str
) -> None:
    sandbox.control("PATCH", "/variants", {"delete_payload": payload})
    sandbox.connect(destination.url)
    regulation = regulate(sandbox, kind, "customer-1", "customer-2")
    sandbox.advance("1h")
    sandbox.settle()
    told = [received.event for received in destination.received]
    assert {event["userId"] for event in told} == {"customer-1", "customer-2"}
    empty: Any = [] if payload == "arrays" else {}
    body = spec.load("segment-destination").operations["deliver"].body["application/json"]
    for event in told:
        assert (event["type"], event["channel"]) == ("delete", "server")
        assert (event["context"], event["integrations"]) == (empty, empty)
        assert event["messageId"].startswith("delete-")
        assert body.violation(event) is None
    assert destination.received[0].headers["Authorization"] == basic(sandbox["integrationKey"])
    sandbox.advance("1d")
    done = status(sandbox, regulation)
    [stream] = done["streamStatus"]
    [part] = stream["destinationStatus"]
    assert (done["overallStatus"], part["status"], part["name"]) == ("FINISHED", "FINISHED", "Trustpilot")


@pytest.mark.parametrize("kind", ["SUPPRESS_ONLY", "UNSUPPRESS", "DELETE_INTERNAL", "SUPPRESS_WITH_DELETE_INTERNAL"])
def test_what_is_not_forwarded_no_destination_hears_of(
    sandbox: SandboxUnderTest, destination: StubDestination, kind: str
) -> None:
    sandbox.connect(destination.url)
    regulation = regulate(sandbox, kind)
    sandbox.advance("2d")
    assert destination.received == []
    assert status(sandbox, regulation)["overallStatus"] == "FINISHED"


def test_a_destination_that_refuses_fails_the_whole(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    destination.say = [Say(501, b'{"message": "No deletion here."}')]
    sandbox.connect(destination.url)
    regulation = regulate(sandbox, "DELETE_ONLY")
    sandbox.advance("2d")
    done = status(sandbox, regulation)
    [part] = done["streamStatus"][0]["destinationStatus"]
    assert (done["overallStatus"], part["status"]) == ("FAILED", "FAILED")
    assert part["errString"] == "errors.discarded.501"


def test_half_a_success_is_called_so(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    destination.say = [Say(200), Say(400)]
    sandbox.connect(destination.url)
    regulation = regulate(sandbox, "DELETE_ONLY", "customer-1", "customer-2")
    sandbox.advance("2d")
    assert status(sandbox, regulation)["overallStatus"] == "PARTIAL_SUCCESS"


def test_what_is_still_retried_is_waited_for(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    sandbox.control("PATCH", "/variants", {"deletion_time": "PT0S"})
    destination.say = [Say(503), Say(503), Say(200)]
    sandbox.connect(destination.url)
    regulation = regulate(sandbox, "DELETE_ONLY")
    sandbox.advance("1h")
    assert status(sandbox, regulation)["overallStatus"] == "RUNNING"
    sandbox.advance("4h")
    assert status(sandbox, regulation)["overallStatus"] == "FINISHED"


def test_a_destination_that_cannot_delete_fails_the_whole_by_variant(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    sandbox.control("PATCH", "/variants", {"deletion_support": "unsupported"})
    sandbox.connect(destination.url)
    regulation = regulate(sandbox, "DELETE_ONLY")
    sandbox.advance("2d")
    done = status(sandbox, regulation)
    assert done["overallStatus"] == "FAILED"
    assert done["streamStatus"][0]["destinationStatus"][0]["status"] == "NOT_SUPPORTED"
    assert destination.received == []


def test_what_segment_itself_stored_is_gone(sandbox: SandboxUnderTest) -> None:
    sandbox.track(an_order())
    sandbox.track({**an_order(), "userId": "customer-2"})
    regulate(sandbox, "DELETE_INTERNAL")
    sandbox.advance("2d")
    assert [event["userId"] for event in sandbox.rows("segment/events")] == ["customer-2"]


def test_a_regulation_goes_on_after_its_sandbox_was_brought_back(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    sandbox.connect(destination.url)
    regulation = regulate(sandbox, "SUPPRESS_WITH_DELETE")
    sandbox.control("PUT", "/snapshots/asked")
    sandbox.advance("2d")
    sandbox.control("POST", "/snapshots/asked/restore")
    assert (status(sandbox, regulation)["overallStatus"], suppressed(sandbox)) == ("INITIALIZED", [])
    sandbox.advance("2d")
    assert (status(sandbox, regulation)["overallStatus"], suppressed(sandbox)) == ("FINISHED", ["customer-1"])
    assert len(destination.received) == 2


def test_regulations_are_listed_by_status_and_type(sandbox: SandboxUnderTest) -> None:
    first = regulate(sandbox, "SUPPRESS_ONLY")
    sandbox.advance("2h")
    second = regulate(sandbox, "DELETE_ONLY")

    def listed(query: str = "") -> list[str]:
        found = api(sandbox, "GET", f"/regulations{query}").json["data"]["regulations"]
        return [row["id"] for row in found]

    assert listed() == [second, first]
    assert listed("?status=FINISHED") == [first]
    assert listed("?regulationTypes=DELETE_ONLY,UNSUPPRESS") == [second]
    assert [row["id"] for row in sandbox.rows("segment/regulations")] == [first, second]


def test_objects_are_not_supported(sandbox: SandboxUnderTest) -> None:
    regulation = regulate(sandbox, "DELETE_ONLY", "object-1", subject="OBJECT_ID")
    assert status(sandbox, regulation)["overallStatus"] == "NOT_SUPPORTED"


@pytest.mark.parametrize(
    "changes",
    [
        {"regulationType": "FORGET"},
        {"subjectType": "EMAIL"},
        {"subjectIds": []},
        {"subjectIds": "customer-1"},
        {"subjectIds": [""]},
        {"subjectIds": [f"user-{number}" for number in range(5_001)]},
    ],
)
def test_a_regulation_that_is_wrong_is_422(sandbox: SandboxUnderTest, changes: dict[str, Any]) -> None:
    body = {"regulationType": "SUPPRESS_ONLY", "subjectType": "USER_ID", "subjectIds": ["u"], **changes}
    assert api(sandbox, "POST", "/regulations", body).status == 422
    assert api(sandbox, "GET", "/regulations").json["data"]["regulations"] == []


def test_an_unknown_regulation_is_404(sandbox: SandboxUnderTest) -> None:
    assert api(sandbox, "GET", "/regulations/nothing").status == 404
