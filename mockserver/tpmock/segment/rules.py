"""The rules of Segment's two APIs for the server: their handlers, and how to identify their callers."""

from __future__ import annotations

from typing import Final

from tpmock.core.api_rules import ApiRules
from tpmock.segment import (
    oauth,
    public_api,
    public_destinations,
    public_overview,
    regulations,
    tracking,
)

TRACKING_RULES: Final = ApiRules(
    bindings=(tracking.bindings, oauth.bindings),
    realm="workspace",
    find_key=tracking.write_key,
    query_keys=frozenset(("writeKey",)),
    subject_of=oauth.subject,
    fills=dict.fromkeys(tracking.TAKING_IN, ("deliveries",)),
    full="too-many-requests",
    keeps_unknown=True,
)
PUBLIC_RULES: Final = ApiRules(
    bindings=(public_api.bindings, public_destinations.bindings, public_overview.bindings, regulations.bindings),
    realm="workspace",
    authenticators=public_api.AUTHENTICATORS,
    fills=dict.fromkeys(("createWorkspaceRegulation", "createSourceRegulation"), ("regulations", "deliveries")),
    full="rate-limited",
)
