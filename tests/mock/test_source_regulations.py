"""Deletion and suppression for one source alone, and regulations that are taken back."""

from __future__ import annotations

from typing import Any

import pytest
from tpmock.journal.erasure import TOKEN

from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest, an_order, basic
from tests.support.stub_destination import StubDestination


def api(sandbox: SandboxUnderTest, method: str, target: str, data: Any = None) -> Answer:
    return sandbox.call(method, target, data=data, headers={"Authorization": f"Bearer {sandbox['publicApiToken']}"})


def regulate(sandbox: SandboxUnderTest, path: str, kind: str, subject: str = "USER_ID") -> Answer:
    body = {"regulationType": kind, "subjectType": subject, "subjectIds": ["customer-1"]}
    return api(sandbox, "POST", path, body)


@pytest.fixture
def shops(sandbox: SandboxUnderTest) -> dict[str, dict[str, str]]:
    """A second source beside the first."""
    sandbox.control("PUT", "/segment/sources/Web%20shop", {})
    return {row["name"]: {"id": row["id"], "key": row["writeKeys"][0]} for row in sandbox.rows("segment/sources")}


@pytest.fixture
def first(shops: dict[str, dict[str, str]]) -> str:
    return next(name for name in shops if name != "Web shop")


def status(sandbox: SandboxUnderTest, regulation: Answer) -> str:
    found = api(sandbox, "GET", f"/regulations/{regulation.json['data']['regulateId']}").json
    return str(found["data"]["regulation"]["overallStatus"])


def events(sandbox: SandboxUnderTest) -> list[tuple[str, str | None]]:
    return [(row["source"], row["reason"]) for row in sandbox.rows("segment/events")]


def test_one_source_suppresses_and_the_other_does_not(
    sandbox: SandboxUnderTest, shops: dict[str, dict[str, str]], first: str
) -> None:
    path = f"/regulations/sources/{shops['Web shop']['id']}"
    assert regulate(sandbox, path, "SUPPRESS_ONLY").status == 200
    sandbox.advance("1h")
    for name in (first, "Web shop"):
        sandbox.track(an_order(), headers={"Authorization": basic(shops[name]["key"])})
    assert events(sandbox) == [(first, None), ("Web shop", "suppressed")]
    assert api(sandbox, "GET", "/suppressions").json["data"]["suppressed"][0]["subjectIds"] == ["customer-1"]
    regulate(sandbox, path, "UNSUPPRESS")
    sandbox.advance("1h")
    assert api(sandbox, "GET", "/suppressions").json["data"]["suppressed"] == []


def test_a_source_cannot_let_in_whom_the_workspace_suppresses(
    sandbox: SandboxUnderTest, shops: dict[str, dict[str, str]]
) -> None:
    regulate(sandbox, "/regulations", "SUPPRESS_ONLY")
    sandbox.advance("1h")
    asked = regulate(sandbox, f"/regulations/sources/{shops['Web shop']['id']}", "UNSUPPRESS")
    sandbox.advance("1h")
    assert status(sandbox, asked) == "FAILED"
    assert api(sandbox, "GET", "/suppressions").json["data"]["suppressed"] != []


def test_destinations_of_other_sources_are_not_told(
    sandbox: SandboxUnderTest, shops: dict[str, dict[str, str]], first: str, destination: StubDestination
) -> None:
    sandbox.connect(destination.url)
    asked = regulate(sandbox, f"/regulations/sources/{shops['Web shop']['id']}", "DELETE_ONLY")
    sandbox.advance("1h")
    sandbox.settle()
    assert [received.event["projectId"] for received in destination.received] == [shops["Web shop"]["id"]]
    sandbox.advance("1d")
    assert status(sandbox, asked) == "FINISHED"


def test_only_the_events_of_that_source_are_deleted_and_whoever_is_known_elsewhere_is_not_forgotten(
    sandbox: SandboxUnderTest, shops: dict[str, dict[str, str]], first: str
) -> None:
    for name in (first, "Web shop"):
        sandbox.track(an_order(), headers={"Authorization": basic(shops[name]["key"])})
    for name, left, token in ((first, ["Web shop"], False), ("Web shop", [], True)):
        regulate(sandbox, f"/regulations/sources/{shops[name]['id']}", "DELETE_INTERNAL")
        sandbox.advance("1h")
        sandbox.advance("1d")
        assert [source for source, _ in events(sandbox)] == left
        journal = sandbox.call("GET", f"/_mock/sandboxes/{sandbox.id}/journal?operation=track").text
        assert (TOKEN in journal, "ada@example.com" in journal) == (token, not token)


def test_each_list_has_its_own(sandbox: SandboxUnderTest, shops: dict[str, dict[str, str]], first: str) -> None:
    path = f"/regulations/sources/{shops['Web shop']['id']}"
    regulate(sandbox, path, "SUPPRESS_ONLY")
    regulate(sandbox, path, "DELETE_ONLY")
    regulate(sandbox, "/regulations", "DELETE_INTERNAL")

    def count(target: str) -> int:
        return len(api(sandbox, "GET", target).json["data"]["regulations"])

    assert (count(path), count("/regulations"), count(f"/regulations/sources/{shops[first]['id']}")) == (2, 1, 0)
    assert count(f"{path}?regulationTypes=DELETE_ONLY&status=INITIALIZED") == 1
    assert [row["source"] for row in sandbox.rows("segment/regulations")][-1] is None


def test_what_cannot_be_asked_of_a_source(sandbox: SandboxUnderTest, shops: dict[str, dict[str, str]]) -> None:
    assert regulate(sandbox, "/regulations/sources/nothing", "DELETE_ONLY").status == 404
    assert api(sandbox, "GET", "/regulations/sources/nothing").status == 404
    # Objects come from cloud sources.
    assert (
        regulate(sandbox, f"/regulations/sources/{shops['Web shop']['id']}", "DELETE_ONLY", "OBJECT_ID").status == 422
    )


def test_one_that_does_not_run_yet_is_taken_back(sandbox: SandboxUnderTest) -> None:
    asked = regulate(sandbox, "/regulations", "SUPPRESS_ONLY").json["data"]["regulateId"]
    assert api(sandbox, "DELETE", f"/regulations/{asked}").json == {"data": {"status": "SUCCESS"}}
    assert api(sandbox, "DELETE", f"/regulations/{asked}").status == 404
    sandbox.advance("2h")
    assert api(sandbox, "GET", "/suppressions").json["data"]["suppressed"] == []


def test_one_that_runs_goes_on(sandbox: SandboxUnderTest) -> None:
    asked = regulate(sandbox, "/regulations", "DELETE_INTERNAL")
    sandbox.advance("1h")
    refused = api(sandbox, "DELETE", f"/regulations/{asked.json['data']['regulateId']}")
    assert refused.status == 422
    assert "INITIALIZED" in refused.json["errors"][0]["message"]
    assert status(sandbox, asked) == "RUNNING"
