"""What a program does that uses the generated clients: a sandbox, a token, a unit, an invitation, and a refusal."""

from __future__ import annotations

import json
import sys
from base64 import b64encode

from control_client import Client as ControlClient
from control_client.api.sandboxes import list_sandboxes
from control_client.models import ListSandboxesResponse200
from trustpilot_client import AuthenticatedClient
from trustpilot_client.api.authentication import create_access_token
from trustpilot_client.api.business_units import find_business_unit
from trustpilot_client.api.invitations import create_email_invitations
from trustpilot_client.models import (
    ApiError,
    BusinessUnit,
    EmailInvitation,
    EmailInvitationServiceReviewInvitation,
    Token,
    TokenRequest,
)


def main(url: str) -> None:
    """Make the calls and print what came back.

    :param url: where the mock is
    """
    sandboxes = list_sandboxes.sync(client=ControlClient(base_url=url))
    assert isinstance(sandboxes, ListSandboxesResponse200)
    sandbox = sandboxes.sandboxes[0]
    credentials = sandbox.credentials
    api_key = credentials["apiKey"]

    basic = b64encode(f"{api_key}:{credentials['apiSecret']}".encode()).decode()
    token = create_access_token.sync(
        client=AuthenticatedClient(base_url=url, token=basic, prefix="Basic"),
        body=TokenRequest(grant_type="client_credentials"),
    )
    assert isinstance(token, Token)

    with_key = AuthenticatedClient(base_url=url, token=api_key, prefix="", auth_header_name="apikey")
    unit = find_business_unit.sync(client=with_key, name=credentials["domain"])
    assert isinstance(unit, BusinessUnit)

    invitation = create_email_invitations.sync_detailed(
        business_unit_id=unit.id,
        client=AuthenticatedClient(base_url=url, token=token.access_token),
        body=EmailInvitation(
            reference_number="python-1001",
            consumer_name="Ada Example",
            consumer_email="ada@example.com",
            service_review_invitation=EmailInvitationServiceReviewInvitation(),
        ),
        x_business_user_id=credentials["businessUserId"],
    )

    unknown = find_business_unit.sync_detailed(client=with_key, name="nobody.example.com")
    assert isinstance(unknown.parsed, ApiError)
    said = {
        "sandbox": sandbox.id,
        "unit": unit.id,
        "invited": invitation.status_code,
        "refused": unknown.status_code,
        "why": unknown.parsed.to_dict(),
    }
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
