"""The console as a separate web application, created on the first request for a page."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, abort, g, redirect, render_template, request, url_for
from tpmock.common.control_client import RefusedError
from tpmock.common.version import __version__
from tpmock.console import (
    ROOT,
    assets,
    clock_and_orders,
    docs,
    filters,
    header,
    moved,
    sandboxes,
    schemas,
    search,
    views,
)
from tpmock.console.compiled_templates import CompiledTemplates
from tpmock.console.contract_runs import Runs
from tpmock.console.documentation.library import ROOT as DOCS
from tpmock.console.inprocess_client import InProcessClient, Serve
from tpmock.console.menu import GROUPS, PAGES
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.wrappers import Response as AnyResponse

#: Cookie with the control token, if one is required.
COOKIE: Final = "tpmock_control"
#: Maximum size of a form in bytes.
FORM_BYTES: Final = 64 * 1024
#: Pages load nothing from other origins, run no inline scripts and cannot be framed. Only the mock itself receives the
#: origin, which control access needs.
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "frame-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: Path of the page that shows all components of the style sheet.
COMPONENTS: Final = "/_mock/ui/components"


#: Files that decide how templates are compiled, beside the templates.
_COMPILING: Final = tuple(map(Path, (__file__, filters.__file__, views.__file__)))


class PageRule(Rule):
    """A URL rule that prepares building addresses on first use.

    Preparing all of them took 45 ms of the first page, and a page has links to few of them.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002
        prepared: Callable[..., tuple[str, str]] | None = None

        def build(_: object, **values: Any) -> tuple[str, str]:
            nonlocal prepared
            if prepared is None:
                prepared = super(PageRule, self)._compile_builder(append_unknown)
            return prepared(self, **values)

        return build


class Console(Flask):
    """The pages, using the control API of a mock.

    :param serve: serves one WSGI environment; the mock's pipeline
    :param mark: value of the header ``X-Mock``
    :param runs: runs of the contract kit
    """

    url_rule_class = PageRule

    def __init__(self, serve: Serve, mark: str, runs: Runs) -> None:
        super().__init__("tpmock.console", static_url_path=f"{ROOT}/static")
        # Signs the message that the next page shows. Messages do not survive a restart.
        self.secret_key = secrets.token_bytes(32)
        self.config.update(
            SESSION_COOKIE_NAME="tpmock_said", SESSION_COOKIE_SAMESITE="Strict", MAX_CONTENT_LENGTH=FORM_BYTES
        )
        self.jinja_env.filters.update(filters.FILTERS)
        self.jinja_env.trim_blocks = self.jinja_env.lstrip_blocks = True
        self.jinja_env.bytecode_cache = CompiledTemplates(Path(__file__).with_name("templates"), _COMPILING)
        self._serve = serve
        self._mark = mark
        self._runs = runs
        self.url_value_preprocessor(_take_sandbox)
        self.url_defaults(self._give_sandbox)
        self.before_request(self._open)
        self._assets = assets.fingerprint()
        self.jinja_env.globals["assets"] = self._assets
        self.after_request(self._finish)
        self.register_error_handler(RefusedError, self._refused)
        self.register_error_handler(HTTPException, _lost)
        self.context_processor(_around)
        for path in ("/_mock", "/_mock/", ROOT, f"{ROOT}/"):
            self.add_url_rule(path, f"home{path}", _home)
        self.add_url_rule(f"{ROOT}/token", "token", _token, methods=["GET", "POST"])
        self.register_blueprint(docs.pages, url_prefix=DOCS.rstrip("/"))
        self.add_url_rule("/_mock/llms.txt", "llms", docs.llms_txt)
        self.register_blueprint(schemas.pages, url_prefix="/_mock/schemas")
        self.register_blueprint(clock_and_orders.pages, url_prefix=f"{ROOT}/<sandbox_id>")
        self.register_blueprint(sandboxes.pages, url_prefix=f"{ROOT}/<sandbox_id>/sandboxes")
        self.add_url_rule(COMPONENTS, "components", _components)
        for page in (moved, search):
            self.register_blueprint(page.pages, url_prefix=f"{ROOT}/<sandbox_id>")
        for room in PAGES:
            self.register_blueprint(room.pages, url_prefix=f"{ROOT}/<sandbox_id>/{room.pages.name}")

    def close(self) -> None:
        """End runs that were started from a page."""
        self._runs.close()

    def _open(self) -> None:
        """Load the sandbox's clock and name for the page; this checks access.

        It also checks the origin before a form is read.
        """
        g.client = InProcessClient(self._serve, request, request.cookies.get(COOKIE, ""))
        g.runs = self._runs
        if g.sandbox_id is None and request.method == "POST":
            g.client.control.call("GET", "/health")
        if g.sandbox_id is not None:
            g.sandbox = g.client.control.sandbox(g.sandbox_id)
            g.clock = g.client.control.call("GET", f"/sandboxes/{g.sandbox_id}/clock")
        if "Transfer-Encoding" in request.headers:
            # Werkzeug truncates such a body silently; browsers send the length of a form.
            abort(HTTPStatus.LENGTH_REQUIRED)

    def _give_sandbox(self, endpoint: str, values: dict[str, Any]) -> None:
        """Add the sandbox to the addresses of links: that of the page, or the default one in the documentation."""
        if self.url_map.is_endpoint_expecting(endpoint, "sandbox_id"):
            values.setdefault("sandbox_id", g.sandbox_id or "default")

    def _refused(self, error: RefusedError) -> AnyResponse | tuple[str, int]:
        """Show the error message on the previous page, or on a page of its own."""
        if error.status == HTTPStatus.UNAUTHORIZED:
            return redirect(url_for("token", then=request.full_path if request.method == "GET" else None))
        if request.method == "POST" and "sandbox" in g:
            return views.problem(str(error))
        return render_template("lost.html", status=error.status, sentence=str(error)), error.status

    def _finish(self, response: Response) -> Response:
        response.headers["X-Mock"] = self._mark
        for name, value in HEADERS.items():
            # A report has its own policy.
            response.headers.setdefault(name, value)
        assets.keep(response, self._assets)
        if request.method == "GET" and response.mimetype == "text/html" and response.status_code == HTTPStatus.OK:
            # A polling page is sent only if it has changed.
            response.add_etag()
            response.make_conditional(request)
        return response


def _take_sandbox(_: str | None, values: dict[str, Any] | None) -> None:
    g.sandbox_id = None if values is None else values.pop("sandbox_id", None)


def _home() -> AnyResponse:
    """Redirect to the default sandbox."""
    return redirect(url_for("orders.index", sandbox_id="default"))


def _components() -> str:
    """Show every component of the style sheet once."""
    return render_template("components.html")


def _token() -> AnyResponse | tuple[str, int] | str:
    """Ask for the control token, or use that of a printed link; beyond loopback one is always required."""
    then = request.values.get("then", "")
    goal = then if then.startswith(f"{ROOT}/") else url_for("home/_mock/")
    # After a wrong token the address is still that of the link; the typed token takes precedence.
    given = (request.form if request.method == "POST" else request.args).get("token", "").strip()
    if request.method == "GET" and not given:
        return render_template("token.html", then=goal)
    try:
        g.client.check_token(given)
    except RefusedError as error:
        return render_template("token.html", then=goal, problem=str(error)), error.status
    response = redirect(goal, 303)
    response.set_cookie(COOKIE, given, httponly=True, samesite="Strict", path="/_mock", secure=request.is_secure)
    return response


def _lost(error: HTTPException) -> tuple[str, int]:
    status = error.code or 500
    return render_template("lost.html", status=status, sentence=error.description or error.name), status


def _around() -> dict[str, Any]:
    """Return what the frame needs: menu, sandbox, clock."""
    frame = {
        "version": __version__,
        "groups": [(title, [(page.pages.name, page.TITLE) for page in pages]) for title, pages in GROUPS],
        "sandbox": g.get("sandbox"),
        "clock": g.get("clock"),
        "home": request.full_path.rstrip("?"),
    }
    return frame if frame["sandbox"] is None else {**frame, **header.content()}
