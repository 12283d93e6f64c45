"""The mock is a Flask application: routes, test client, hooks, blueprints of users, error handlers, the end."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from tpmock import spec
from tpmock.faults.wire import ConnectionCutError
from tpmock.server import create_app
from tpmock.server.app import APIS, MockApp
from werkzeug.test import TestResponse

FIND = "/v1/business-units/find?name=trustpilotdemo.com"


@pytest.fixture
def app() -> Iterator[MockApp]:
    with create_app() as made:
        yield made


@pytest.fixture
def hooked() -> Iterator[MockApp]:
    """An application in which a function is registered that Flask calls before each request."""
    with create_app() as made:
        made.before_request(lambda: None)
        yield made


def ask(app: flask.Flask, method: str, target: str, **options: Any) -> TestResponse:
    return app.test_client().open(target, method=method, buffered=True, **options)


def key(app: flask.Flask) -> dict[str, str]:
    answer = ask(app, "GET", "/_mock/sandboxes/default").json
    assert answer is not None
    return {"apikey": answer["credentials"]["apiKey"]}


def test_each_operation_is_an_endpoint_named_by_its_id(app: MockApp) -> None:
    assert isinstance(app, flask.Flask)
    rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    for api in APIS:
        assert api in app.blueprints
        for operation in spec.load(api).operations.values():
            rule = rules[f"{api}.{operation.id}"]
            assert rule.rule == operation.path.replace("{", "<").replace("}", ">")
            assert rule.methods == {operation.method} | ({"HEAD"} if operation.method == "GET" else set())


def test_flask_routes_lists_the_api_and_ends() -> None:
    command = [sys.executable, "-m", "flask", "--app", "tpmock.server:create_app", "routes"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout  # noqa: S603
    for api in APIS:
        for name in spec.load(api).operations:
            assert f"{api}.{name} " in listed


def test_urls_of_operations_can_be_built(app: MockApp) -> None:
    with app.test_request_context():
        assert flask.url_for("trustpilot.getBusinessUnit", businessUnitId="x y") == "/v1/business-units/x%20y"
        assert flask.url_for("trustpilot.findBusinessUnit", name="a.com") == "/v1/business-units/find?name=a.com"


def test_its_test_client_answers(app: MockApp) -> None:
    found = ask(app, "GET", FIND, headers=key(app))
    assert (found.status, found.json and found.json["name"]["identifying"]) == ("200 OK", "trustpilotdemo.com")
    assert found.headers["X-Mock-Evidence"]


@pytest.mark.parametrize(
    ("method", "target", "options"),
    [
        ("GET", FIND, {}),
        ("HEAD", FIND, {}),
        ("GET", f"{FIND}&nmae=x", {}),
        ("GET", "/v1/business-units/", {}),
        ("GET", "/v1/business-units/find/", {}),
        ("GET", "//v1/business-units/find", {}),
        ("GET", "/v1/business-units//find", {}),
        ("GET", "/v1/business-unit/find", {}),
        ("DELETE", FIND, {}),
        ("OPTIONS", "/v1/track", {}),
        (
            *("OPTIONS", "/v1/track"),
            {"headers": {"Access-Control-Request-Method": "POST", "Origin": "https://shop.example"}},
        ),
        ("POST", "/v1/track", {"json": {"userId": "u", "event": "e"}}),
        ("POST", "/v1/track", {"data": b"{", "content_type": "application/json"}),
        ("GET", "/v1/pixel/track?data=e30", {}),
        ("GET", "/_mock/health", {}),
        ("GET", "/_mock/sandboxes/default/reset", {}),
        ("GET", "/_mock/sandboxes/default/nothing", {}),
        ("GET", "/_mock/sandboxes/nothing", {}),
        ("GET", "/", {}),
        ("GET", "/?client_id=x&redirect_uri=y&response_type=code", {}),
        ("GET", "/", {"base_url": "http://authenticate.trustpilot.com"}),
        ("GET", "/_mock", {}),
        ("GET", "/_mock/console/static/console.css", {}),
        ("GET", "/_mock/console/nothing", {}),
        ("DELETE", "/_mock/console/default/orders/", {}),
    ],
)
def test_answers_are_the_same_through_all_of_flask(
    app: MockApp, hooked: MockApp, method: str, target: str, options: dict[str, Any]
) -> None:
    sent = {**options, "headers": {**key(app), **options.get("headers", {})}}
    direct, through = (ask(one, method, target, **sent) for one in (app, hooked))
    assert direct.status == through.status
    for answer in (direct, through):
        answer.headers.pop("Date", None)
    assert sorted(direct.headers) == sorted(through.headers)
    assert direct.data == through.data


@pytest.mark.parametrize("fault", ["cut", "cut-body", "timeout 0.01s"])
def test_a_fault_cuts_the_connection_through_all_of_flask_too(app: MockApp, hooked: MockApp, fault: str) -> None:
    for one in (app, hooked):
        ask(one, "POST", "/_mock/sandboxes/default/faults", json={"fault": f"find {fault} x2"})
        for method in ("GET", "HEAD"):
            with pytest.raises(ConnectionCutError):
                ask(one, method, FIND, headers=key(one))


def test_functions_around_requests_see_documented_operations(app: MockApp) -> None:
    seen = []
    app.before_request(lambda: seen.append(flask.request.endpoint))

    @app.after_request
    def mark(response: flask.Response) -> flask.Response:
        response.headers["X-Mine"] = "1"
        return response

    assert ask(app, "GET", FIND).headers["X-Mine"] == "1"
    assert ask(app, "GET", "/nothing").headers["X-Mine"] == "1"
    assert seen == ["trustpilot.findBusinessUnit", None]


def test_functions_around_one_api_see_that_one_only(app: MockApp) -> None:
    seen = []
    app.before_request_funcs["segment-tracking"] = [lambda: seen.append(flask.request.endpoint)]
    ask(app, "GET", FIND)
    ask(app, "POST", "/v1/track", json={})
    assert seen == ["segment-tracking.track"]


def test_who_subscribes_to_signals_hears_of_documented_operations(app: MockApp) -> None:
    ask(app, "GET", FIND)
    heard = []
    with flask.request_started.connected_to(lambda _: heard.append(flask.request.endpoint), app):
        ask(app, "GET", FIND)
    ask(app, "GET", FIND)
    assert heard == ["trustpilot.findBusinessUnit"]


def test_after_the_first_request_nothing_more_can_be_registered(app: MockApp) -> None:
    ask(app, "GET", FIND)
    with pytest.raises(AssertionError, match="before_request"):
        app.before_request(lambda: None)


def test_a_view_can_be_put_in_place_of_an_operation(app: MockApp) -> None:
    app.view_functions["trustpilot.findBusinessUnit"] = lambda: "mine"
    assert ask(app, "GET", FIND).text == "mine"


def test_what_a_user_adds_gets_all_of_flask(app: MockApp) -> None:
    mine = flask.Blueprint("mine", __name__)

    @mine.before_request
    def note() -> None:
        flask.g.note = "noted"

    @mine.route("/mine/<int:number>")
    def page(number: int) -> str:
        if number == 0:
            flask.abort(404, "no such number")
        return f"{number} {flask.g.note}"

    app.register_blueprint(mine)
    assert ask(app, "GET", "/mine/7").text == "7 noted"
    assert "no such number" in ask(app, "GET", "/mine/0").text
    assert ask(app, "POST", "/mine/7").status_code == 405
    assert "Method Not Allowed" in ask(app, "POST", "/mine/7").text
    assert ask(app, "GET", FIND, headers=key(app)).status_code == 200


def test_the_end_ends_the_threads() -> None:
    before = set(threading.enumerate())
    with create_app() as made:
        assert set(threading.enumerate()) > before
        ask(made, "GET", FIND)
    assert set(threading.enumerate()) <= before
