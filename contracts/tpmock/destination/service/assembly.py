"""Puts a destination together from its settings."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tpmock.destination.config import DestinationSettings
from tpmock.destination.metrics import Metrics
from tpmock.destination.rules.orders import OrderReader
from tpmock.destination.rules.values import Clock
from tpmock.destination.service.destination import Destination, Store
from tpmock.destination.service.erasure import Eraser
from tpmock.destination.service.onboarding import Onboarding
from tpmock.destination.service.settling import Settler
from tpmock.destination.storage.connections import Connections
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.ledger import LEASE, Ledger, LedgerRules
from tpmock.destination.storage.logins import Logins
from tpmock.destination.storage.migrations import migrate
from tpmock.destination.storage.order_admin import OrderAdmin
from tpmock.destination.storage.outcomes import OutcomeFiles
from tpmock.destination.storage.vault import Vault, derived_key
from tpmock.destination.trustpilot.invitation_api import TrustpilotClient
from tpmock.destination.trustpilot.partner import Partner
from tpmock.destination.trustpilot.token_endpoint import TokenEndpoint
from tpmock.destination.trustpilot.tokens import TokenStore
from tpmock.destination.trustpilot.transport import Transport

# The longest a request can take: a wait for the connection and one for the answer. Two tokens, each by refresh and
# then by keys, and two invitation requests make an event.
_WAITS_PER_REQUEST = 2
_REQUESTS_PER_TOKEN = 2
_REQUESTS_PER_EVENT = 6


@dataclass(frozen=True, slots=True)
class Parts:
    """Classes that a destination is made of; a caller can replace each by a subclass."""

    connections: type[Connections] = Connections
    reader: type[OrderReader] = OrderReader
    ledger: type[Ledger] = Ledger
    tokens: type[TokenStore] = TokenStore
    trustpilot: type[TrustpilotClient] = TrustpilotClient
    eraser: type[Eraser] = Eraser
    destination: type[Destination] = Destination


def open_database(settings: DestinationSettings, now: Clock = time.time) -> tuple[Database, Vault]:
    """Open and migrate the database, and return it with its vault.

    :raises sqlalchemy.exc.SQLAlchemyError: when it cannot be opened
    :raises NewerDatabaseError: when a later version has changed it
    :raises WrongKeyError: when it was used with other keys
    """
    database = Database(settings.database_url)
    try:
        migrate(database, now)
        return database, Vault(database, settings.encryption_keys, derived_key(settings.api_secret))
    except BaseException:
        database.close()
        raise


def build(settings: DestinationSettings, parts: Parts | None = None, now: Clock = time.time) -> Destination:
    """Put a destination together."""
    parts = parts or Parts()
    database, vault = open_database(settings, now)
    request = _WAITS_PER_REQUEST * settings.timeout
    rules = LedgerRules(
        lease=max(LEASE, 2 * _REQUESTS_PER_EVENT * request),
        repeat=settings.repeat_unknown,
        cap=settings.consumer_cap,
        span=settings.consumer_cap_span,
    )
    metrics = Metrics()
    transport = Transport(settings, metrics)
    store = Store(settings, database, vault, OrderAdmin(database, now), transport.session, metrics)
    token_endpoint = TokenEndpoint(settings, transport)
    tokens = parts.tokens(database, vault, token_endpoint, now, 1 + _REQUESTS_PER_TOKEN * request)
    trustpilot = parts.trustpilot(settings, transport, tokens, now)
    connections = parts.connections(settings, database, vault, now)
    ledger = parts.ledger(database, now, rules)
    settler = Settler(database, ledger, OutcomeFiles(Path(settings.outcome_folder), vault))
    settler.resume()
    return parts.destination(
        connections=connections,
        reader=parts.reader(vault.pseudonym, strict=settings.strict_names),
        ledger=ledger,
        settler=settler,
        trustpilot=trustpilot,
        eraser=parts.eraser(store.order_admin, vault, trustpilot),
        store=store,
        onboarding=Onboarding(
            settings,
            connections,
            tokens,
            token_endpoint,
            Partner(settings, transport, token_endpoint, now),
            Logins(database, vault, now),
        ),
    )
