"""The documents are read strictly, and everything in them says how sure we are."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from tpmock import spec

SMALL: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "A small API", "version": "1"},
    "servers": [{"url": "https://api.example.com"}],
    "x-sources": {"PAGE": {"title": "A page", "url": "https://example.com/page", "read": "2026-01-31"}},
    "paths": {
        "/things/{thingId}": {
            "get": {
                "operationId": "getThing",
                "parameters": [
                    {"name": "thingId", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "perPage", "in": "query", "schema": {"type": "integer", "maximum": 9, "default": 5}},
                    {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                ],
                "responses": {
                    "200": {
                        "description": "It",
                        "x-evidence": {"level": "documented", "source": "PAGE"},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {"Thing": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}}
    },
}


def small(**changes: Any) -> spec.Document:
    document = deepcopy(SMALL)
    for path, value in changes.items():
        *parents, last = path.split("__")
        target: Any = document
        for parent in parents:
            target = target[parent] if parent in target else target[next(k for k in target if k.startswith(parent))]
        target[last.replace("_", "-") if last.startswith("x_") else last] = value
    return spec.parse("small", yaml.safe_dump(document))


def test_an_operation_is_read_whole() -> None:
    operation = small().operations["getThing"]
    assert (operation.method, operation.path, operation.success) == ("GET", "/things/{thingId}", 200)
    assert operation.hosts == {"api.example.com"}
    by_name = {parameter.python_name: parameter for parameter in operation.parameters}
    assert by_name["thing_id"].required
    assert (by_name["per_page"].default, by_name["per_page"].convert("7")) == (5, 7)
    assert by_name["tags"].convert("a, b,,c") == ["a", "b", "", "c"]
    assert by_name["tags"].convert("") == []
    assert operation.responses["200"].evidence.text == "status=documented; PAGE, body=documented; PAGE"


@pytest.mark.parametrize(
    ("change", "value", "words"),
    [
        ("webhooks", {}, "webhooks"),
        ("paths__/things__trace", {}, "trace"),
        ("paths__/things__get__callbacks", {}, "callbacks"),
        ("paths__/things__get__responses__200__x_speed", {}, "x-speed"),
        ("paths__/things__get__responses__200__x_evidence", {"level": "sure", "source": "PAGE"}, "level sure"),
        ("paths__/things__get__responses__200__x_evidence", {"level": "documented", "source": "X"}, "source X"),
        ("components__schemas__Thing__if", {}, "if"),
        ("paths__/things__get__responses__200__x_status", 404, "x-status"),
        ("x_fallbacks", {"404": {"description": "None"}}, "without evidence"),
        (
            "components__schemas__Thing__properties",
            {"self": {"$ref": "#/components/schemas/Thing"}},
            "contain themselves",
        ),
        ("components__schemas__Thing__properties", {"x": {"$ref": "#/components/schemas/Nothing"}}, "leads nowhere"),
        ("components__callbacks", {}, "callbacks"),
        ("x_contradictions", [{"topic": "T", "sides": ["a", "b"]}], "either a variant or the reason"),
        ("x_contradictions", [{"topic": "T", "sides": ["a", "b"], "variant": "nothing"}], "no variant nothing"),
        ("components__securitySchemes", {"x": {"type": "mutualTLS"}}, "mutualTLS"),
    ],
)
def test_what_is_not_understood_stops_the_start_and_is_named(change: str, value: Any, words: str) -> None:
    with pytest.raises(spec.SpecError, match=words) as refused:
        small(**{change: value})
    assert str(refused.value).startswith("small")


def test_a_response_without_evidence_is_refused() -> None:
    document = deepcopy(SMALL)
    del document["paths"]["/things/{thingId}"]["get"]["responses"]["200"]["x-evidence"]
    with pytest.raises(spec.SpecError, match="without evidence"):
        spec.parse("small", yaml.safe_dump(document))


KEY = {"key": {"type": "apiKey", "in": "header", "name": "apikey"}}


def test_what_the_document_asks_of_every_caller_is_asked_where_an_operation_says_nothing() -> None:
    silent = small(security=[{"key": []}], components__securitySchemes=KEY).operations["getThing"]
    assert (silent.security, silent.anonymous) == (("key",), False)
    open_to_all = small(
        security=[{"key": []}], components__securitySchemes=KEY, **{"paths__/things__get__security": []}
    ).operations["getThing"]
    assert (open_to_all.security, open_to_all.anonymous) == ((), True)


def test_an_error_body_has_blanks_for_the_facts_of_a_request() -> None:
    value = {"message": "Gone", "errorCode": 0, "details": "", "correlationId": "00000000-0000-0000-0000-000000000000"}
    answer = {
        "description": "None",
        "x-evidence": {"level": "documented", "source": "PAGE"},
        "content": {"application/json": {"schema": {}, "examples": {"gone": {"value": value}}}},
    }
    fallback = small(x_fallbacks={"404": answer}).fallbacks["gone"]
    assert (fallback.status, fallback.body) == (404, value)
    assert fallback.blanks == {"details", "correlationId"}


def test_a_form_for_faults_is_known_by_its_name_and_may_have_no_body() -> None:
    evidence = {"level": "documented", "source": "PAGE"}
    content = {"application/json": {"schema": {}, "examples": {"gone": {"value": {"reason": "{reason}"}}}}}
    shapes = small(
        x_shapes={
            "api": {"description": "One", "x-evidence": evidence, "content": content},
            "empty": {"description": "None", "x-evidence": evidence},
        }
    ).shapes
    assert (shapes["api"].media_type, shapes["api"].body) == ("application/json", {"reason": "{reason}"})
    assert (shapes["empty"].media_type, shapes["empty"].body) == ("", None)
    with pytest.raises(spec.SpecError, match="x-shapes bad: a response without evidence"):
        small(x_shapes={"bad": {"description": "None"}})


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        ({"type": "object", "required": ["a"]}, {}, "a: is required"),
        ({"properties": {"a": {"items": {"type": "integer"}}}}, {"a": [1, "x"]}, "a[1]: must be integer, not string"),
        ({"type": ["string", "null"]}, 7, "must be string or null, not integer"),
        ({"enum": ["x", "y"]}, "z", "must be one of x, y"),
        ({"minLength": 1}, "", "must not be empty"),
        ({"maximum": 5}, 6, "must be at most 5"),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1, "b": 1}, "give either a or b, not both"),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, "needs a or b"),
        ({"additionalProperties": False}, {"x": 1}, "has a member that is not documented"),
        ({"uniqueItems": True}, [1, 1], "breaks the rule uniqueItems"),
    ],
)
def test_a_violation_says_where_what_and_what_was_expected(schema: Any, value: Any, sentence: str) -> None:
    prepared = small(components__schemas__Thing=schema).operations["getThing"].responses["200"].content[spec.model.JSON]
    assert str(prepared.violation(value)) == sentence


@pytest.mark.parametrize("text", ["1_000", " 1", "٣", "1.0", "0x1", "", "9" * 30])
def test_what_python_would_take_for_a_number_and_no_server_would(text: str) -> None:
    [_, per_page, _] = small().operations["getThing"].parameters
    assert per_page.convert(text) == text


@pytest.mark.parametrize("api", spec.APIS)
def test_the_shipped_documents_are_sound(api: str) -> None:
    document = spec.load(api)
    assert document.operations
    for operation in document.operations.values():
        schemas = [operation.parameter_schema, *operation.body.values()]
        for response in operation.responses.values():
            schemas += response.content.values()
        for schema in schemas:
            Draft202012Validator.check_schema(schema.document)


@pytest.mark.parametrize("api", spec.APIS)
def test_every_documented_error_body_fits_its_own_schema(api: str) -> None:
    document = spec.load(api)
    for operation in document.operations.values():
        for example in operation.examples.values():
            schema = operation.responses[str(example.status)].content[example.media_type]
            assert schema.violation(example.body) is None, f"{operation.id}: {example.name}"


def test_operation_ids_are_unique_over_all_documents() -> None:
    names = [name for api in spec.APIS for name in spec.load(api).operations]
    assert len(names) == len(set(names))


def test_whatever_is_assumed_says_why_or_that_it_is_ours() -> None:
    for api in spec.APIS:
        for operation in spec.load(api).operations.values():
            for response in operation.responses.values():
                for claim in filter(None, (response.evidence.status, response.evidence.body)):
                    if claim.level == "assumed":
                        assert claim.source.key == "MOCK" or claim.note


@pytest.mark.parametrize("api", spec.APIS)
def test_every_variant_settles_a_contradiction_or_a_silence(api: str) -> None:
    document = spec.load(api)
    named = {entry.variant for entry in document.contradictions if entry.variant}
    silent = {name for name, variant in document.variants.items() if name not in named}
    for name in silent:
        assert document.variants[name].evidence.note, f"the variant {name} does not say which silence it fills"
    topics = [entry.topic for entry in document.contradictions]
    assert len(topics) == len(set(topics)) >= {"trustpilot": 30, "segment-destination": 10}.get(api, 0)


def test_no_contradiction_is_told_twice() -> None:
    topics = [entry.topic for api in spec.APIS for entry in spec.load(api).contradictions]
    assert len(topics) == len(set(topics)) >= 45
