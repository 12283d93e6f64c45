"""Connections: an integration key identifies one customer's connection to Trustpilot.

The database holds any number of connections, with sealed keys and secrets; one more may come from the environment.
"""

from __future__ import annotations

import hmac
import json
import secrets as chance
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.messages import refuse
from tpmock.destination.rules.preferences import Preferences
from tpmock.destination.rules.values import Clock
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.schema import connections, tokens
from tpmock.destination.storage.vault import Vault, key_hash


class Way(StrEnum):
    """How a connection gets access tokens (Trustpilot, authentication)."""

    CLIENT_CREDENTIALS = "client_credentials"
    """With key and secret alone, as often as wanted; a business user is named with every call."""

    AUTHORIZATION_CODE = "authorization_code"
    """By the customer's login, and from then on by refresh tokens, each of which works once."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials for token requests to Trustpilot."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    way: Way = Way.CLIENT_CREDENTIALS


@dataclass(frozen=True, slots=True)
class Connection:
    """Connection of one customer to Trustpilot.

    :param id: names the connection in the ledger, for as long as it lives, whatever its integration key
    :param business_user_id: on whose behalf to act; a token that a login gave knows that by itself
    :param holder: names its tokens: other keys have other tokens
    """

    id: str
    business_unit_id: str
    business_user_id: str | None
    credentials: Credentials
    preferences: Preferences
    holder: str


class NoKeysError(Exception):
    """Secrets cannot be stored without a key to seal them; the text is an error message."""


class Connections:
    """The connections by integration key."""

    def __init__(self, settings: DestinationSettings, database: Database, vault: Vault, now: Clock) -> None:
        self._database = database
        self._vault = vault
        self._now = now
        self._may_store = bool(settings.encryption_keys)
        self._fallback = settings.preferences
        self._key_hash = key_hash(settings.integration_key).encode()
        secret = f"{settings.api_url} {settings.api_key} {settings.api_secret}"
        self._connection = Connection(
            # Not derived from the integration key: that key may change, and invited buyers must still be known then.
            id=f"unit-{settings.business_unit_id}"[:64],
            business_unit_id=settings.business_unit_id,
            business_user_id=settings.business_user_id,
            credentials=Credentials(settings.api_key, settings.api_secret),
            preferences=settings.preferences,
            holder=vault.digest("credentials", secret),
        )

    def find(self, key: str | None) -> Connection:
        """Return the connection of an integration key.

        Keys are compared by their hashes, so that the response time reveals nothing about a key.

        :param key: the user name of Segment's HTTP Basic header; None when there was none
        :raises Refusal: 401 (Segment, direct destinations: the API key is malformed or no longer valid)
        """
        if not key:
            raise refuse("missing-key")
        hashed = key_hash(key)
        if hmac.compare_digest(hashed.encode(), self._key_hash):
            return self._connection
        with self._database.reading() as database:
            row = database.execute(select(connections).where(connections.c.key_hash == hashed)).one_or_none()
        if row is None:
            raise refuse("wrong-key")
        return self._read(row)

    def is_of_environment(self, connection: Connection) -> bool:
        """Return whether a connection is the operator's own, and not a customer's."""
        return connection.id == self._connection.id

    def add(
        self,
        business_unit_id: str,
        credentials: Credentials,
        *,
        business_user_id: str | None = None,
        domain: str | None = None,
        preferences: Preferences | None = None,
    ) -> tuple[Connection, str]:
        """Store a new connection.

        :returns: the connection, and the integration key to paste into Segment, which is shown only once
        :raises NoKeysError: without ENCRYPTION_KEYS
        """
        if not self._may_store:
            raise NoKeysError("Connections cannot be stored without ENCRYPTION_KEYS; `tpmock destination new-key`.")
        wanted = preferences or self._fallback
        made, key = chance.token_hex(12), chance.token_urlsafe(32)
        row = {
            "id": made,
            "key_hash": key_hash(key),
            "business_unit_id": business_unit_id,
            "business_user_id": business_user_id,
            "domain": domain,
            "way": credentials.way.value,
            "api_key": self._vault.seal(credentials.api_key),
            "api_secret": self._vault.seal(credentials.api_secret),
            "preferences": json.dumps(wanted.as_settings()),
            "created_at": self._now(),
        }
        with self._database.writing() as database:
            database.execute(insert(connections).values(row))
        return Connection(made, business_unit_id, business_user_id, credentials, wanted, made), key

    def remove(self, connection_id: str) -> None:
        """Delete a connection and its tokens. The orders stay: a new connection has another id anyway."""
        with self._database.transaction() as transaction:
            transaction.execute(delete(tokens).where(tokens.c.holder == connection_id))
            transaction.execute(delete(connections).where(connections.c.id == connection_id))

    def _read(self, row: Any) -> Connection:
        open_ = self._vault.open
        return Connection(
            id=row.id,
            business_unit_id=row.business_unit_id,
            business_user_id=row.business_user_id,
            credentials=Credentials(open_(row.api_key), open_(row.api_secret), Way(row.way)),
            preferences=self._fallback.with_settings(json.loads(row.preferences)),
            holder=row.id,
        )
