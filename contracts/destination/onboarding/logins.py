"""Logins that customers have begun at Trustpilot and not ended yet."""

from __future__ import annotations

import secrets as chance
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from contracts.destination.connections import Credentials, Way
from contracts.destination.database import Database
from contracts.destination.schema import logins
from contracts.destination.vault import Vault

LIFE = 1800.0
"""Seconds in which a customer must be back. Trustpilot's own code lives shorter, but logging in may take a while."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who is expected back: the shop, and the keys that were made for it."""

    business_unit_id: str
    domain: str
    credentials: Credentials


class Logins:
    """A state travels to Trustpilot and back. It is good once, for who began it, for a while (RFC 6749, 10.12).

    :param now: seconds since 1970.
    """

    def __init__(self, database: Database, vault: Vault, now: Callable[[], float]) -> None:
        self._database = database
        self._vault = vault
        self._now = now

    def begin(self, beginner: str, login: Login) -> str:
        """Remember a login.

        :param beginner: who has to come back: a browser's session, or whoever used the API.
        :returns: the state.
        """
        state = chance.token_urlsafe(32)
        row = {
            "state": self._vault.digest("state", state),
            "beginner": self._vault.digest("beginner", beginner),
            "business_unit_id": login.business_unit_id,
            "domain": login.domain,
            "api_key": self._vault.seal(login.credentials.api_key),
            "api_secret": self._vault.seal(login.credentials.api_secret),
            "expires_at": self._now() + LIFE,
        }
        with self._database.writing() as database:
            database.execute(insert(logins).values(row))
        return state

    def end(self, beginner: str, state: str) -> Login | None:
        """Take a login out; None when the state is not one of this beginner, was used, or is too old.

        Somebody else's state stays as it is, so that nobody can end the login of another.
        """
        ours = (
            logins.c.state == self._vault.digest("state", state),
            logins.c.beginner == self._vault.digest("beginner", beginner),
        )
        with self._database.transaction() as transaction:
            row = transaction.execute(select(logins).where(*ours)).one_or_none()
            # Of two that come at once only one deletes the row.
            taken = transaction.execute(delete(logins).where(*ours)).rowcount
        if row is None or taken != 1 or row.expires_at <= self._now():
            return None
        keys = Credentials(self._vault.open(row.api_key), self._vault.open(row.api_secret), Way.AUTHORIZATION_CODE)
        return Login(row.business_unit_id, row.domain, keys)

    def drop_old(self) -> None:
        """Forget those who did not come back."""
        with self._database.writing() as database:
            database.execute(delete(logins).where(logins.c.expires_at <= self._now()))
