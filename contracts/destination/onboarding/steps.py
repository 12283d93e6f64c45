"""The steps of onboarding, whoever takes them: a page or the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from contracts.destination import logs
from contracts.destination.config import VARIABLES, Settings
from contracts.destination.connections import Connection, Connections
from contracts.destination.messages import Reply, refuse, say
from contracts.destination.onboarding.logins import Login, Logins
from contracts.destination.onboarding.partner import Partner
from contracts.destination.token_desk import NoTokenError, TokenDesk
from contracts.destination.tokens import TokenStore

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


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that the customer has to go through.

    :param shop: the name of the business unit, any text.
    :param url: where.
    """

    domain: str
    shop: str
    url: str


@dataclass(frozen=True, slots=True)
class Connected:
    """A shop that is connected; ``key`` is told this once."""

    connection: Connection
    domain: str
    key: str


class Onboarding:
    """Takes a customer from a domain to an integration key, and back out (seed 003, steps 2 to 6)."""

    def __init__(
        self,
        settings: Settings,
        connections: Connections,
        tokens: TokenStore,
        desk: TokenDesk,
        partner: Partner,
        logins: Logins,
    ) -> None:
        self._settings = settings
        self._connections = connections
        self._tokens = tokens
        self._desk = desk
        self._partner = partner
        self._logins = logins

    def missing(self) -> Iterator[str]:
        """The variables without which nobody can be connected."""
        for name in _NEEDED:
            if not getattr(self._settings, name):
                yield next(each.name for each in VARIABLES if each.field == name)

    def begin(self, given: str, beginner: str) -> Begun:
        """Find the shop, check that it may be connected, make keys, and send the customer to the login.

        :param given: the domain, or an address of the shop's site.
        :param beginner: who has to come back.
        :raises Refusal: with what stands in the way.
        """
        self._be_set_up()
        domain = _domain(given)
        self._logins.drop_old()
        unit = self._partner.find(domain)
        self._partner.check(unit, domain)
        credentials = self._partner.create_keys(unit, domain)
        state = self._logins.begin(beginner, Login(unit.id, domain, credentials))
        logs.say("login-begun", business_unit=unit.id)
        query = {
            "client_id": credentials.api_key,
            "redirect_uri": self._settings.oauth_redirect_uri or "",
            "response_type": "code",
            "state": state,
        }
        # On the bare host, without a path (Trustpilot, grant type authorization code).
        return Begun(domain, unit.name, f"{self._settings.authenticate_url}/?{urlencode(query)}")

    def finish(self, beginner: str, *, state: str, code: str, error: str = "") -> Connected:
        """The customer is back: exchange the code, store the connection.

        :param error: what Trustpilot says in place of a code.
        :raises Refusal: with what went wrong; the login is at its end then, too.
        """
        self._be_set_up()
        login = self._logins.end(beginner, state)
        if login is None:
            raise refuse("foreign-state")
        if error or not code:
            raise refuse("login-refused" if error == "access_denied" else "login-failed")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._settings.oauth_redirect_uri or "",
        }
        try:
            token = self._desk.ask(login.credentials, form)
        except NoTokenError as problem:
            if _is_refusal(problem.status):
                raise refuse("code-refused", status=problem.status) from None
            raise refuse("code-later") from None
        connection, key = self._connections.add(login.business_unit_id, login.credentials, domain=login.domain)
        self._tokens.keep(connection, token)
        logs.say("connected", connection=connection.id, business_unit=connection.business_unit_id)
        return Connected(connection, login.domain, key)

    def disconnect(self, key: str) -> Reply:
        """End a connection, here first, so that it is at its end whatever Trustpilot says.

        :param key: its integration key.
        :raises Refusal: missing-key, wrong-key, not-stored.
        """
        connection = self._connections.find(key)
        if self._connections.is_of_environment(connection):
            raise refuse("not-stored")
        refresh_token = self._tokens.refresh_token(connection)
        self._connections.remove(connection.id)
        revoked = refresh_token is None or self._partner.revoke(connection.credentials, refresh_token)
        logs.say("disconnected", connection=connection.id, revoked=revoked)
        return say("disconnected") if revoked else say("disconnected-here")

    def _be_set_up(self) -> None:
        missing = next(self.missing(), None)
        if missing is not None:
            raise refuse("onboarding-off", missing=missing)


def _domain(given: str) -> str:
    """The host of what was pasted: people copy whole addresses.

    :raises Refusal: bad-domain.
    """
    text = given.strip().lower()
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname if len(text) <= _LONGEST_GIVEN else None
        domain = (host or "").rstrip(".").encode("idna").decode()
    except ValueError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise refuse("bad-domain")
    return domain


def _is_refusal(status: int | None) -> bool:
    return (
        status is not None
        and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        and status != HTTPStatus.TOO_MANY_REQUESTS
    )
