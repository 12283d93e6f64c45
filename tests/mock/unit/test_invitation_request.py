"""Reading the request of an invitation, with any JSON in it."""

from __future__ import annotations

import json

import pytest
from tpmock.trustpilot import invitation_life
from tpmock.trustpilot.model import Invitation


@pytest.mark.parametrize("name", ["Ada", "Zoë", "\ud800", 'a "b"'])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_whom_a_mail_is_for(name: str, *, ascii_only: bool) -> None:
    said = {
        "consumerEmail": "ada@example.com",
        "consumerName": name,
        "referenceNumber": "1",
        "serviceReviewInvitation": {},
    }
    request = json.dumps(said, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    mail = Invitation("m", "service", "u", None, request, "r", "http://localhost", 0.0, 0.0, None, 1)
    assert invitation_life.addressee(mail) == invitation_life.Addressee("ada@example.com", name, "1")
    assert invitation_life.request_of(mail) == said
