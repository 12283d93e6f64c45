"""Forgetting a person: here, and at Trustpilot."""

from __future__ import annotations

from contracts.destination import replies
from contracts.destination.archive import Archive
from contracts.destination.connections import Connection
from contracts.destination.messages import Reply, say
from contracts.destination.orders import Deletion
from contracts.destination.replies import is_success
from contracts.destination.token_desk import NoTokenError
from contracts.destination.trustpilot import TrustpilotClient, UnconfirmedError, UnreachableError
from contracts.destination.values import is_address
from contracts.destination.vault import Vault, WrongKeyError


class Eraser:
    """Does what Segment asks for with a ``delete`` call (Segment, building functions: partners must).

    Trustpilot deletes by address, Segment names a user id: so the addresses that came with a user id are kept, sealed,
    and given up only when Trustpilot has confirmed.
    """

    def __init__(self, archive: Archive, vault: Vault, trustpilot: TrustpilotClient) -> None:
        self._archive = archive
        self._vault = vault
        self._trustpilot = trustpilot

    def erase(self, connection: Connection, deletion: Deletion) -> Reply:
        """Erase one person.

        :returns: what Segment is told.
        """
        person = self._vault.person(deletion.user_id)
        in_flight, known = self._archive.addresses(connection.id, person)
        if in_flight:
            # The mail that is being asked for now would outlive the deletion.
            return say("erase-in-flight")
        addresses = {hashed: self._opened(sealed) for hashed, sealed in known}
        if is_address(deletion.user_id):
            addresses[self._vault.consumer(deletion.user_id)] = deletion.user_id
        readable = [address for address in addresses.values() if address is not None]
        reply = self._at_trustpilot(connection, readable) if readable else say("nobody-known")
        if is_success(reply.status):
            self._archive.forget(connection.id, person, addresses)
        return reply

    def _at_trustpilot(self, connection: Connection, addresses: list[str]) -> Reply:
        try:
            return replies.to_erasing_status(self._trustpilot.erase(connection, addresses))
        except NoTokenError as problem:
            return replies.to_erasing_status(problem.status)
        except (UnreachableError, UnconfirmedError):
            return say("erase-later")

    def _opened(self, sealed: str) -> str | None:
        try:
            return self._vault.open(sealed)
        except WrongKeyError:
            return None
