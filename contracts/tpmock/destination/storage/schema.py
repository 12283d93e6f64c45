"""The current tables; :mod:`tpmock.destination.storage.migrations` has their history.

This module has what statements need. Only the migration steps say how long a text may be and what may be empty.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Double, Integer, MetaData, String, Table, Text
from sqlalchemy.types import TypeEngine

metadata = MetaData()


class Sealed(Text):
    """Type of a column whose values the vault seals."""


def _columns(kind: type[TypeEngine[Any]], *names: str, key: bool = False) -> list[Column[Any]]:
    return [Column(name, kind, primary_key=key) for name in names]


orders = Table(
    "tp_orders",
    metadata,
    *_columns(String, "connection", "order_id", key=True),
    *_columns(String, "message_id", "state", "reason"),
    *_columns(Integer, "attempt"),
    # The request that holds, or last held, the reservation: only that request can release it.
    *_columns(String, "claim"),
    *_columns(Double, "created_at", "reserved_at", "leased_until", "changed_at"),
    # Of the buyer: a keyed hash of the address, one of Segment's user id, and the address itself, sealed.
    *_columns(String, "consumer", "person"),
    *_columns(Sealed, "address"),
)

NOBODY = {"consumer": None, "person": None, "address": None}
"""The values of an order whose buyer is forgotten."""

connections = Table(
    "tp_connections",
    metadata,
    *_columns(String, "id", key=True),
    *_columns(String, "key_hash", "business_unit_id", "business_user_id", "domain", "way"),
    *_columns(Sealed, "api_key", "api_secret"),
    *_columns(Text, "preferences"),
    *_columns(Double, "created_at"),
)

tokens = Table(
    "tp_tokens",
    metadata,
    *_columns(String, "holder", key=True),
    *_columns(Integer, "version", "failures", "failed_status"),
    *_columns(Sealed, "access_token", "refresh_token"),
    *_columns(String, "lease"),
    *_columns(Double, "good_until", "leased_until"),
)

logins = Table(
    "tp_logins",
    metadata,
    *_columns(String, "state", key=True),
    *_columns(String, "beginner", "origin", "business_unit_id", "domain"),
    *_columns(Sealed, "api_key", "api_secret"),
    *_columns(Double, "expires_at"),
)

secrets = Table("tp_secrets", metadata, *_columns(String, "name", key=True), *_columns(Sealed, "value"))

versions = Table("tp_schema", metadata, *_columns(Integer, "version", key=True), *_columns(Double, "applied_at"))
