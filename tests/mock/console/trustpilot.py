"""Programs that talk to Trustpilot beside the person at the console."""

from __future__ import annotations

from typing import Any

from tests.mock.console.conftest import HOST, Visitor
from tests.support.sandboxes import TOKEN_PATH, an_invitation, basic


def token(visitor: Visitor) -> str:
    """A fresh access token by client credentials."""
    credentials = visitor.sandbox["credentials"]
    got = visitor.client.post(
        TOKEN_PATH,
        headers={"Host": HOST, "Authorization": basic(credentials["apiKey"], credentials["apiSecret"])},
        data={"grant_type": "client_credentials"},
    )
    assert got.json is not None, got.text
    return str(got.json["access_token"])


def invite(visitor: Visitor, **changes: Any) -> str:
    """Ask for a review, past Segment; the id of the (first) mail."""
    known = {row["id"] for row in visitor.api("GET", "/invitations?limit=10000")["invitations"]}
    answer = visitor.client.post(
        f"/v1/private/business-units/{visitor.sandbox['credentials']['businessUnitId']}/email-invitations",
        headers={"Host": HOST, "Authorization": f"Bearer {token(visitor)}"},
        json=an_invitation(**changes),
    )
    assert answer.status_code < 300, answer.text
    rows = visitor.api("GET", "/invitations?limit=10000")["invitations"]
    return next(str(row["id"]) for row in rows if row["id"] not in known)
