"""Onboarding as pages that need no scripts: the domain, the login at Trustpilot, the integration key, the end."""

from __future__ import annotations

import hmac
import secrets as chance
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request
from itsdangerous import BadSignature, Signer
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.messages import DestinationReply, Refusal, refuse, say
from tpmock.destination.service.destination import Destination
from tpmock.destination.service.key_guesses import KeyGuesses, network_of
from tpmock.destination.web.json_api import caller
from tpmock.destination.web.problems import logged, reply_to

COOKIE = "destination_session"
_LONGEST_FORM = 16_384
_HEADERS = {
    # Nothing from outside, no scripts, not in a frame. The icon is an empty one within the page.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # An address may hold a code, and a page a key.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class Pages:
    """The pages under ``/connect``, and the one that Trustpilot sends customers back to."""

    def __init__(self, destination: Destination, settings: DestinationSettings, guesses: KeyGuesses) -> None:
        back = urlsplit(settings.oauth_redirect_uri or "")
        self._onboarding = destination.onboarding
        self._guesses = guesses
        self._secure = back.scheme == "https"
        # With this prefix browsers take a cookie only over https, for this host and all of its paths (RFC 6265bis).
        self._cookie = f"__Host-{COOKIE}" if self._secure else COOKIE
        self._vault = destination.store.vault
        self._signer = Signer(self._vault.digest("session", COOKIE), digest_method=sha256)  # the same in all copies
        self.site = Blueprint("connect", __name__, template_folder="templates")
        add = self.site.add_url_rule
        add("/connect", "start", self._start, methods=["GET"])
        add("/connect", "begin", self._begin, methods=["POST"])
        add("/connect/disconnect", "ending", self._ending, methods=["GET"])
        add("/connect/disconnect", "end", self._end, methods=["POST"])
        add("/connect/style.css", "style", _style, methods=["GET"])
        if back.path:
            add(back.path, "finish", self._finish, methods=["GET"])
        self.site.register_error_handler(Exception, _problem)
        self.site.after_request(_guarded)

    def _start(self, reply: DestinationReply | None = None, domain: str = "") -> Response:
        missing = self._onboarding.missing()
        if reply is None and missing is not None:
            reply = say("onboarding-off", missing=missing)
        return self._with_form("start.html", reply, domain=domain)

    def _begin(self) -> Response:
        session = self._session_of_form()
        domain = request.form.get("domain", "")
        try:
            begun = self._onboarding.begin(domain, f"browser {session}", network_of(caller()))
        except Refusal as refusal:
            return self._start(logged(refusal.reply), domain)
        return _page("login.html", say("login-begun", domain=begun.domain), begun=begun)

    def _finish(self) -> Response:
        given, session = request.args, self._session()
        if session is None:
            raise refuse("foreign-state")
        made = self._onboarding.finish(
            f"browser {session}", state=given.get("state", ""), code=given.get("code", ""), error=given.get("error", "")
        )
        return _page("connected.html", say("connected", domain=made.domain), made=made)

    def _ending(self, reply: DestinationReply | None = None) -> Response:
        return self._with_form("disconnect.html", reply)

    def _end(self) -> Response:
        self._session_of_form()
        key = request.form.get("key", "").strip()
        try:
            with self._guesses.trying(caller(), key):
                return self._ending(self._onboarding.disconnect(key))
        except Refusal as refusal:
            return self._ending(logged(refusal.reply))

    def _with_form(self, template: str, reply: DestinationReply | None, **shown: object) -> Response:
        session = self._session() or chance.token_urlsafe(24)
        response = _page(template, reply, token=self._form_token(session), **shown)
        signed = self._signer.sign(session).decode()
        # Lax: it has to come along when Trustpilot sends the customer back, and with nothing else from outside.
        response.set_cookie(self._cookie, signed, secure=self._secure, httponly=True, samesite="Lax")
        return response

    def _session(self) -> str | None:
        try:
            return self._signer.unsign(request.cookies.get(self._cookie, "").encode()).decode()
        except BadSignature:
            return None

    def _form_token(self, session: str) -> str:
        """Return what a form of this session carries, so that no other site's form passes for it."""
        return self._vault.digest("form", session)

    def _session_of_form(self) -> str:
        session = self._session()
        # The body of a request without the right key is not read.
        if session is None:
            raise refuse("bad-form")
        request.max_content_length = _LONGEST_FORM
        given = request.form.get("token", "").encode(errors="surrogatepass")
        if not hmac.compare_digest(given, self._form_token(session).encode()):
            raise refuse("bad-form")
        return session


def _page(template: str, reply: DestinationReply | None, **shown: object) -> Response:
    refused = reply is not None and reply.status >= HTTPStatus.BAD_REQUEST
    text = render_template(template, reply=reply, refused=refused, **shown)
    response = Response(text, HTTPStatus.OK if reply is None else reply.status, mimetype="text/html")
    if reply is not None and reply.wait is not None:
        response.headers["Retry-After"] = str(reply.wait)
    return response


def _problem(problem: Exception) -> Response:
    return _page("problem.html", reply_to(problem))


def _style() -> Response:
    return Response(render_template("style.css"), mimetype="text/css")


def _guarded(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response
