"""Mutants that call Trustpilot too often, or with wrong requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from typing import Any, ClassVar

from requests import Response
from requests.exceptions import ChunkedEncodingError
from sqlalchemy import delete
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.orders import Order
from tpmock.destination.service.destination import Destination
from tpmock.destination.storage.connections import Connection, Credentials
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.ledger import Claim, Ledger, LedgerRules, OrderEntry, OrderState, Outcome, Reservation
from tpmock.destination.storage.schema import orders, tokens
from tpmock.destination.storage.vault import Vault
from tpmock.destination.trustpilot.invitation_api import TrustpilotClient, UnconfirmedError, UnreachableError
from tpmock.destination.trustpilot.token_endpoint import NoTokenError, TokenEndpoint
from tpmock.destination.trustpilot.tokens import TokenStore
from tpmock.destination.trustpilot.transport import Transport

IMPATIENT = 1.0
"""Seconds the impatient mutant waits for an answer."""

_MOST_RENEWALS = 9


class NoDedupe(Ledger):
    """Invites again for every event of the same order."""

    def reserve(self, connection: str, entry: OrderEntry) -> Reservation:
        return replace(super().reserve(connection, entry), claim=Claim.WON)


class NewTokenPerOrder(TokenStore):
    """Requests an access token for every order."""

    _turn: ClassVar = threading.Lock()

    def get(self, connection: Connection) -> str:
        with self._turn:
            held = self._held.get(connection.holder)
            return super().get(connection) if held is None else self.renew(connection, held.value)


class NeverRenewsToken(TokenStore):
    """Keeps using an access token that Trustpilot refuses."""

    def renew(self, connection: Connection, stale: str) -> str:
        del connection
        return stale


class RetriesForEver(TrustpilotClient):
    """Requests token after token while Trustpilot answers 401."""

    def invite(self, connection: Connection, order: Order) -> int:
        token = self._tokens.get(connection)
        status = self.send(connection, order, token)
        for _ in range(_MOST_RENEWALS):
            if status != HTTPStatus.UNAUTHORIZED:
                break
            token = self._tokens.renew(connection, token)
            status = self.send(connection, order, token)
        return status


class TimesOutTwice(TrustpilotClient):
    """Sends the invitation a second time when the answer is slow."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.timeout = IMPATIENT

    def send(self, connection: Connection, order: Order, token: str) -> int:
        try:
            return super().send(connection, order, token)
        except UnconfirmedError:
            return super().send(connection, order, token)


class WrongReference(TrustpilotClient):
    """Sends the event's id as reference number."""

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        return {**super().invitation(connection, order), "referenceNumber": order.message_id}


class Retries400(TrustpilotClient):
    """Sends an invitation that was refused as invalid again and again."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        for _ in range(_MOST_RENEWALS):
            status = super().send(connection, order, token)
            if status != HTTPStatus.BAD_REQUEST:
                break
        return status


class RepeatsLostAnswers(TrustpilotClient):
    """Asks for a retry when the answer was lost, so the buyer is invited twice."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        try:
            return super().send(connection, order, token)
        except UnconfirmedError as problem:
            raise UnreachableError(str(problem)) from None


class NeedsTheWholeAnswer(TrustpilotClient):
    """Asks for a retry when the body of a successful answer breaks off, so the buyer is invited twice."""

    def __init__(self, settings: DestinationSettings, transport: Transport, *others: Any) -> None:
        super().__init__(settings, _WholeBodies(transport), *others)

    def send(self, connection: Connection, order: Order, token: str) -> int:
        try:
            return super().send(connection, order, token)
        except UnconfirmedError as problem:
            if str(problem) != ChunkedEncodingError.__name__:
                raise
            raise UnreachableError(str(problem)) from None


class _WholeBodies(Transport):
    """Sends requests as another one does, and fails when a body breaks off."""

    def __init__(self, transport: Transport) -> None:
        vars(self).update(vars(transport))

    def request(self, operation: str, method: str, url: str, **options: Any) -> Response:
        return super().request(operation, method, url, **{**options, "stream": False})


class WrongHost(TrustpilotClient):
    """Sends invitation requests to the token host."""

    def __init__(self, settings: DestinationSettings, *others: Any) -> None:
        super().__init__(settings, *others)
        self._url = settings.api_url


class NoPartnerHeader(TrustpilotClient):
    """Omits the partner's id."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        self._headers = {"Content-Type": "application/json"}
        return super().send(connection, order, token)


class NoUserHeader(TrustpilotClient):
    """Omits the business user."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        return super().send(replace(connection, business_user_id=None), order, token)


class KeyInAddress(TrustpilotClient):
    """Puts the API key into the URL as well."""

    def _post(self, operation: str, connection: Connection, path: str, content: object, token: str) -> int:
        key = connection.credentials.api_key
        return super()._post(operation, connection, f"{path}?apikey={key}", content, token)


class ProductsAndSkus(TrustpilotClient):
    """Names products by details and by SKU in one invitation."""

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        body = super().invitation(connection, order)
        product = body.get("productReviewInvitation")
        if isinstance(product, dict):
            body["productReviewInvitation"] = {**product, "productSkus": ["45790-32"]}
        return body


class PassesAllOn(TrustpilotClient):
    """Also sends telephone number, street and coupon."""

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        body = super().invitation(connection, order)
        known = order.properties
        return {**body, "tags": [str(known[name]) for name in ("phone", "address", "coupon") if name in known]}


class ThrowsTokensAway(TokenStore):
    """Requests a token at each start."""

    def _read(self, connection: Connection) -> Any:
        if connection.holder not in self._begun:
            self._begun.add(connection.holder)
            with self._database.transaction() as transaction:
                transaction.execute(delete(tokens).where(tokens.c.holder == connection.holder))
        return super()._read(connection)

    @property
    def _begun(self) -> set[str]:
        begun: set[str] = self.__dict__.setdefault("begun", set())
        return begun


class ForgetsAtRestart(Ledger):
    """Forgets all orders at a restart."""

    def __init__(self, database: Database, now: Callable[[], float], rules: LedgerRules) -> None:
        super().__init__(database, now, rules)
        with database.transaction() as transaction:
            transaction.execute(delete(orders))


class GivesUpAtOnce(Ledger):
    """Never retries an order that was refused once."""

    def settle(self, outcome: Outcome) -> None:
        refused = outcome.state is OrderState.REFUSED
        super().settle(replace(outcome, state=OrderState.SENT) if refused else outcome)


class OneOrderPerBuyer(Destination):
    """Treats two orders of one buyer as one."""

    def identity(self, order: Order) -> str:
        return sha256(order.email.encode()).hexdigest()


class OneOrderPerName(Destination):
    """Treats two orders with one buyer name as one."""

    def identity(self, order: Order) -> str:
        return sha256(order.name.encode()).hexdigest() if order.name == "John Johnson" else order.key


class TriesOldPath(TrustpilotClient):
    """Tries an outdated path before the right one."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        self._post("invite", connection, "invitations-by-email", self.invitation(connection, order), token)
        return super().send(connection, order, token)


class HangsWithTrustpilot(TrustpilotClient):
    """Waits for Trustpilot as long as Trustpilot takes."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.timeout = 60.0


class InsistsOnToken(TokenStore):
    """Asks again and again for a token with credentials that were refused."""

    def _obtain(self, connection: Connection, stale: str | None) -> str:
        for _ in range(_MOST_RENEWALS):
            try:
                return super()._obtain(connection, stale)
            except NoTokenError as problem:
                if problem.status != HTTPStatus.UNAUTHORIZED:
                    raise
        return super()._obtain(connection, stale)


class RenewsWithoutBasic(TokenStore):
    """Puts key and secret into the form when it requests a second token."""

    def __init__(self, database: Database, vault: Vault, token_endpoint: TokenEndpoint, *others: Any) -> None:
        super().__init__(database, vault, _InForm(token_endpoint), *others)


class _InForm(TokenEndpoint):
    """Asks as another one does, and after the first success with key and secret in the form."""

    def __init__(self, endpoint: TokenEndpoint) -> None:
        vars(self).update(vars(endpoint))
        self._renewing = False

    def post(self, operation: str, path: str, credentials: Credentials, form: Mapping[str, str]) -> Response:
        if not self._renewing:
            answer = super().post(operation, path, credentials, form)
            self._renewing = answer.ok
            return answer
        keys = {"client_id": credentials.api_key, "client_secret": credentials.api_secret}
        headers = self._transport.partner_headers
        return self._transport.request(operation, "POST", self._url + path, headers=headers, data={**form, **keys})


class EachRenewsForItself(TokenStore):
    """Requests a token for each order that finds its token refused, instead of sharing one."""

    def renew(self, connection: Connection, stale: str) -> str:
        seen: set[str] = self.__dict__.setdefault("seen", set())
        with self._lock:
            first = stale not in seen
            seen.add(stale)
        if not first:
            self._token_endpoint.fetch(connection.credentials)
        return super().renew(connection, stale)


class RepeatsLimited(TrustpilotClient):
    """Repeats a request that was limited at once, again and again."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        for _ in range(_MOST_RENEWALS):
            status = super().send(connection, order, token)
            if status != HTTPStatus.TOO_MANY_REQUESTS:
                break
        return status


class ProductIdForSku(TrustpilotClient):
    """Names products by their product id where the SKU belongs."""

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        body = super().invitation(connection, order)
        product, known = body.get("productReviewInvitation"), order.properties.get("products")
        if isinstance(product, dict) and isinstance(known, list):
            ids = {item.get("sku"): item.get("product_id") for item in known if isinstance(item, dict)}
            named = [{**item, "sku": ids.get(item["sku"], item["sku"])} for item in product["products"]]
            body["productReviewInvitation"] = {**product, "products": named}
        return body
