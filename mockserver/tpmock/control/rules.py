"""The rules of the control API for the server: its handlers."""

from __future__ import annotations

from typing import Final

from tpmock.control import (
    collections,
    faults,
    journal,
    orders,
    process,
    redirect_addresses,
    request_collections,
    sandboxes,
    search,
    segment,
    traces,
    workspace,
    world,
)
from tpmock.core.api_rules import ApiRules

RULES: Final = ApiRules(
    bindings=(
        collections.bindings,
        faults.bindings,
        journal.bindings,
        orders.bindings,
        process.bindings,
        redirect_addresses.bindings,
        request_collections.bindings,
        sandboxes.bindings,
        search.bindings,
        segment.bindings,
        traces.bindings,
        workspace.bindings,
        world.bindings,
    ),
    fills={
        "writeReview": ("webhooks",),
        "changeReview": ("webhooks",),
        "deleteReview": ("webhooks",),
        "deleteConsumer": ("webhooks",),
        "replayWebhook": ("webhooks",),
        "sendEngageCalls": ("deliveries",),
        "syncSegmentAudience": ("deliveries",),
        "replaySegmentEvents": ("deliveries",),
    },
    waits=frozenset(
        (
            *("settle", "advanceClock", "freezeClock", "resumeClock", "resetSandbox"),
            *("takeSnapshot", "restoreSnapshot", "testSegmentEvent", "putSegmentDestination"),
        )
    ),
    full="no-room",
)
