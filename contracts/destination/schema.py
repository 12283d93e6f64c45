"""The tables as they are now; how they came to be stands in :mod:`contracts.destination.migrations`."""

from __future__ import annotations

from sqlalchemy import Column, Double, Integer, MetaData, String, Table, Text

metadata = MetaData()

orders = Table(
    "tp_orders",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("order_id", String(255), primary_key=True),
    Column("message_id", String(255)),
    Column("state", String(16), nullable=False),
    Column("reason", String(40)),
    Column("attempt", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("reserved_at", Double, nullable=False),
    Column("leased_until", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    # Of the buyer: a keyed hash of the address, one of Segment's user id, and the address itself, sealed.
    Column("consumer", String(64)),
    Column("person", String(64)),
    Column("address", Text),
)

connections = Table(
    "tp_connections",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("key_hash", String(64), nullable=False),
    Column("business_unit_id", String(64), nullable=False),
    Column("business_user_id", String(64)),
    Column("domain", String(255)),
    Column("way", String(32), nullable=False),
    Column("api_key", Text, nullable=False),
    Column("api_secret", Text, nullable=False),
    Column("preferences", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)

tokens = Table(
    "tp_tokens",
    metadata,
    Column("holder", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("access_token", Text),
    Column("refresh_token", Text),
    Column("good_until", Double, nullable=False),
    Column("lease", String(32)),
    Column("leased_until", Double, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failed_status", Integer),
)

logins = Table(
    "tp_logins",
    metadata,
    Column("state", String(64), primary_key=True),
    Column("beginner", String(64), nullable=False),
    Column("business_unit_id", String(64), nullable=False),
    Column("domain", String(255), nullable=False),
    Column("api_key", Text, nullable=False),
    Column("api_secret", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
)

secrets = Table(
    "tp_secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

versions = Table(
    "tp_schema",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("applied_at", Double, nullable=False),
)
