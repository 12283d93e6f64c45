"""Mutants that call Trustpilot too often, or with the wrong words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from typing import Any, ClassVar

import requests
from sqlalchemy import delete

from contracts.destination.config import Settings
from contracts.destination.connections import Connection
from contracts.destination.database import Database
from contracts.destination.ledger import Claim, Entry, Ledger, Reservation, Rules, State
from contracts.destination.metrics import Metrics
from contracts.destination.orders import Order
from contracts.destination.schema import orders, tokens
from contracts.destination.service import Destination
from contracts.destination.tokens import TokenStore
from contracts.destination.trustpilot import TrustpilotClient, UnconfirmedError, UnreachableError

IMPATIENT = 1.0
"""Seconds the impatient mutant waits for an answer."""

_MOST_RENEWALS = 9


class Forgetful(Ledger):
    """Hands an order to everybody who asks for it."""

    def reserve(self, connection: str, entry: Entry) -> Reservation:
        """Always won."""
        return replace(super().reserve(connection, entry), claim=Claim.WON)


class FreshTokens(TokenStore):
    """Asks for a token for every order."""

    _turn: ClassVar = threading.Lock()

    def get(self, connection: Connection) -> str:
        """Another one than the last, for each of those that come together too."""
        with self._turn:
            held = self._held.get(connection.holder)
            return super().get(connection) if held is None else self.renew(connection, held.value)


class EternalTokens(TokenStore):
    """Never gives a token up."""

    def renew(self, connection: Connection, stale: str) -> str:
        """The token that was just refused."""
        del connection
        return stale


class Tireless(TrustpilotClient):
    """Asks for token after token while Trustpilot answers 401; bounded, so that a test ends."""

    def invite(self, connection: Connection, order: Order) -> int:
        """Up to ten tokens."""
        token = self._tokens.get(connection)
        status = self.send(connection, order, token)
        for _ in range(_MOST_RENEWALS):
            if status != HTTPStatus.UNAUTHORIZED:
                break
            token = self._tokens.renew(connection, token)
            status = self.send(connection, order, token)
        return status


class Impatient(TrustpilotClient):
    """Waits a second for an answer, then sends the invitation again."""

    def __init__(
        self,
        settings: Settings,
        session: requests.Session,
        tokens: TokenStore,
        metrics: Metrics,
        now: Callable[[], float],
    ) -> None:
        super().__init__(settings, session, tokens, metrics, now)
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


class Stubborn(TrustpilotClient):
    """Sends what was refused as invalid again and again; bounded, so that a test ends."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        """Up to ten times."""
        for _ in range(_MOST_RENEWALS):
            status = super().send(connection, order, token)
            if status != HTTPStatus.BAD_REQUEST:
                break
        return status


class Repeats(TrustpilotClient):
    """Takes an answer that was lost for a request that was never made."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        """Nothing happened, it says."""
        try:
            return super().send(connection, order, token)
        except UnconfirmedError as problem:
            raise UnreachableError(str(problem)) from None


class WrongHost(TrustpilotClient):
    """Asks the host of the tokens for invitations."""

    def __init__(
        self,
        settings: Settings,
        session: requests.Session,
        tokens: TokenStore,
        metrics: Metrics,
        now: Callable[[], float],
    ) -> None:
        super().__init__(settings, session, tokens, metrics, now)
        self._url = settings.api_url


class NoPartner(TrustpilotClient):
    """Leaves the partner's id out."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        """Without the header."""
        self._headers = {"Content-Type": "application/json"}
        return super().send(connection, order, token)


class NoUser(TrustpilotClient):
    """Leaves out on whose behalf it acts."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        """Without the header."""
        return super().send(replace(connection, business_user_id=None), order, token)


class KeyInAddress(TrustpilotClient):
    """Puts the API key into the address as well."""

    def _post(self, operation: str, connection: Connection, path: str, content: object, token: str) -> int:
        """Where every log will keep it."""
        key = connection.credentials.api_key
        return super()._post(operation, connection, f"{path}?apikey={key}", content, token)


class TwoWaysOfProducts(TrustpilotClient):
    """Names the products of an order by details and by SKU."""

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        """Both in one body."""
        body = super().invitation(connection, order)
        product = body.get("productReviewInvitation")
        if isinstance(product, dict):
            body["productReviewInvitation"] = {**product, "productSkus": ["45790-32"]}
        return body


class PassesAllOn(TrustpilotClient):
    """Sends the whole order along."""

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        """The usual body with everything that the shop knows."""
        body = super().invitation(connection, order)
        known = order.properties
        return {**body, "tags": [str(known[name]) for name in ("phone", "address", "coupon") if name in known]}


class ThrowsTokensAway(TokenStore):
    """Does not keep a token over a restart."""

    def _read(self, connection: Connection) -> Any:
        """What another life has written does not count."""
        if connection.holder not in self._begun:
            self._begun.add(connection.holder)
            with self._database.transaction() as transaction:
                transaction.execute(delete(tokens).where(tokens.c.holder == connection.holder))
        return super()._read(connection)

    @property
    def _begun(self) -> set[str]:
        begun: set[str] = self.__dict__.setdefault("begun", set())
        return begun


class ShortMemory(Ledger):
    """Forgets the orders of another life."""

    def __init__(self, database: Database, now: Callable[[], float], rules: Rules) -> None:
        super().__init__(database, now, rules)
        with database.transaction() as transaction:
            transaction.execute(delete(orders))


class Resentful(Ledger):
    """Remembers a refused order as an invited one."""

    def settle(self, connection: str, order_id: str, attempt: int, state: State, reason: str | None = None) -> None:
        """There is no way back."""
        state = State.SENT if state is State.REFUSED else state
        super().settle(connection, order_id, attempt, state, reason)


class ByBuyer(Destination):
    """Takes two orders of one buyer for one."""

    def identity(self, order: Order) -> str:
        """The buyer's address in the order's place, hashed."""
        return sha256(order.email.encode()).hexdigest()


class ByFullName(Destination):
    """Takes two orders under one name for one."""

    def identity(self, order: Order) -> str:
        """The name in the order's place, hashed, while it is the name of somebody."""
        return sha256(order.name.encode()).hexdigest() if order.name == "John Johnson" else order.key


class TriesOldPath(TrustpilotClient):
    """Tries a path of long ago before the right one."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        """Twice, the first time in vain."""
        self._post("invite", connection, "invitations-by-email", self.invitation(connection, order), token)
        return super().send(connection, order, token)
