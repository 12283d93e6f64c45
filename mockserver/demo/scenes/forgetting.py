"""A person is deleted everywhere, and everything is searched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from mockserver.demo.stage import Outcome, Stage, Table, called

#: Segment begins a deletion within so long by its clock, as the mock has it.
_WAIT: Final = "2d"


def play(stage: Stage, choice: str) -> Outcome:  # noqa: ARG001 - there is nothing to choose
    """Delete at Trustpilot as the consumer, at Segment as the shop; then search."""
    begun = stage.newest()
    outcome = Outcome()
    stage.bench("DELETE", f"/consumers/{stage.kept['consumer']}")
    review = stage.trustpilot("GET", f"/v1/reviews/{stage.kept['review']}")
    outcome.see("The consumer's account and review are gone.", good=review.status_code == HTTPStatus.NOT_FOUND)
    status = _ask_segment(stage)
    outcome.see("The shop asked Segment to delete the buyer.", good=status == HTTPStatus.OK)
    stage.advance(_WAIT)
    outcome.exchanges = stage.exchanges(begun)
    deleted = called(outcome.exchanges, "deleteInvitationData")
    outcome.see(
        f"The integration deleted at Trustpilot: {len(deleted)} call{'s' * (len(deleted) != 1)}.", good=bool(deleted)
    )
    left = stage.act("disconnect", {}, stage.kept["integrationKey"])
    outcome.see(f"The shop disconnects: {left.json()['message']}", good=left.status_code == HTTPStatus.OK)
    rows = []
    for place, text in _places(stage):
        hits = text.count(stage.address)
        rows.append((place, f"{len(text):,}", str(hits)))
        outcome.see(f"{place}: {hits} hits for the buyer's address.", good=hits == 0)
    outcome.tables.append(Table("The search", ("Where", "Characters searched", "Hits"), rows))
    return outcome


def _ask_segment(stage: Stage) -> int:
    body = {"regulationType": "DELETE_ONLY", "subjectType": "USER_ID", "subjectIds": [stage.buyer]}
    return stage.public_api("POST", "/regulations", body).status_code


def _places(stage: Stage) -> Iterator[tuple[str, str]]:
    """Everything that could hold the address, as text."""
    files = sorted(path for path in stage.place.store.iterdir() if path.is_file())
    kept = [path.read_bytes().decode("latin-1") for path in files if path.suffix != ".log"]
    logs = [path.read_text("utf-8", "replace") for path in files if path.suffix == ".log"]
    yield "The integration's database", "".join(kept)
    yield "The logs of both programs", "".join(logs)
    yield "The integration's metrics", stage.read("/metrics")
    for collection in ("invitations", "reviews", "consumers", "webhooks"):
        yield f"Trustpilot: {collection}", json.dumps(stage.bench("GET", f"/{collection}", limit=1000))
    for collection in ("events", "deliveries"):
        yield f"Segment: {collection}", json.dumps(stage.bench("GET", f"/segment/{collection}", limit=1000))
    yield "The mock's journal, exported", json.dumps(stage.bench("GET", "/journal.har", limit=1000))
