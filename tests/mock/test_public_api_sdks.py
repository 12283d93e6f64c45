"""What Segment's official clients of the Public API insist on, and what they can ask for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest


def api(sandbox: SandboxUnderTest, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    token = {"Authorization": f"Bearer {sandbox['publicApiToken']}"}
    return sandbox.call(method, path, data=body, headers=token | headers)


@pytest.mark.parametrize("host", ["api.segmentapis.com", "eu1.api.segmentapis.com", "localhost"])
def test_the_workspace_is_at_the_root(host: str, sandbox: SandboxUnderTest) -> None:
    answer = api(sandbox, "GET", "/", Host=host)
    assert answer.status == 200
    [source] = api(sandbox, "GET", "/sources").json["data"]["sources"]
    assert answer.json["data"]["workspace"] == {"id": source["workspaceId"], "slug": "tpmock", "name": "tpmock"}


def test_the_root_of_the_api_host_wants_a_token(sandbox: SandboxUnderTest) -> None:
    assert sandbox.call("GET", "/", headers={"Host": "api.segmentapis.com"}).status == 401


def test_support_levels_are_those_that_the_clients_know(sandbox: SandboxUnderTest) -> None:
    for entry in api(sandbox, "GET", "/catalog/destinations").json["data"]["destinationsCatalog"]:
        features = entry["supportedFeatures"]
        assert {features["cloudModeInstances"], features["deviceModeInstances"]} <= {
            "0",
            "1",
            "MULTIPLE",
            "NONE",
            "SINGLE",
        }


def test_a_regulation_is_listed_in_a_shape_of_its_own(sandbox: SandboxUnderTest) -> None:
    wanted = {"regulationType": "SUPPRESS_ONLY", "subjectType": "USER_ID", "subjectIds": ["u-1", "u-2"]}
    made = api(sandbox, "POST", "/regulations", wanted).json["data"]["regulateId"]
    [entry] = api(sandbox, "GET", "/regulations").json["data"]["regulations"]
    assert entry.pop("createdAt")
    assert entry == {
        "id": made,
        "subjectType": "USER_ID",
        "subjects": ["u-1", "u-2"],
        "status": "INITIALIZED",
        "regulationType": "SUPPRESS_ONLY",
    }


@pytest.mark.parametrize(
    ("query", "status", "kinds"),
    [
        ("triggerError=true", 422, ["validation-failure"]),
        ("triggerMultipleErrors=true", 422, ["validation-failure", "validation-failure"]),
        ("triggerUnexpectedError=true", 500, ["internal-server-error"]),
        ("statusCode=404", 404, ["not-found"]),
        ("statusCode=429", 429, ["rate-limited"]),
    ],
)
def test_echo_answers_as_it_is_asked_to(query: str, status: int, kinds: list[str], sandbox: SandboxUnderTest) -> None:
    answer = api(sandbox, "GET", f"/echo?message=Hello&{query}")
    assert (answer.status, [error["type"] for error in answer.json["errors"]]) == (status, kinds)


def test_echo_does_not_wait(sandbox: SandboxUnderTest) -> None:
    answer = api(sandbox, "GET", "/echo?message=Hello&delay=60000&statusCode=200")
    assert (answer.status, "delay is not waited for" in answer.hint) == (200, True)


def test_too_many_calls_are_refused_by_variant(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    sandbox.control("PATCH", "/variants", {"public_api_rate": "enforced"})
    answers = [api(sandbox, "GET", "/echo?message=Hello") for _ in range(61)]
    assert [answer.status for answer in answers] == [200] * 60 + [429]
    limits = answers[-1].headers
    assert (limits["X-RateLimit-Limit"], limits["X-RateLimit-Remaining"]) == ("60", "0")
    assert 0 < int(limits["X-RateLimit-Reset"]) <= 60
    sandbox.advance("PT1M")
    assert api(sandbox, "GET", "/echo?message=Hello").status == 200
