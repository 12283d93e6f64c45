"""Onboarding as pages that need no scripts: the domain, the login at Trustpilot, the integration key, the end."""

from __future__ import annotations

import hmac
import secrets as chance
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from contracts.destination import logs
from contracts.destination.config import Settings
from contracts.destination.messages import Refusal, Reply, refuse, say
from contracts.destination.vault import Vault

if TYPE_CHECKING:
    from contracts.destination.service import Destination

COOKIE = "destination_session"
_HEADERS = {
    # Nothing from outside, no scripts, in nobody's frame. The icon is an empty one within the page.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # An address may hold a code, and a page a key.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class Sessions:
    """A browser is known again by a cookie that only we can have made; nothing is stored about it.

    :param secure: whether the cookie travels over https only.
    """

    def __init__(self, vault: Vault, *, secure: bool) -> None:
        self._vault = vault
        self._secure = secure

    def current(self) -> str | None:
        """The session of the browser that asks; None when it shows no cookie of ours."""
        session, _, signature = request.cookies.get(COOKIE, "").partition(".")
        right = self._vault.digest("session", session)
        return session if session and hmac.compare_digest(signature.encode(), right.encode()) else None

    def give(self, response: Response, session: str) -> None:
        """Let the browser keep its session."""
        signed = f"{session}.{self._vault.digest('session', session)}"
        # Lax: it has to come along when Trustpilot sends the customer back, and with nothing else from outside.
        response.set_cookie(COOKIE, signed, secure=self._secure, httponly=True, samesite="Lax")

    def form_token(self, session: str) -> str:
        """What a form of this session carries, so that no other site's form passes for it."""
        return self._vault.digest("form", session)

    def of_form(self) -> str:
        """The session from which a form was sent.

        :raises Refusal: bad-form, when it was not one of ours.
        """
        session = self.current()
        shown = request.form.get("token", "").encode(errors="surrogatepass")
        if session is None or not hmac.compare_digest(shown, self.form_token(session).encode()):
            raise refuse("bad-form")
        return session


class Pages:
    """The pages under ``/connect``, and the one that Trustpilot sends customers back to."""

    def __init__(self, desk: Destination, settings: Settings) -> None:
        back = urlsplit(settings.oauth_redirect_uri or "")
        self._onboarding = desk.onboarding
        self._sessions = Sessions(desk.store.vault, secure=back.scheme == "https")
        self.site = Blueprint("connect", __name__, template_folder="templates")
        add = self.site.add_url_rule
        add("/connect", "start", self._start, methods=["GET"])
        add("/connect", "begin", self._begin, methods=["POST"])
        add("/connect/disconnect", "ending", self._ending, methods=["GET"])
        add("/connect/disconnect", "end", self._end, methods=["POST"])
        add("/connect/style.css", "style", _style, methods=["GET"])
        if back.path:
            add(back.path, "finish", self._finish, methods=["GET"])
        self.site.register_error_handler(Refusal, _refused)
        self.site.register_error_handler(HTTPException, _http_problem)
        self.site.register_error_handler(SQLAlchemyError, _no_database)
        self.site.register_error_handler(Exception, _unforeseen)
        self.site.after_request(_guarded)

    def _start(self, reply: Reply | None = None, domain: str = "") -> Response:
        missing = next(self._onboarding.missing(), None)
        if reply is None and missing is not None:
            reply = say("onboarding-off", missing=missing)
        return self._with_form("start.html", reply, domain=domain)

    def _begin(self) -> Response:
        session, domain = self._sessions.of_form(), request.form.get("domain", "")
        try:
            begun = self._onboarding.begin(domain, f"browser {session}")
        except Refusal as refusal:
            return self._start(_told(refusal.reply), domain)
        return _page("login.html", say("login-begun", domain=begun.domain), begun=begun)

    def _finish(self) -> Response:
        given, session = request.args, self._sessions.current()
        if session is None:
            raise refuse("foreign-state")
        made = self._onboarding.finish(
            f"browser {session}",
            state=given.get("state", ""),
            code=given.get("code", ""),
            error=given.get("error", ""),
        )
        return _page("connected.html", say("connected", domain=made.domain), made=made)

    def _ending(self, reply: Reply | None = None) -> Response:
        return self._with_form("disconnect.html", reply)

    def _end(self) -> Response:
        self._sessions.of_form()
        try:
            return self._ending(self._onboarding.disconnect(request.form.get("key", "").strip()))
        except Refusal as refusal:
            return self._ending(_told(refusal.reply))

    def _with_form(self, template: str, reply: Reply | None, **shown: object) -> Response:
        session = self._sessions.current() or chance.token_urlsafe(24)
        response = _page(template, reply, token=self._sessions.form_token(session), **shown)
        self._sessions.give(response, session)
        return response


def _page(template: str, reply: Reply | None, **shown: object) -> Response:
    refused = reply is not None and reply.status >= HTTPStatus.BAD_REQUEST
    text = render_template(template, reply=reply, refused=refused, **shown)
    return Response(text, HTTPStatus.OK if reply is None else reply.status, mimetype="text/html")


def _told(reply: Reply) -> Reply:
    logs.say("refused", status=int(reply.status), message=reply.name, text=reply.message)
    return reply


def _refused(refusal: Refusal) -> Response:
    return _page("problem.html", _told(refusal.reply))


def _http_problem(problem: HTTPException) -> Response:
    status = HTTPStatus(problem.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    return _page("problem.html", Reply(status, f"{status.phrase}."))


def _no_database(problem: SQLAlchemyError) -> Response:
    logs.unforeseen(problem)
    return _page("problem.html", say("no-database"))


def _unforeseen(problem: Exception) -> Response:
    logs.unforeseen(problem)
    return _page("problem.html", say("unforeseen"))


def _style() -> Response:
    return Response(render_template("style.css"), mimetype="text/css")


def _guarded(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response
