"""A person is erased everywhere, and all stores are searched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from tpmock.cli.demo.artefacts import Cells, Grid, SceneResult, Tone
from tpmock.cli.demo.context import DemoContext, Row, called
from tpmock.cli.demo.scenes.stores import stores
from tpmock.console.views import counted

#: The mock's Segment starts a deletion within this time of the sandbox's clock.
_WAIT: Final = "2d"
#: The demo's own look whether the review is gone, and the shop's request.
_CHECK, _REQUEST = "getServiceReview", "createWorkspaceRegulation"
_SEARCH: Final = ("Where", "Characters searched", "Hits")


def play(context: DemoContext) -> SceneResult:
    """Delete at Trustpilot as the consumer and at Segment as the shop; then search."""
    consumer, written = context.made("consumer"), context.made("review")
    result = context.begin()
    context.control_api("DELETE", f"/consumers/{consumer}")
    review = context.trustpilot("GET", f"/v1/reviews/{written}")
    status = _ask_segment(context)
    context.advance(_WAIT)
    result.exchanges = context.exchanges()
    calls = sorted((entry for entry in result.exchanges if entry["operation"]), key=lambda entry: str(entry["at"]))
    rows = [_row(entry) for entry in calls if entry["operation"] != _CHECK]
    result.slide(
        "One request of a person, carried through every system", Grid("", ("From and to", "Call", "Status"), rows)
    )
    result.note("The consumer's account and review are gone.", ok=review.status_code == HTTPStatus.NOT_FOUND)
    result.note("The shop asked Segment to delete the buyer.", ok=status == HTTPStatus.OK)
    deleted = called(result.exchanges, "deleteInvitationData")
    result.note(f"The integration deleted at Trustpilot: {counted(len(deleted), 'call')}.", ok=bool(deleted))
    if context.programs.ours:
        left = context.act("disconnect", {}, context.made("integrationKey"))
        result.note(f"The shop disconnects: {left.json()['message']}", ok=left.status_code == HTTPStatus.OK)
    _search(context, result)
    return result


def _row(entry: Row) -> Cells:
    from_and_to = {"out": "Segment to the integration", "in": "the integration to Trustpilot"}[entry["direction"]]
    if entry["operation"] == _REQUEST:
        from_and_to = "the shop to Segment"
    return from_and_to, str(entry["operation"]), str(entry["status"])


def _search(context: DemoContext, result: SceneResult) -> None:
    found = [(place, len(text), text.count(context.address)) for place, text in _places(context)]
    rows: list[Cells] = [(place, f"{length:,}", str(hits)) for place, length, hits in found]
    tones: list[Tone] = ["bad" if hits else "good" for _, _, hits in found]
    result.slide("Then everything is searched for the address", Grid("", _SEARCH, rows, tones))
    for place, _, hits in found:
        if hits:
            result.note(f"{place}: {counted(hits, 'hit')} for the buyer's address.", ok=False)
    total = sum(hits for _, _, hits in found)
    result.note(f"{counted(len(found), 'place')} searched, {counted(total, 'hit')}.", ok=not total)
    result.table("The search", _SEARCH, rows)


def _ask_segment(context: DemoContext) -> int:
    body = {"regulationType": "DELETE_ONLY", "subjectType": "USER_ID", "subjectIds": [context.buyer]}
    headers = {"Authorization": f"Bearer {context.known['publicApiToken']}"}
    url = f"{context.mock}/regulations"
    return context.request("POST", url, headers=headers, json=body).status_code


def _places(context: DemoContext) -> Iterator[tuple[str, str]]:
    """Return all texts that could contain the address."""
    yield from stores(context)
    for collection in ("invitations", "reviews", "consumers", "webhooks"):
        yield f"Trustpilot: {collection}", json.dumps(context.control_api("GET", f"/{collection}", limit=1000))
    for collection in ("events", "deliveries"):
        yield f"Segment: {collection}", json.dumps(context.control_api("GET", f"/segment/{collection}", limit=1000))
    yield "The mock's journal, exported", json.dumps(context.control_api("GET", "/journal.har", limit=1000))
