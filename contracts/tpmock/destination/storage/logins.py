"""Logins that customers have begun at Trustpilot and not finished yet."""

from __future__ import annotations

import secrets as chance
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from tpmock.destination.rules.values import Clock
from tpmock.destination.storage.connections import Credentials, Way
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.schema import logins
from tpmock.destination.storage.vault import Vault

LIFE = 1800.0
"""Seconds in which a customer must be back. Trustpilot's own code lives shorter, but logging in may take a while."""


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """Login in progress: the shop, and the keys that were made for it."""

    business_unit_id: str
    domain: str
    credentials: Credentials


class Logins:
    """A state travels to Trustpilot and back. It is good once, for who began it, for a while (RFC 6749, 10.12)."""

    def __init__(self, database: Database, vault: Vault, now: Clock) -> None:
        self._database = database
        self._vault = vault
        self._now = now

    def begin(self, beginner: str, login: PendingLogin, origin: str | None = None) -> str:
        """Remember a login.

        :param beginner: who has to come back: a browser's session, or the caller of the API
        :param origin: the address of a browser, kept as a keyed hash
        """
        state = chance.token_urlsafe(32)
        row = {
            "state": self._vault.digest("state", state),
            "beginner": self._vault.digest("beginner", beginner),
            "origin": None if origin is None else self._vault.digest("origin", origin),
            "business_unit_id": login.business_unit_id,
            "domain": login.domain,
            "api_key": self._vault.seal(login.credentials.api_key),
            "api_secret": self._vault.seal(login.credentials.api_secret),
            "expires_at": self._now() + LIFE,
        }
        with self._database.writing() as database:
            database.execute(insert(logins).values(row))
        return state

    def pending(self, beginner: str, origin: str | None = None) -> tuple[int, int, int]:
        """Return how many logins are under way: of this beginner, from this address, and of all."""
        own, beside = self._vault.digest("beginner", beginner), self._vault.digest("origin", origin or "")
        query = select(logins.c.beginner, logins.c.origin).where(logins.c.expires_at > self._now())
        with self._database.reading() as database:
            found = database.execute(query).all()
        return sum(row.beginner == own for row in found), sum(row.origin == beside for row in found), len(found)

    def end(self, beginner: str, state: str) -> PendingLogin | None:
        """Remove and return a login; None when the state belongs to another caller, was used, or is too old.

        A state of another caller stays, so that no caller can end the login of another.
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
        return PendingLogin(row.business_unit_id, row.domain, keys)

    def drop_old(self) -> None:
        """Delete logins whose customers did not come back."""
        with self._database.writing() as database:
            database.execute(delete(logins).where(logins.c.expires_at <= self._now()))
