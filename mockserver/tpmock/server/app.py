"""The application: a Flask application whose documented operations are served by one pipeline."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import flask
from flask import Flask, Request, Response, render_template, request
from flask.signals import request_finished, request_started, request_tearing_down
from tpmock import spec
from tpmock.common.loopback import is_loopback
from tpmock.common.version import __version__
from tpmock.console import ROOT as CONSOLE
from tpmock.control import rules as control
from tpmock.core.api_rules import ApiRules
from tpmock.core.clock import Clock, System
from tpmock.core.garbage import GarbageControl
from tpmock.core.json_text import wsgi_text
from tpmock.core.memory import PROCESS_BYTES, ProcessMemory
from tpmock.core.problems import reason
from tpmock.core.public_url import PublicUrl
from tpmock.core.responses import Page
from tpmock.core.vendor_hosts import is_vendor_host
from tpmock.outbound.function_runner import FunctionRunner, Packages, find_node, find_packages
from tpmock.outbound.http_client import PARALLEL, HttpClient, PooledClient
from tpmock.sandbox import world_file
from tpmock.sandbox.registry import Sandboxes
from tpmock.sandbox.sandbox import DEFAULT, ProcessContext, Sandbox
from tpmock.sandbox.ticker import Ticker
from tpmock.sandbox.world_file import WorldFile
from tpmock.segment import rules as segment
from tpmock.server.answers import Answers, RenderedAnswer
from tpmock.server.broken_connections import break_off
from tpmock.server.control_access import ControlAccess
from tpmock.server.held_callers import HeldCallers
from tpmock.server.own_client import OwnClient
from tpmock.server.pipeline import SANDBOX_KEY, Pipeline
from tpmock.server.request import host_name, takes_mock_for_proxy
from tpmock.server.routes import OperationRule, Route, Routes, blueprint
from tpmock.trustpilot import rules as trustpilot
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from tpmock.console.app import Console
    from tpmock.journal.journal import Entry
    from tpmock.sandbox.autosave import Autosave
    from werkzeug.wrappers import Response as AnyResponse

MARK: Final = f"tpmock/{__version__}"
#: ``X-Mock-Relay`` (:mod:`tpmock.tls.heads`) in a WSGI environment.
RELAYED: Final = "HTTP_X_MOCK_RELAY"

#: The served APIs, by the names of their documents; the first is the default.
APIS: Final[Mapping[str, ApiRules]] = {
    "trustpilot": trustpilot.RULES,
    "segment-tracking": segment.TRACKING_RULES,
    "segment-public": segment.PUBLIC_RULES,
    "control": control.RULES,
}
_LOGIN: Final = "trustpilot.showLogin"
#: Paths of the console, with everything below them.
_PAGES: Final = (CONSOLE, "/_mock/docs", "/_mock/schemas")
#: Other paths of the console.
_SINGLE_PAGES: Final = ("/_mock", "/_mock/llms.txt", "/_mock/ui/components")
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True)
class MockSettings:
    """Settings of a mock.

    :param destination_url: the initial delivery address of the default sandbox's Segment
    :param worlds: world seeds by name, in addition to the bundled one, which is named ``default``, or in its place
    :param public_url: the mock's address for links in webhooks; None to learn it
    :param control_token: token that the control API requires, if any
    :param hosts: additional host names for the control API
    :param state: the state file: all state is restored from it and saved to it
    :param most_sandboxes: maximum number beside the default one
    :param most_bytes: memory budget of all sandboxes, in bytes
    :param system: the source of real time
    :param http_client: sends requests; None for the default client
    :param allow_functions: whether destination functions may run, with the rights of this process's user
    :param node: the Node.js that runs destination functions, if any
    :param packages: the packages that destination functions use
    :param environment: environment variables for runs of the contract kit
    :param serving: whether this process only serves, so that its garbage collector can be configured
    :param watch: called with each entry of a sandbox's journal, under that sandbox's lock
    """

    destination_url: str | None = None
    worlds: Mapping[str, WorldFile] = field(default_factory=dict)
    public_url: str | None = None
    control_token: str | None = None
    hosts: tuple[str, ...] = ()
    state: Path | None = None
    most_sandboxes: int | None = None
    most_bytes: int = PROCESS_BYTES
    system: System | None = None
    http_client: HttpClient | None = None
    allow_functions: bool = False
    node: str | None = field(default_factory=find_node)
    packages: Packages = field(default_factory=find_packages)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    serving: bool = False
    watch: Callable[[Sandbox, Entry], object] | None = None


class OperationResponse(Response):
    """A Flask response for an answer of the pipeline; a fault of the connection is applied while it is sent."""

    default_mimetype = None

    def __init__(self, answer: RenderedAnswer, wait: Callable[[float], None]) -> None:
        super().__init__(answer.body, f"{answer.status} {reason(answer.status)}", answer.header_list())
        self._answer = answer
        self._wait = wait

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the response."""
        if self._answer.wire is None:
            return super().__call__(environ, start_response)
        return _send(self._answer, self.headers.to_wsgi_list(), environ, start_response, self._wait)


class MockApp(Flask):
    """The mock as a Flask application.

    Each API is a blueprint named like its document, each of its operations an endpoint named by its operationId, and
    one view serves them all. Documented operations skip Flask's request context unless something is registered
    that needs it (decision 0001); pages, and views that a user adds, use all of Flask.

    ``close()`` ends the threads; as a context manager the application closes itself.
    """

    url_rule_class = OperationRule

    def __init__(self, settings: MockSettings | None = None) -> None:
        super().__init__("tpmock.server", static_folder=None)
        settings = settings or MockSettings()
        self._executor = ThreadPoolExecutor(PARALLEL, thread_name_prefix="tpmock-outbound")
        self._http_client = settings.http_client or PooledClient()
        self._functions = FunctionRunner(settings.node, allowed=settings.allow_functions, packages=settings.packages)
        self._environment = settings.environment
        self._ticker = Ticker()
        self._held = HeldCallers()
        around = ProcessContext(
            worlds={DEFAULT: world_file.default(), **settings.worlds},
            unchecked=set(settings.worlds),
            system=settings.system or Clock().now,
            http_client=self._http_client,
            itself=OwnClient(self),
            functions=self._functions,
            executor=self._executor,
            owners={},
            recent=OrderedDict(),
            ticker=self._ticker,
            most=settings.most_sandboxes,
            memory=ProcessMemory(settings.most_bytes),
            destination_url=settings.destination_url,
            garbage=GarbageControl(serving=settings.serving),
            watch=settings.watch,
            public_url=PublicUrl(settings.public_url),
        )
        self.sandboxes = Sandboxes(around)
        self.autosave = None if settings.state is None else _autosave(self.sandboxes, settings.state)
        documents = {api: spec.load(api) for api in APIS}
        self.pipeline = Pipeline(
            documents,
            APIS,
            self.sandboxes,
            Answers(self._render, MARK),
            ControlAccess(settings.control_token, settings.hosts),
            around.public_url,
            None if self.autosave is None else self.autosave.save,
            self._held,
        )
        for document in documents.values():
            self.register_blueprint(blueprint(document, self._operation))
        self.view_functions[_LOGIN] = self._root
        for page in (
            "/_mock",
            "/_mock/llms.txt",
            "/_mock/ui/components",
            *_PAGES,
            *(f"{root}/<path:page>" for root in _PAGES),
        ):
            self.add_url_rule(
                page, "console", self._show_console, methods=_METHODS, strict_slashes=False, merge_slashes=False
            )
        for error in (NotFound, MethodNotAllowed):
            self.register_error_handler(error, self._no_operation)
        self._routes = Routes(self.url_map, documents.values())
        workspace = documents["segment-public"].operations["getWorkspace"]
        self._workspace = Route("segment-public.getWorkspace", workspace, {})
        self._ticker.start()

    # --- serving --------------------------------------------------------------------------------------------------

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request: directly by the pipeline where possible, else by Flask."""
        if RELAYED in environ:
            _unpack(environ)
        if self._observed or request_started.receivers or request_finished.receivers or request_tearing_down.receivers:
            return super().wsgi_app(environ, start_response)
        route = self._routes.find(environ["REQUEST_METHOD"], wsgi_text(environ.get("PATH_INFO") or "/"))
        if not isinstance(route, Route) or self.view_functions[route.endpoint] != self._operation:
            return super().wsgi_app(environ, start_response)
        # Without populating, request and environment do not refer to each other: both are freed when the call ends.
        answer = self.pipeline.serve(environ, partial(self.request_class, environ, populate_request=False), route)
        return _send(answer, answer.header_list(), environ, start_response, self._held.wait)

    @cached_property
    def _observed(self) -> bool:
        """Return whether functions are registered that Flask calls around the requests of documented operations.

        Checked once, with the first request: Flask accepts no more of them after it.
        """
        self._got_first_request = True
        scopes = {None, *APIS}
        registries = (
            self.before_request_funcs,
            self.after_request_funcs,
            self.teardown_request_funcs,
            self.url_value_preprocessors,
        )
        around = any(functions and scope in scopes for funcs in registries for scope, functions in funcs.items())
        return around or bool(self.teardown_appcontext_funcs)

    def exchange(self, given: Request) -> RenderedAnswer:
        """Return the pipeline's answer to a request, without Flask."""
        route = self._routes.find(given.method, wsgi_text(given.environ.get("PATH_INFO") or "/"))
        if isinstance(route, Route):
            meant = self._workspace if _asks_for_workspace(given, route) else route
            return self.pipeline.serve(given.environ, lambda: given, meant)
        return self.pipeline.refuse(given, self._routes, route or [])

    def _operation(self, **_: str) -> Response:
        """Serve a documented operation: the view of all of them."""
        return OperationResponse(self.exchange(request), self._held.wait)

    def _no_operation(self, error: HTTPException) -> Response | HTTPException:
        """Answer an unknown URL in the vendor's form. Errors of a user's views stay unchanged."""
        path = wsgi_text(request.environ.get("PATH_INFO") or "/")
        if request.routing_exception is None or self._routes.find(request.method, path) is None:
            return error
        return OperationResponse(self.exchange(request), self._held.wait)

    def _root(self) -> AnyResponse:
        """Serve Trustpilot's login on its own host and for its parameters, else the console."""
        host = host_name(request.environ)
        elsewhere = is_vendor_host(host) or (takes_mock_for_proxy(request.environ) and not is_loopback(host))
        if b"client_id=" in request.query_string or elsewhere or _has_bearer(request):
            return self._operation()
        response = flask.redirect("/_mock/")
        response.headers["X-Mock"] = MARK
        return response

    def _show_console(self, page: str = "") -> AnyResponse:  # noqa: ARG002 - the console finds it in the path
        return Response.from_app(self._console, request.environ)

    @cached_property
    def _console(self) -> Console:
        """Create the pages on their first request: most mocks never show one."""
        from tpmock.console.app import Console  # noqa: PLC0415 - only for those who look
        from tpmock.console.contract_runs import Runs  # noqa: PLC0415 - likewise

        return Console(
            lambda environ: self.exchange(self.request_class(dict(environ), populate_request=False)),
            MARK,
            Runs(self._environment),
        )

    def _render(self, page: Page) -> str:
        with self.app_context():
            return render_template(page.template, **page.context)

    # --- the end --------------------------------------------------------------------------------------------------

    def close(self) -> bool:
        """End the threads and connections, after a last save.

        :returns: whether the state file is complete
        """
        self._ticker.stop()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._http_client.close()
        self._functions.close()
        if "_console" in vars(self):
            self._console.close()
        return self.autosave is None or self.autosave.stop()

    def __enter__(self) -> MockApp:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _asks_for_workspace(given: Request, route: Route) -> bool:
    """Return whether ``GET /`` means the Public API, which has it on its own host, and not Trustpilot's login."""
    if route.endpoint != _LOGIN:
        return False
    host = host_name(given.environ)
    return "segmentapis." in host or (not is_vendor_host(host) and _has_bearer(given))


def _has_bearer(given: Request) -> bool:
    return given.headers.get("Authorization", "").lower().startswith("bearer ")


def _unpack(environ: WSGIEnvironment) -> None:
    """Remove a relay's own header from a request, so that the rest is what the caller sent."""
    scheme, _, sandbox = environ.pop(RELAYED).partition(" ")
    if scheme in ("http", "https"):
        environ["wsgi.url_scheme"] = scheme
    environ[SANDBOX_KEY] = sandbox


def _send(
    answer: RenderedAnswer,
    headers: list[tuple[str, str]],
    environ: WSGIEnvironment,
    start_response: StartResponse,
    wait: Callable[[float], None],
) -> Iterable[bytes]:
    head = environ["REQUEST_METHOD"] == "HEAD"
    if answer.wire is not None:
        return break_off(answer.wire, answer.status, headers, None if head else answer.body, start_response, wait)
    start_response(f"{answer.status} {reason(answer.status)}", headers)
    return [] if head else [answer.body]


def _autosave(sandboxes: Sandboxes, path: Path) -> Autosave:
    from tpmock.sandbox.autosave import Autosave, restore_saved  # noqa: PLC0415 - only where a state is kept

    restore_saved(sandboxes, path)
    autosave = Autosave(sandboxes, path)
    autosave.start()
    return autosave


def create_app(settings: MockSettings | None = None) -> MockApp:
    """Return the application, for any WSGI server, for ``flask --app tpmock.server:create_app`` and for tests."""
    return MockApp(settings)
