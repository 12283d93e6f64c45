"""Which operation a path and a method mean."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from flask import Flask, url_for
from tpmock import spec
from tpmock.server.routes import OperationRule, Route, Routes, blueprint
from werkzeug.routing import Rule

from tests.support.doors import routes as routes_of

TEXT = {"type": "string"}
PATHS: dict[str, dict[str, dict[str, Any]]] = {
    "/": {"get": {}},
    "/v1/things": {"get": {}, "post": {}},
    "/v1/things/latest": {"get": {}},
    "/v1/things/{thingId}": {"get": {"thingId": TEXT}, "delete": {"thingId": TEXT}},
    "/v1/things/{thingId}/parts/{partId}": {"get": {"thingId": TEXT, "partId": TEXT}},
    "/v1/boxes/{boxId}/{collection}": {
        "get": {"boxId": TEXT, "collection": {"type": "string", "enum": ["lids", "sides"]}}
    },
    "/v1/boxes/{boxId}/empty": {"post": {"boxId": TEXT}},
    "/v1/boxes/{boxId}/lids": {"post": {"boxId": TEXT}},
}


def document(paths: dict[str, dict[str, dict[str, Any]]]) -> spec.Document:
    answer = {"200": {"description": "It", "x-evidence": {"level": "assumed", "source": "OURS"}}}
    return spec.parse(
        "boxes",
        yaml.safe_dump(
            {
                "openapi": "3.1.0",
                "info": {"title": "Boxes", "version": "1"},
                "servers": [{"url": "https://boxes.example.com"}],
                "x-sources": {"OURS": {"title": "Ours", "url": "https://example.com", "read": "2026-01-31"}},
                "paths": {
                    path: {
                        method: {
                            "operationId": f"{method} {path}",
                            "parameters": [
                                {"name": name, "in": "path", "required": True, "schema": schema}
                                for name, schema in arguments.items()
                            ],
                            "responses": answer,
                        }
                        for method, arguments in item.items()
                    }
                    for path, item in paths.items()
                },
            }
        ),
    )


@pytest.fixture(scope="module")
def routes() -> Routes:
    return routes_of([document(PATHS)])


@pytest.mark.parametrize(
    ("method", "path", "name", "arguments"),
    [
        ("GET", "/", "get /", {}),
        ("GET", "/v1/things", "get /v1/things", {}),
        ("GET", "/v1/things/", "get /v1/things", {}),
        ("GET", "/v1/things/latest", "get /v1/things/latest", {}),
        ("GET", "/v1/things/late st%", "get /v1/things/{thingId}", {"thingId": "late st%"}),
        # The written-out segment has no DELETE; the one of any text has.
        ("DELETE", "/v1/things/latest", "delete /v1/things/{thingId}", {"thingId": "latest"}),
        (
            *("GET", "/v1/things/latest/parts/2", "get /v1/things/{thingId}/parts/{partId}"),
            {"thingId": "latest", "partId": "2"},
        ),
        ("GET", "/v1/boxes/1/lids", "get /v1/boxes/{boxId}/{collection}", {"boxId": "1", "collection": "lids"}),
        # No such collection, and no other path: the operation itself says which there are.
        ("GET", "/v1/boxes/1/lid", "get /v1/boxes/{boxId}/{collection}", {"boxId": "1", "collection": "lid"}),
    ],
)
def test_a_path_leads_to_an_operation(
    routes: Routes, method: str, path: str, name: str, arguments: dict[str, str]
) -> None:
    found = routes.find(method, path)
    assert isinstance(found, Route), found
    assert (found.operation.id, found.arguments) == (name, arguments)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/things", ["GET", "POST"]),
        ("PUT", "/v1/things/latest", ["DELETE", "GET"]),
        ("GET", "/v1/boxes/1/empty", ["POST"]),
        ("PUT", "/v1/boxes/1/lids", ["GET", "POST"]),
        ("GET", "/v1/things//parts/2", []),
        ("GET", "//v1/things", []),
        ("GET", "/v1/things//", []),
        ("GET", "/v1", []),
        ("GET", "/V1/things", []),
        ("GET", "/v1/things/1/parts", []),
    ],
)
def test_otherwise_the_methods_of_the_path_are_reported(
    routes: Routes, method: str, path: str, allowed: list[str]
) -> None:
    assert routes.find(method, path) == allowed


def test_the_nearest_is_named(routes: Routes) -> None:
    near = routes.nearest("/v1/thing")
    assert near is not None
    assert near.path == "/v1/things"
    assert routes.nearest("/zzz") is None


def test_rules_are_cheap_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Rule] = []
    prepare = Rule._compile_builder

    def noted(rule: Rule, *given: bool) -> Any:
        compiled.append(rule)
        return prepare(rule, *given)

    monkeypatch.setattr(Rule, "_compile_builder", noted)
    app = Flask("routes", static_folder=None)
    app.url_rule_class = OperationRule
    compiled.clear()
    app.register_blueprint(blueprint(document(PATHS), str))
    assert compiled == []
    with app.test_request_context():
        assert url_for("boxes.get /v1/things/{thingId}", thingId=1) == "/v1/things/1"
    assert len(compiled) == 1


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        ({"/v1/{name}.json": {"get": {"name": TEXT}}}, "whole segment"),
        ({"/v1/{a}": {"get": {"a": TEXT}}, "/v1/{b}": {"get": {"b": TEXT}}}, "means get /v1/{a} and get /v1/{b}"),
    ],
)
def test_what_is_no_route_is_refused(paths: dict[str, Any], words: str) -> None:
    with pytest.raises(spec.SpecError, match=words):
        routes_of([document(paths)])
