"""Mutants that break Trustpilot's guidelines for businesses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from tpmock.destination.rules.events import Object, get, objects
from tpmock.destination.rules.messages import refuse
from tpmock.destination.rules.orders import Order, OrderReader
from tpmock.destination.storage.connections import Connection
from tpmock.destination.trustpilot.invitation_api import TrustpilotClient

_CONTENT = 3


class AsksHappyBuyers(OrderReader):
    """Leaves out buyers with a low rating."""

    def check_call(self, event: Object) -> None:
        super().check_call(event)
        rating = get(objects(event, "properties"), "rating")
        if isinstance(rating, int) and rating < _CONTENT:
            raise refuse("other-event")


class PaysForReviews(TrustpilotClient):
    """Promises a discount in the name of the sender."""

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        return {**super().invitation(connection, order), "senderName": "The shop: 10 % discount for your review"}


class AsksYearsLater(TrustpilotClient):
    """Asks two years after the order."""

    days = 730

    def invitation(self, connection: Connection, order: Order) -> dict[str, object]:
        body = super().invitation(connection, order)
        part = body.get("serviceReviewInvitation")
        moment = datetime.now(UTC) + timedelta(days=self.days)
        times = {"preferredSendTime": moment.strftime("%Y-%m-%dT%H:%M:%S")}
        return {**body, "serviceReviewInvitation": {**part, **times} if isinstance(part, dict) else times}


class AsksBeforeTheOrder(AsksYearsLater):
    """Asks for a send time of the day before the order."""

    days = -1


class InvitesByLinkToo(TrustpilotClient):
    """Makes an invitation link for each order, beside its email."""

    def send(self, connection: Connection, order: Order, token: str) -> int:
        status = super().send(connection, order, token)
        if status < HTTPStatus.BAD_REQUEST:
            link = {"email": order.email, "name": order.name, "referenceId": order.order_id}
            self._post("invite", connection, "invitation-links", link, token)
        return status
