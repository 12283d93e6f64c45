"""Puts the parts together: WSGI in, answer out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, render_template

from mockserver import __version__, world_file
from mockserver.answers import Bindings, Page
from mockserver.clock import Clock, System
from mockserver.control import collections, process, sandboxes, world
from mockserver.courier import PARALLEL, Courier, HttpCourier
from mockserver.driver import Driver
from mockserver.operations import Pipeline, Result, is_vendor_host
from mockserver.sandbox import DEFAULT, Sandboxes, Surroundings
from mockserver.segment import tracking
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
    "segment-tracking": (tracking.bindings,),
    "control": (process.bindings, sandboxes.bindings, collections.bindings, world.bindings),
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
    :param system: where real time comes from
    :param courier: what carries requests out; None for the real one
    """

    destination_url: str | None = None
    worlds: Mapping[str, WorldFile] = field(default_factory=dict)
    system: System | None = None
    courier: Courier | None = None


class Mock(Flask):
    """The whole program as one WSGI application.

    Documented operations go through the pipeline; Flask serves the pages a person looks at. ``close()`` ends the
    threads; as a context manager the mock closes itself.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__("mockserver")
        settings = settings or Settings()
        self._executor = ThreadPoolExecutor(PARALLEL, thread_name_prefix="tpmock-courier")
        self._courier = settings.courier or HttpCourier()
        woken = threading.Event()
        around = Surroundings(
            worlds={DEFAULT: world_file.default(), **settings.worlds},
            system=settings.system or Clock().now,
            courier=self._courier,
            executor=self._executor,
            owners={},
            wake=woken.set,
            destination_url=settings.destination_url,
        )
        self.sandboxes = Sandboxes(around)
        self.pipeline = Pipeline(self.sandboxes, _ROOMS, authentication.AUTHENTICATORS, self._page, MARK)
        self._driver = Driver(self.sandboxes.all, woken)
        self._driver.start()
        self.add_url_rule("/", "landing", _landing)

    def _page(self, page: Page) -> str:
        with self.app_context():
            return render_template(page.template, **page.context)

    def wsgi_app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """One call."""
        if _is_page(environ):
            return super().wsgi_app(environ, start_response)
        result = self.pipeline(environ)
        headers = _headers(result)
        start_response(f"{result.status} {_phrase(result.status)}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [result.body]

    def close(self) -> None:
        """End the threads and connections."""
        self._driver.stop()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._courier.close()

    def __enter__(self) -> Mock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_page(environ: dict[str, Any]) -> bool:
    """``/`` is the login page on its own host and where it is asked for as one; else it says what this program is."""
    if environ.get("PATH_INFO") not in ("", "/") or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return False
    host = environ.get("HTTP_HOST", "").partition(":")[0].lower()
    return "client_id=" not in environ.get("QUERY_STRING", "") and not is_vendor_host(host)


def _landing() -> tuple[str, dict[str, str]]:
    return render_template("landing.html", version=__version__), {**_PAGE_HEADERS, "X-Mock": MARK}


def _headers(result: Result) -> list[tuple[str, str]]:
    headers = list(result.headers.items())
    if result.content_type is not None and result.content_type.startswith("text/html"):
        headers += _PAGE_HEADERS.items()
    if result.status != HTTPStatus.NO_CONTENT:
        headers.append(("Content-Length", str(len(result.body))))
    return headers


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def create_app(settings: Settings | None = None) -> Mock:
    """The application, for any WSGI server and for tests."""
    return Mock(settings)
