"""A program under test: it knows the vendors' real addresses and nothing of a mock."""

from __future__ import annotations

from typing import Any

import requests
from tpmock.testing import Tpmock

API = "https://api.trustpilot.com"
INVITATIONS = "https://invitations-api.trustpilot.com"
SEGMENT = "https://api.segment.io"


def find(tpmock: Tpmock, session: Any = requests, **options: Any) -> requests.Response:
    """Look for the shop."""
    response: requests.Response = session.get(
        f"{API}/v1/business-units/find",
        params={"name": tpmock.credentials.domain},
        headers={"apikey": tpmock.credentials.api_key},
        timeout=options.pop("timeout", 30),
        **options,
    )
    return response


def token(tpmock: Tpmock) -> str:
    """An access token by client credentials."""
    answered = requests.post(
        f"{API}/v1/oauth/oauth-business-users-for-applications/accesstoken",
        data={"grant_type": "client_credentials"},
        auth=(tpmock.credentials.api_key, tpmock.credentials.api_secret),
        timeout=30,
    )
    answered.raise_for_status()
    return str(answered.json()["access_token"])


def invite(tpmock: Tpmock, order: str = "1001") -> requests.Response:
    """Invite the buyer of an order."""
    return requests.post(
        f"{INVITATIONS}/v1/private/business-units/{tpmock.credentials.business_unit_id}/email-invitations",
        headers={"Authorization": f"Bearer {token(tpmock)}"},
        json={
            "referenceNumber": order,
            "consumerName": "Ada Example",
            "consumerEmail": "ada@example.com",
            "serviceReviewInvitation": {},
        },
        timeout=30,
    )


def track(tpmock: Tpmock, order: str = "1001") -> requests.Response:
    """Tell Segment of an order."""
    return requests.post(
        f"{SEGMENT}/v1/track",
        auth=(tpmock.credentials.write_key, ""),
        json={
            "userId": "customer-1",
            "event": "Order Completed",
            "properties": {"order_id": order, "email": "ada@example.com", "name": "Ada", "surname": "Example"},
        },
        timeout=30,
    )
