"""Whose events these are: an integration key stands for one customer's connection to Trustpilot."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from http import HTTPStatus

from contracts.destination.config import Settings
from contracts.destination.replies import Refusal


@dataclass(frozen=True, slots=True)
class Connection:
    """One customer's way to Trustpilot.

    :param id: a hash of the integration key: it names the connection in the ledger, where the key must not stand.
    """

    id: str
    business_unit_id: str
    business_user_id: str
    locale: str
    template_id: str | None


class Connections:
    """The connections by integration key. There is one, from the settings."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.integration_key.encode()
        self._connection = Connection(
            id=hashlib.sha256(b"tpmock-destination:" + self._key).hexdigest(),
            business_unit_id=settings.business_unit_id,
            business_user_id=settings.business_user_id,
            locale=settings.locale,
            template_id=settings.template_id,
        )

    def find(self, key: str | None) -> Connection:
        """The connection of an integration key.

        :param key: the user name of Segment's HTTP Basic header; None when there was none.
        :raises Refusal: 401 (Segment, direct destinations: the API key is malformed or no longer valid).
        """
        if not key:
            raise Refusal(
                HTTPStatus.UNAUTHORIZED,
                "The API key is missing. Paste the Integration Key into the setting API Key in Segment.",
            )
        # Constant time, so that a stranger cannot guess the key letter by letter.
        if not hmac.compare_digest(key.encode(errors="surrogatepass"), self._key):
            raise Refusal(
                HTTPStatus.UNAUTHORIZED,
                "The API key is not valid. Paste the Integration Key into the setting API Key in Segment.",
            )
        return self._connection
