"""A person is erased everywhere, and all stores are searched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from tpmock.cli.demo.context import DemoContext, SceneResult, called
from tpmock.console.views import counted

#: The mock's Segment starts a deletion within this time of the sandbox's clock.
_WAIT: Final = "2d"


def play(context: DemoContext) -> SceneResult:
    """Delete at Trustpilot as the consumer and at Segment as the shop; then search."""
    result = context.begin()
    context.control_api("DELETE", f"/consumers/{context.kept['consumer']}")
    review = context.trustpilot("GET", f"/v1/reviews/{context.kept['review']}")
    result.note("The consumer's account and review are gone.", ok=review.status_code == HTTPStatus.NOT_FOUND)
    status = _ask_segment(context)
    result.note("The shop asked Segment to delete the buyer.", ok=status == HTTPStatus.OK)
    context.advance(_WAIT)
    result.exchanges = context.exchanges()
    deleted = called(result.exchanges, "deleteInvitationData")
    result.note(f"The integration deleted at Trustpilot: {counted(len(deleted), 'call')}.", ok=bool(deleted))
    left = context.act("disconnect", {}, context.kept["integrationKey"])
    result.note(f"The shop disconnects: {left.json()['message']}", ok=left.status_code == HTTPStatus.OK)
    rows = []
    for place, text in _places(context):
        hits = text.count(context.address)
        rows.append((place, f"{len(text):,}", str(hits)))
        result.note(f"{place}: {hits} hits for the buyer's address.", ok=hits == 0)
    result.table("The search", ("Where", "Characters searched", "Hits"), rows)
    return result


def _ask_segment(context: DemoContext) -> int:
    body = {"regulationType": "DELETE_ONLY", "subjectType": "USER_ID", "subjectIds": [context.buyer]}
    headers = {"Authorization": f"Bearer {context.known['publicApiToken']}"}
    url = f"{context.mock}/regulations"
    return context.request("POST", url, headers=headers, json=body).status_code


def _places(context: DemoContext) -> Iterator[tuple[str, str]]:
    """Return all texts that could contain the address."""
    files = sorted(path for path in context.store.iterdir() if path.is_file())
    kept = [path.read_bytes().decode("latin-1") for path in files if path.suffix != ".log"]
    logs = [path.read_text("utf-8", "replace") for path in files if path.suffix == ".log"]
    yield "The integration's database", "".join(kept)
    yield "The logs of both programs", "".join(logs)
    yield "The integration's metrics", context.request("GET", f"{context.destination}/metrics").text
    for collection in ("invitations", "reviews", "consumers", "webhooks"):
        yield f"Trustpilot: {collection}", json.dumps(context.control_api("GET", f"/{collection}", limit=1000))
    for collection in ("events", "deliveries"):
        yield f"Segment: {collection}", json.dumps(context.control_api("GET", f"/segment/{collection}", limit=1000))
    yield "The mock's journal, exported", json.dumps(context.control_api("GET", "/journal.har", limit=1000))
