"""Puts the parts together: WSGI in, answer out."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockserver import __version__, world_file
from mockserver.answers import Bindings, Page
from mockserver.clock import Clock, System
from mockserver.collector import Collector
from mockserver.console import is_console
from mockserver.control import (
    accounts,
    collections,
    faults,
    journal,
    process,
    sandboxes,
    segment,
    snapshots,
    traces,
    workspace,
    world,
)
from mockserver.courier import PARALLEL, Courier, HttpCourier
from mockserver.driver import Driver
from mockserver.functions.runner import NodeRunner
from mockserver.operations import Gate, Pipeline, Result, is_vendor_host
from mockserver.operations.breaking import break_off
from mockserver.problems import reason
from mockserver.sandbox import DEFAULT, Surroundings
from mockserver.sandboxes import Sandboxes
from mockserver.segment import (
    browser,
    oauth,
    public_api,
    public_destinations,
    public_overview,
    regulations,
    tracking,
)
from mockserver.trustpilot import (
    authentication,
    business_units,
    categories,
    consumers,
    conversations,
    deletions,
    invitation_data,
    invitations,
    link_requests,
    login,
    partners,
    private_product_reviews,
    private_service_reviews,
    product_reviews,
    product_summaries,
    products,
    profiles,
    resources,
    review_page,
    service_reviews,
)
from mockserver.world_file import WorldFile

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from flask import Flask
    from werkzeug.wrappers import Response

    from mockserver.console.app import Console
    from mockserver.keeper import Keeper

MARK: Final = f"tpmock/{__version__}"

_ROOMS: Final[dict[str, tuple[Bindings, ...]]] = {
    "trustpilot": (
        authentication.bindings,
        business_units.bindings,
        categories.bindings,
        consumers.bindings,
        conversations.bindings,
        deletions.bindings,
        invitation_data.bindings,
        invitations.bindings,
        link_requests.bindings,
        login.bindings,
        partners.bindings,
        private_product_reviews.bindings,
        private_service_reviews.bindings,
        product_reviews.bindings,
        product_summaries.bindings,
        products.bindings,
        profiles.bindings,
        resources.bindings,
        review_page.bindings,
        service_reviews.bindings,
    ),
    "segment-tracking": (tracking.bindings, browser.bindings, oauth.bindings),
    "segment-public": (
        public_api.bindings,
        public_destinations.bindings,
        public_overview.bindings,
        regulations.bindings,
    ),
    "control": (
        process.bindings,
        sandboxes.bindings,
        snapshots.bindings,
        faults.bindings,
        journal.bindings,
        traces.bindings,
        collections.bindings,
        segment.bindings,
        workspace.bindings,
        world.bindings,
        accounts.bindings,
    ),
}

#: A page needs nothing from anywhere, and nobody may frame it.
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """How a mock is set up.

    :param destination_url: where the default sandbox's Segment delivers from the beginning
    :param worlds: seeds by name, beside or in place of the shipped one, which is named ``default``
    :param control_token: what the control API wants to be shown, if anything
    :param hosts: further names by which this mock is steered
    :param state: a file in which the state of everything is kept, and from which it is brought back
    :param most_sandboxes: how many there may be beside the default one
    :param system: where real time comes from
    :param courier: what carries requests out; None for the real one
    :param node: the Node.js that runs destination functions, if there is one
    :param environment: what runs of the contract kit find in theirs
    :param serving: whether this process does nothing but serve, so that its garbage collector may be told what stays
    """

    destination_url: str | None = None
    worlds: Mapping[str, WorldFile] = field(default_factory=dict)
    control_token: str | None = None
    hosts: tuple[str, ...] = ()
    state: Path | None = None
    most_sandboxes: int | None = None
    system: System | None = None
    courier: Courier | None = None
    node: str | None = field(default_factory=partial(shutil.which, "node"))
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    serving: bool = False


class Mock:
    """The whole program as one WSGI application.

    Documented operations go through the pipeline; Flask serves the pages a person looks at, from the first of them on,
    as most programs never ask for one. ``close()`` ends the threads; as a context manager the mock closes itself.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self._executor = ThreadPoolExecutor(PARALLEL, thread_name_prefix="tpmock-courier")
        self._courier = settings.courier or HttpCourier()
        self._functions = NodeRunner(settings.node)
        self._environment = settings.environment
        woken = threading.Event()
        around = Surroundings(
            worlds={DEFAULT: world_file.default(), **settings.worlds},
            system=settings.system or Clock().now,
            courier=self._courier,
            functions=self._functions,
            executor=self._executor,
            owners={},
            wake=woken.set,
            most=settings.most_sandboxes,
            destination_url=settings.destination_url,
            collector=Collector(serving=settings.serving),
        )
        self.sandboxes = Sandboxes(around)
        self.keeper = None if settings.state is None else _keeper(self.sandboxes, settings.state)
        self.pipeline = Pipeline(
            self.sandboxes,
            _ROOMS,
            {**authentication.AUTHENTICATORS, **public_api.AUTHENTICATORS},
            self._page,
            MARK,
            Gate(settings.control_token, settings.hosts),
            None if self.keeper is None else self.keeper.save,
        )
        self._driver = Driver(self.sandboxes.all, woken)
        self._driver.start()

    @cached_property
    def _pages(self) -> Flask:
        from flask import Flask  # noqa: PLC0415 - an eighth of the start, for pages that most programs never ask for

        pages = Flask("mockserver")
        pages.add_url_rule("/", "landing", _landing)
        return pages

    def _page(self, page: Page) -> str:
        from flask import render_template  # noqa: PLC0415 - as above

        with self._pages.app_context():
            return render_template(page.template, **page.context)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """One call."""
        if _is_page(environ):
            return self._pages(environ, start_response)
        if is_console(environ.get("PATH_INFO", "")):
            return self._console(environ, start_response)
        result = self.pipeline(environ)
        headers = _headers(result)
        if result.wire is not None:
            body = None if environ["REQUEST_METHOD"] == "HEAD" else result.body
            return break_off(result.wire, result.status, headers, body, start_response)
        start_response(f"{result.status} {reason(result.status)}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [result.body]

    @cached_property
    def _console(self) -> Console:
        """The pages, made when the first one is asked for: most mocks are never looked at."""
        from mockserver.console.app import Console  # noqa: PLC0415 - only for those who look
        from mockserver.contract_runs import Runs  # noqa: PLC0415 - likewise

        return Console(self.pipeline, MARK, Runs(self._environment))

    def close(self) -> None:
        """End the threads and connections; what is kept is written once more."""
        self._driver.stop()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._courier.close()
        self._functions.close()
        if "_console" in vars(self):
            self._console.close()
        if self.keeper is not None:
            self.keeper.stop()

    def __enter__(self) -> Mock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _keeper(sandboxes: Sandboxes, path: Path) -> Keeper:
    from mockserver.keeper import Keeper, bring_back  # noqa: PLC0415 - only where a state is kept

    bring_back(sandboxes, path)
    keeper = Keeper(sandboxes, path)
    keeper.start()
    return keeper


def _is_page(environ: dict[str, Any]) -> bool:
    """``/`` is the login page on its own host and where it is asked for as one; else it says what this program is."""
    if environ.get("PATH_INFO") not in ("", "/") or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return False
    host = environ.get("HTTP_HOST", "").partition(":")[0].lower()
    return "client_id=" not in environ.get("QUERY_STRING", "") and not is_vendor_host(host)


def _landing() -> Response:
    from flask import redirect  # noqa: PLC0415 - as above

    response = redirect("/_mock/")
    response.headers["X-Mock"] = MARK
    return response


def _headers(result: Result) -> list[tuple[str, str]]:
    headers = list(result.headers.items())
    if result.content_type is not None and result.content_type.startswith("text/html"):
        headers += _PAGE_HEADERS.items()
    if result.status != HTTPStatus.NO_CONTENT:
        headers.append(("Content-Length", str(len(result.body))))
    return headers


def create_app(settings: Settings | None = None) -> Mock:
    """The application, for any WSGI server and for tests."""
    return Mock(settings)
