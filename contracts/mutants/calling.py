"""Mutants that call Trustpilot too often, or with the wrong words."""

from __future__ import annotations

from http import HTTPStatus

import requests

from contracts.destination.config import Settings
from contracts.destination.connections import Connection
from contracts.destination.ledger import Claim, Ledger
from contracts.destination.orders import Order
from contracts.destination.tokens import TokenStore
from contracts.destination.trustpilot import TrustpilotClient, UnconfirmedError

IMPATIENT = 1.0
"""Seconds the impatient mutant waits for an answer."""

_MOST_RENEWALS = 9


class Forgetful(Ledger):
    """Hands an order to everybody who asks for it."""

    def reserve(self, connection: str, order_id: str, message_id: str | None) -> Claim:
        """Always won."""
        super().reserve(connection, order_id, message_id)
        return Claim.WON


class FreshTokens(TokenStore):
    """Asks for a token for every order."""

    def get(self) -> str:
        """A new token."""
        self._token = None
        return super().get()


class EternalTokens(TokenStore):
    """Never gives a token up."""

    def renew(self, stale: str) -> str:
        """The token that was just refused."""
        return stale


class Tireless(TrustpilotClient):
    """Asks for token after token while Trustpilot answers 401; bounded, so that a test ends."""

    def invite(self, connection: Connection, order: Order) -> int:
        """Up to ten tokens."""
        token = self._tokens.get()
        status = self.send(connection, order, token)
        for _ in range(_MOST_RENEWALS):
            if status != HTTPStatus.UNAUTHORIZED:
                break
            token = self._tokens.renew(token)
            status = self.send(connection, order, token)
        return status


class Impatient(TrustpilotClient):
    """Waits a second for an answer, then sends the invitation again."""

    def __init__(self, settings: Settings, session: requests.Session, tokens: TokenStore) -> None:
        super().__init__(settings, session, tokens)
        self.timeout = IMPATIENT

    def send(self, connection: Connection, order: Order, token: str) -> int:
        """Twice, when the first answer is slow."""
        try:
            return super().send(connection, order, token)
        except UnconfirmedError:
            return super().send(connection, order, token)


class WrongReference(TrustpilotClient):
    """Sends the event's id where the order's belongs."""

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        """The body with a reference number nobody at the shop knows."""
        return {**super().invitation(connection, order), "referenceNumber": order.message_id}
