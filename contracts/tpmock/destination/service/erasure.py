"""Erasure of a person, here and at Trustpilot."""

from __future__ import annotations

from tpmock.common.mail_addresses import is_address
from tpmock.destination.rules import replies
from tpmock.destination.rules.messages import DestinationReply, say
from tpmock.destination.rules.replies import is_success
from tpmock.destination.storage.connections import Connection
from tpmock.destination.storage.order_admin import OrderAdmin
from tpmock.destination.storage.vault import Vault
from tpmock.destination.trustpilot.invitation_api import TrustpilotClient, UnconfirmedError, UnreachableError
from tpmock.destination.trustpilot.token_endpoint import NoTokenError


class Eraser:
    """Does what Segment asks for with a ``delete`` call (Segment, building functions: partners must).

    Trustpilot deletes by address, Segment names a user id: so the addresses that came with a user id are kept, sealed,
    and deleted only when Trustpilot has confirmed.
    """

    def __init__(self, order_admin: OrderAdmin, vault: Vault, trustpilot: TrustpilotClient) -> None:
        self._order_admin = order_admin
        self._vault = vault
        self._trustpilot = trustpilot

    def erase(self, connection: Connection, user_id: str) -> DestinationReply:
        """Erase one person.

        :raises WrongKeyError: when an address of theirs cannot be opened; nothing is erased then
        """
        person = self._vault.person(user_id)
        in_flight, known = self._order_admin.addresses(connection.id, person)
        if in_flight:
            # The email that is being requested now would outlive the deletion.
            return say("erase-in-flight")
        addresses = {hashed: self._vault.open(sealed) for hashed, sealed in known}
        if is_address(user_id):
            addresses[self._vault.consumer(user_id)] = user_id
        reply = self._at_trustpilot(connection, list(addresses.values())) if addresses else say("nobody-known")
        if is_success(reply.status):
            self._order_admin.forget(connection.id, person, addresses)
        return reply

    def _at_trustpilot(self, connection: Connection, addresses: list[str]) -> DestinationReply:
        try:
            return replies.to_erasing_status(self._trustpilot.erase(connection, addresses))
        except NoTokenError as problem:
            return replies.to_erasing_status(problem.status)
        except (UnreachableError, UnconfirmedError):
            return say("erase-later")
