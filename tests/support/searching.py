"""All records of a sandbox in one text, for searches for a person."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

#: One GET of the control API, behind the sandbox's own path; the JSON of its answer.
Get = Callable[[str], Any]


def recorded(get: Get) -> str:
    """The journal as it is shown and exported, traces, events, deliveries, samples, mails, webhooks."""
    found = [get(path) for path in _SHOWN]
    found += [get(f"/traces/{trace['id']}") for trace in get("/traces?limit=1000")["traces"]]
    found += [get(f"/invitations/{mail['id']}/mail") for mail in get("/invitations?limit=1000")["invitations"]]
    found += [
        get(f"/segment/destinations/{each['name']}/event-delivery")
        for each in get("/segment/destinations")["destinations"]
    ]
    found += [
        get(f"/segment/events/{event['message']['messageId']}/pipeline")
        for event in get("/segment/events?limit=1000")["events"]
    ]
    return json.dumps(found, ensure_ascii=False)


_SHOWN = (
    "/journal?limit=1000",
    "/journal.har",
    "/timeline",
    "/segment/events?limit=1000",
    "/segment/deliveries?limit=1000",
    "/segment/regulations",
    "/segment/debugger",
    "/segment/overview",
    "/invitations?limit=1000",
    "/invitation-links?limit=1000",
    "/webhooks?limit=1000",
)
