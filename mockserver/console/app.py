"""The console as a web application of its own, made when the first page is asked for."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from mockserver import __version__
from mockserver.client import RefusedError
from mockserver.console import (
    ROOT,
    assets,
    bench,
    contract,
    coverage,
    flow,
    journal,
    outbox,
    sandboxing,
    segment,
    steering,
    trustpilot,
)
from mockserver.console.door import Door, Serve
from mockserver.console.returning import back
from mockserver.console.shown import FILTERS
from mockserver.contract_runs import Runs

#: Holds the control token, where one is wanted.
COOKIE: Final = "tpmock_control"
#: Nothing is loaded from anywhere else, nothing written in a page is run, and nobody may frame it. The origin is told
#: to ourselves alone, as the gate asks for it.
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: In the order of the menu. Each page is a room of its own.
PAGES: Final = (flow, outbox, journal, segment, trustpilot, bench, coverage, contract)


class Console(Flask):
    """The pages, over a mock that is called as its control API.

    :param serve: serves one WSGI environment; the mock's pipeline
    :param mark: what ``X-Mock`` says
    :param runs: of the contract kit
    """

    def __init__(self, serve: Serve, mark: str, runs: Runs) -> None:
        super().__init__("mockserver.console", static_url_path=f"{ROOT}/static")
        # Signs the sentence that the next page shows. A new process has nothing to say to pages of the one before.
        self.secret_key = secrets.token_bytes(32)
        self.config.update(SESSION_COOKIE_NAME="tpmock_said", SESSION_COOKIE_SAMESITE="Strict")
        self.jinja_env.filters.update(FILTERS)
        self.jinja_env.trim_blocks = self.jinja_env.lstrip_blocks = True
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
        self.register_blueprint(steering.pages, url_prefix=f"{ROOT}/<sandbox_id>")
        self.register_blueprint(sandboxing.pages, url_prefix=f"{ROOT}/<sandbox_id>/sandboxes")
        for room in PAGES:
            self.register_blueprint(room.pages, url_prefix=f"{ROOT}/<sandbox_id>/{room.pages.name}")

    def close(self) -> None:
        """End what was started from a page."""
        self._runs.close()

    def _open(self) -> None:
        """Every page of a sandbox shows its clock and its name; who may not see them sees nothing."""
        g.door = Door(self._serve, request, request.cookies.get(COOKIE, ""))
        g.runs = self._runs
        if g.sandbox_id is not None:
            g.sandbox = g.door.control.sandbox(g.sandbox_id)
            g.clock = g.door.control.call("GET", f"/sandboxes/{g.sandbox_id}/clock")

    def _give_sandbox(self, endpoint: str, values: dict[str, Any]) -> None:
        """Links lead to pages of the same sandbox."""
        if self.url_map.is_endpoint_expecting(endpoint, "sandbox_id"):
            values.setdefault("sandbox_id", g.sandbox_id)

    def _refused(self, error: RefusedError) -> AnyResponse | tuple[str, int]:
        """What was asked is not done, and the sentence says why: on the page one came from, where there is one."""
        if error.status == HTTPStatus.UNAUTHORIZED:
            return redirect(url_for("token", then=request.full_path if request.method == "GET" else None))
        if request.method == "POST" and "sandbox" in g:
            flash(str(error), "problem")
            return back()
        return render_template("lost.html", status=error.status, sentence=str(error)), error.status

    def _finish(self, response: Response) -> Response:
        response.headers["X-Mock"] = self._mark
        for name, value in HEADERS.items():
            # A report is allowed other things than a page.
            response.headers.setdefault(name, value)
        assets.keep(response, self._assets)
        if request.method == "GET" and response.mimetype == "text/html" and response.status_code == HTTPStatus.OK:
            # A page that looks again every moment is sent only when something happened.
            response.add_etag()
            response.make_conditional(request)
        return response


def _take_sandbox(_: str | None, values: dict[str, Any] | None) -> None:
    g.sandbox_id = None if values is None else values.pop("sandbox_id", None)


def _home() -> AnyResponse:
    """To the sandbox that is always there; it is the oldest one."""
    oldest = g.door.control.call("GET", "/sandboxes")["sandboxes"][0]
    return redirect(url_for("flow.index", sandbox_id=oldest["id"]))


def _token() -> AnyResponse | tuple[str, int] | str:
    """Ask for the control token; beyond loopback one is always wanted."""
    then = request.values.get("then", "")
    goal = then if then.startswith(f"{ROOT}/") else url_for("home/_mock/")
    if request.method == "GET":
        return render_template("token.html", then=goal)
    given = request.form.get("token", "").strip()
    try:
        g.door.knock(given)
    except RefusedError as error:
        return render_template("token.html", then=goal, problem=str(error)), error.status
    response = redirect(goal, 303)
    response.set_cookie(COOKIE, given, httponly=True, samesite="Strict", path="/_mock", secure=request.is_secure)
    return response


def _lost(error: HTTPException) -> tuple[str, int]:
    status = error.code or 500
    return render_template("lost.html", status=status, sentence=error.description or error.name), status


def _around() -> dict[str, Any]:
    """What every page shows around its own."""
    return {
        "version": __version__,
        "menu": [(room.pages.name, room.TITLE) for room in PAGES],
        "sandbox": g.get("sandbox"),
        "clock": g.get("clock"),
        "leaps": steering.LEAPS,
        "home": request.full_path.rstrip("?"),
    }
