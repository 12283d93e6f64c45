"""Steps of onboarding, for the pages and for the JSON API."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from tpmock.destination import logs
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.messages import DestinationReply, refuse, say
from tpmock.destination.rules.replies import is_refusal
from tpmock.destination.rules.variables import declared_in
from tpmock.destination.storage.connections import Connection, Connections
from tpmock.destination.storage.logins import Logins, PendingLogin
from tpmock.destination.trustpilot.partner import Partner
from tpmock.destination.trustpilot.token_endpoint import NoTokenError, TokenEndpoint
from tpmock.destination.trustpilot.tokens import TokenStore

_NEEDED = (
    "partner_id",
    "partner_api_key",
    "partner_api_secret",
    "partner_username",
    "partner_password",
    "oauth_redirect_uri",
    "encryption_keys",
)
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_LONGEST_GIVEN = 2048

MOST_LOGINS_OF_A_BROWSER = 5
"""Logins that one browser may have under way; for each one keys are made at Trustpilot."""

MOST_LOGINS_OF_AN_ADDRESS = 20
"""Logins that the browsers of one address may have under way, so that none takes the places of all."""

MOST_LOGINS = 100
"""Logins that may be under way in all copies: a session costs nothing, so there must be an end to all of them."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that the customer has to go through.

    :param shop: the name of the business unit, any text
    """

    domain: str
    shop: str
    url: str


@dataclass(frozen=True, slots=True)
class Connected:
    """A shop that is connected; ``key`` is shown only once."""

    connection: Connection
    domain: str
    key: str


@dataclass(eq=False)
class Onboarding:
    """Takes a customer from a domain to an integration key, and back out (seed 003, steps 2 to 6)."""

    settings: DestinationSettings
    connections: Connections
    tokens: TokenStore
    token_endpoint: TokenEndpoint
    partner: Partner
    logins: Logins
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _begun: list[tuple[str, str | None]] = field(default_factory=list)

    def missing(self) -> str | None:
        """Return the first variable that is not set and that onboarding needs."""
        declared = declared_in(DestinationSettings)
        return next((declared[name][1].name for name in _NEEDED if not getattr(self.settings, name)), None)

    def begin(self, given: str, beginner: str, origin: str | None = None) -> Begun:
        """Find the shop, check that it may be connected, make keys, and send the customer to the login.

        :param given: the domain, or an address of the shop's site
        :param origin: the address of the browser; None for the operator's front end, which is one beginner for all of
            its customers
        """
        self._be_set_up()
        domain = _domain(given)
        self.logins.drop_old()
        with self._beginning(beginner, origin):
            unit = self.partner.find(domain)
            self.partner.check(unit, domain)
            credentials = self.partner.create_keys(unit, domain)
            state = self.logins.begin(beginner, PendingLogin(unit.id, domain, credentials), origin)
        logs.say("login-begun", business_unit=unit.id)
        query = {
            "client_id": credentials.api_key,
            "redirect_uri": self.settings.oauth_redirect_uri or "",
            "response_type": "code",
            "state": state,
        }
        # On the bare host, without a path (Trustpilot, grant type authorization code).
        return Begun(domain, unit.name, f"{self.settings.authenticate_url}/?{urlencode(query)}")

    @contextmanager
    def _beginning(self, beginner: str, origin: str | None) -> Iterator[None]:
        """Count a login that is being begun among those under way, or refuse it."""
        with self._counting:
            own, beside, total = self.logins.pending(beginner, origin)
            own += sum(one == beginner for one, _ in self._begun)
            beside += sum(one == origin for _, one in self._begun)
            too_many = own >= MOST_LOGINS_OF_A_BROWSER or beside >= MOST_LOGINS_OF_AN_ADDRESS
            if total + len(self._begun) >= MOST_LOGINS or (origin is not None and too_many):
                raise refuse("too-many-logins")
            self._begun.append((beginner, origin))
        try:
            yield
        finally:
            with self._counting:
                self._begun.remove((beginner, origin))

    def finish(self, beginner: str, *, state: str, code: str, error: str = "") -> Connected:
        """Exchange the code that the customer came back with, and store the connection.

        :param error: what Trustpilot says in place of a code
        :raises Refusal: with what went wrong; the login is at its end then, too
        """
        self._be_set_up()
        login = self.logins.end(beginner, state)
        if login is None:
            raise refuse("foreign-state")
        if error or not code:
            raise refuse("login-refused" if error == "access_denied" else "login-failed")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.oauth_redirect_uri or "",
        }
        try:
            token = self.token_endpoint.ask(login.credentials, form)
        except NoTokenError as problem:
            if is_refusal(problem.status):
                raise refuse("code-refused", status=problem.status) from None
            raise refuse("code-later") from None
        connection, key = self.connections.add(login.business_unit_id, login.credentials, domain=login.domain)
        self.tokens.keep(connection, token)
        logs.say("connected", connection=connection.id, business_unit=connection.business_unit_id)
        return Connected(connection, login.domain, key)

    def disconnect(self, key: str) -> DestinationReply:
        """End a connection, here first, so that it is at its end whatever Trustpilot says.

        :raises Refusal: missing-key, wrong-key, not-stored
        """
        connection = self.connections.find(key)
        if self.connections.is_of_environment(connection):
            raise refuse("not-stored")
        refresh_token = self.tokens.refresh_token(connection)
        self.connections.remove(connection.id)
        revoked = refresh_token is None or self.partner.revoke(connection.credentials, refresh_token)
        logs.say("disconnected", connection=connection.id, revoked=revoked)
        return say("disconnected") if revoked else say("disconnected-here")

    def _be_set_up(self) -> None:
        missing = self.missing()
        if missing is not None:
            raise refuse("onboarding-off", missing=missing)


def _domain(given: str) -> str:
    """Return the host of what was pasted: people copy whole addresses."""
    text = given.strip().lower()
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname if len(text) <= _LONGEST_GIVEN else None
        domain = (host or "").rstrip(".").encode("idna").decode()
    except ValueError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise refuse("bad-domain")
    return domain
