"""Access tokens: one for all orders of a connection, requested as rarely as possible, by the first copy that needs it.

Trustpilot's authentication page asks clients to reuse a token until it expires, and answers 429 to those who do not.
Refresh tokens rotate: each works once, so two copies must never use the same one.
"""

from __future__ import annotations

import secrets as chance
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from tpmock.destination import logs
from tpmock.destination.rules.values import Clock
from tpmock.destination.storage.connections import Connection, Way
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.deadlines import PATIENCE, insist
from tpmock.destination.storage.schema import tokens
from tpmock.destination.storage.vault import Vault, WrongKeyError
from tpmock.destination.trustpilot.token_endpoint import AccessToken, NoTokenError, TokenEndpoint

_LOOK_AGAIN = 0.02
_UNUSED = {"lease": None, "leased_until": 0.0, "failures": 0, "failed_status": None}


@dataclass(frozen=True, slots=True)
class _Held:
    value: str
    good_until: float


class TokenStore:
    """The tokens in use, in the database for all copies of the service and in memory for this one.

    :param patience: seconds after which a copy that requested a token counts as crashed; must exceed the longest time
        that takes
    """

    def __init__(
        self, database: Database, vault: Vault, token_endpoint: TokenEndpoint, now: Clock, patience: float = 60.0
    ) -> None:
        self._database = database
        self._vault = vault
        self._token_endpoint = token_endpoint
        self._now = now
        self._patience = patience
        self.pause = time.sleep
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._flights: dict[str, Future[_Held]] = {}

    def get(self, connection: Connection) -> str:
        """Return a token that is good for a while yet. Any number of simultaneous callers make one request.

        :raises NoTokenError: to all of them, when that request fails
        """
        return self._obtain(connection, None)

    def renew(self, connection: Connection, stale: str) -> str:
        """Return a token other than the one that Trustpilot has just refused.

        Of many callers with the same stale token, in any number of copies, one makes a request; the others get its
        result.
        """
        return self._obtain(connection, stale)

    def keep(self, connection: Connection, token: AccessToken) -> None:
        """Store a token that came another way: by a customer's login."""
        with self._database.transaction() as transaction:
            transaction.execute(delete(tokens).where(tokens.c.holder == connection.holder))
            transaction.execute(self._database.insert(tokens).values(self._row(connection, 1, token, self._now())))
        with self._lock:
            self._held.pop(connection.holder, None)

    def refresh_token(self, connection: Connection) -> str | None:
        """Return the refresh token of a connection, to be revoked; None when it has none."""
        row = self._read(connection)
        return None if row is None or row.refresh_token is None else self._vault.open(row.refresh_token)

    def _obtain(self, connection: Connection, stale: str | None) -> str:
        """Make one request at a time in this process; other threads wait for it here."""
        while True:
            with self._lock:
                held = self._held.get(connection.holder)
                if held is not None and held.value != stale and self._now() < held.good_until:
                    return held.value
                flight = self._flights.get(connection.holder)
                mine = flight is None
                if flight is None:
                    flight = self._flights[connection.holder] = Future()
            found = self._fly(connection, stale, flight) if mine else flight.result()
            # A flight that left before this token was refused may bring just that one.
            if found.value != stale:
                return found.value

    def _fly(self, connection: Connection, stale: str | None, flight: Future[_Held]) -> _Held:
        try:
            found = self._shared(connection, stale)
        except BaseException as problem:
            with self._lock:
                del self._flights[connection.holder]
            flight.set_exception(problem)
            raise
        with self._lock:
            del self._flights[connection.holder]
            self._held[connection.holder] = found
        flight.set_result(found)
        return found

    def _shared(self, connection: Connection, stale: str | None) -> _Held:
        """Make one request at a time among all copies: the copy with the lease makes it, the others wait for its
        result.
        """
        failures: int | None = None
        while True:
            row = self._read(connection)
            if row is None:
                self._begin(connection)
                continue
            found = self._usable(connection, row)
            if found is not None and found.value != stale:
                return found
            if failures is not None and row.failures != failures:
                raise NoTokenError(row.failed_status)
            failures = row.failures
            lease = chance.token_hex(16)
            if self._leased(connection, row, lease):
                return self._fetched(connection, row, lease)
            self.pause(_LOOK_AGAIN)

    def _fetched(self, connection: Connection, row: Any, lease: str) -> _Held:
        asked = self._now()
        try:
            # By the refresh token if there is one, else as the connection's way is.
            token = self._token_endpoint.fetch(connection.credentials, self._opened(connection, row.refresh_token))
        except NoTokenError as problem:
            values = {"failures": row.failures + 1, "failed_status": problem.status, "lease": None, "leased_until": 0.0}
            self._change(connection, tokens.c.lease == lease, values)
            raise
        values = self._row(connection, row.version + 1, token, asked)
        # Also when the lease was lost to another copy that has failed since: a refresh token that was made of another
        # one is the only one that still works.
        newer = partial(self._change, connection, tokens.c.version == row.version, {**values, "failures": row.failures})
        if not insist(newer, PATIENCE):
            logs.say("token-not-stored", connection=connection.id)
        return _Held(token.value, values["good_until"])

    # --- the row --------------------------------------------------------------------------------------------------

    def _read(self, connection: Connection) -> Any:
        with self._database.reading() as database:
            return database.execute(select(tokens).where(tokens.c.holder == connection.holder)).one_or_none()

    def _begin(self, connection: Connection) -> None:
        row = {"holder": connection.holder, "version": 0, "good_until": 0.0, **_UNUSED}
        with self._database.writing() as database:
            database.execute(self._database.insert(tokens).values(row).on_conflict_do_nothing())

    def _leased(self, connection: Connection, row: Any, lease: str) -> bool:
        free = or_(tokens.c.lease.is_(None), tokens.c.leased_until <= self._now())
        same = and_(tokens.c.version == row.version, tokens.c.failures == row.failures)
        with self._database.writing() as database:
            taken = database.execute(
                update(tokens)
                .where(tokens.c.holder == connection.holder, same, free)
                .values(lease=lease, leased_until=self._now() + self._patience)
            )
            return taken.rowcount == 1

    def _change(self, connection: Connection, still: ColumnElement[bool], values: dict[str, Any]) -> None:
        """Write the row if it is unchanged; otherwise another copy has written something newer."""
        ours = and_(tokens.c.holder == connection.holder, still)
        with self._database.writing() as database:
            database.execute(update(tokens).where(ours).values(values))

    def _row(self, connection: Connection, version: int, token: AccessToken, asked: float) -> dict[str, Any]:
        return {
            "holder": connection.holder,
            "version": version,
            "access_token": self._vault.seal(token.value),
            "refresh_token": None if token.refresh is None else self._vault.seal(token.refresh),
            # Counted from our own clock: ``issued_at`` is another machine's, and its unit differs between sources.
            "good_until": token.good_until(asked),
            **_UNUSED,
        }

    def _usable(self, connection: Connection, row: Any) -> _Held | None:
        value = self._opened(connection, row.access_token) if self._now() < row.good_until else None
        return None if value is None else _Held(value, row.good_until)

    def _opened(self, connection: Connection, sealed: str | None) -> str | None:
        """Open a sealed token; None when its key is gone and a new token can be requested without the customer's login.

        :raises WrongKeyError: in that case
        """
        try:
            return None if sealed is None else self._vault.open(sealed)
        except WrongKeyError:
            if connection.credentials.way is Way.AUTHORIZATION_CODE:
                raise
            return None
