"""The OpenAPI documents as JSON, and the collections of Postman and Bruno that are made from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tpmock import spec
from tpmock.control.request_collections import sample
from tpmock.spec.model import JSON

from tests.support.sandboxes import SandboxUnderTest, basic

CALLED = ("trustpilot", "segment-tracking", "segment-public", "control")


def requests_of(items: list[Any]) -> Iterator[Any]:
    for folder in items:
        yield from folder.get("item") or folder["items"]


@pytest.mark.parametrize("api", spec.APIS)
def test_a_document_is_served_and_leads_to_the_mock(api: str, sandbox: SandboxUnderTest) -> None:
    served = sandbox.call("GET", f"/_mock/openapi/{api}.json").json
    assert [error.message for error in OpenAPIV31SpecValidator(served).iter_errors()] == []
    assert set(spec.load(api).operations) == {
        operation["operationId"]
        for item in served["paths"].values()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }
    assert served["servers"][0]["url"].startswith("http://")
    own = [item for item in served["paths"].values() if "servers" in item]
    assert all(item["servers"][0] == served["servers"][0] for item in own)


def test_an_unknown_document_is_refused(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", "/_mock/openapi/other.json")
    assert answer.status == 400
    assert "trustpilot.json" in answer.hint


@pytest.mark.parametrize("api", CALLED)
@pytest.mark.parametrize("tool", ["postman", "bruno"])
def test_a_collection_has_every_call_and_every_variable(tool: str, api: str, sandbox: SandboxUnderTest) -> None:
    found = sandbox.control("GET", f"/{tool}/{api}.json")
    made = list(requests_of(found["item"] if tool == "postman" else found["items"]))
    assert len(made) == len(spec.load(api).operations)
    known = found["variable"] if tool == "postman" else found["environments"][0]["variables"]
    values = {one.get("key") or one["name"]: one["value"] for one in known}
    assert set(re.findall(r"\{\{(\w+)\}\}", str(made))) <= set(values)
    assert (values["apiKey"], values["sandboxId"]) == (sandbox["apiKey"], sandbox.id)


def test_the_first_requests_of_the_postman_collection_work(sandbox: SandboxUnderTest) -> None:
    """A token by the request that asks for one, then every public GET of the unit."""
    found = sandbox.control("GET", "/postman/trustpilot.json")
    values = {one["key"]: one["value"] for one in found["variable"]}
    made = list(requests_of(found["item"]))

    def fill(text: str) -> str:
        return re.sub(r"\{\{(\w+)\}\}", lambda variable: values[variable[1]], text)

    def send(item: Any) -> Any:
        request = item["request"]
        auth = {one["key"]: fill(one["value"]) for one in request["auth"].get("basic", ())}
        headers = {one["key"]: fill(one["value"]) for one in request["header"]}
        if auth:
            headers["Authorization"] = basic(auth["username"], auth["password"])
        form = {one["key"]: one["value"] for one in request.get("body", {}).get("urlencoded", ())}
        target = fill(request["url"]["raw"]).removeprefix(values["baseUrl"])
        return sandbox.call(request["method"], target, form=form or None, headers=headers)

    token = next(item for item in made if "event" in item)
    assert send(token).json["access_token"]
    ready = [
        item
        for item in made
        if item["request"]["method"] == "GET"
        and item["request"]["auth"]["type"] == "noauth"
        and re.fullmatch(
            r"\{\{baseUrl\}\}/v1/business-units/\{\{businessUnitId\}\}(/\w+)?", item["request"]["url"]["raw"]
        )
        and not any(not one["disabled"] for one in item["request"]["url"]["query"])
    ]
    assert len(ready) >= 8
    assert {send(item).status for item in ready} == {200}


@pytest.mark.parametrize("api", CALLED)
def test_a_sample_body_fits_its_schema(api: str) -> None:
    for operation in spec.load(api).operations.values():
        schema = operation.body.get(JSON)
        if schema is not None:
            assert schema.violation(sample(schema.document)) is None, operation.id
