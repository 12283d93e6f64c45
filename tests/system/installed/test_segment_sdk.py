"""Segment's own library, unchanged, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from segment.analytics.client import Client

from tests.support import ROOT
from tests.system.installed.running import Up

ORDER = json.loads((ROOT / "fixtures" / "events" / "order-completed.json").read_text(encoding="utf-8"))

Shop = Callable[..., Client]


@pytest.fixture
def shop(running: Up) -> Iterator[Shop]:
    """Makes a shop's Segment client; what it could not send fails the test."""
    clients: list[Client] = []
    failures: list[Exception] = []

    def make(**options: Any) -> Client:
        def failed(error: Exception, _messages: object) -> None:
            failures.append(error)

        # Nothing is worth a second attempt here, and an upload need not wait for company.
        clients.append(
            Client(running.write_key, host=running.url, on_error=failed, max_retries=0, upload_interval=0.01, **options)
        )
        return clients[-1]

    yield make
    for client in clients:
        client.join()
    assert failures == []


def send(client: Client, event: dict[str, Any]) -> None:
    accepted, _ = client.track(event["userId"], event["event"], event["properties"])
    assert accepted


@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
def test_the_documented_order_becomes_one_invitation(running: Up, shop: Shop, *, gzip: bool) -> None:
    client = shop(gzip=gzip)
    send(client, ORDER)
    client.flush()
    running.control.settle()
    [invitation] = running.control.rows("invitations")
    assert invitation["referenceNumber"] == "50314b8e9bcf000000000000"
    assert invitation["consumerEmail"] == "test@example.com"
    assert invitation["consumerName"] == "John Johnson"


def test_the_same_order_and_other_calls_make_no_other_invitation(running: Up, shop: Shop) -> None:
    client = shop()
    send(client, ORDER)
    send(client, ORDER)
    client.identify("shopper-0001", {"email": "test@example.com", "name": "John Johnson"})
    client.track("shopper-0001", "Product Viewed", {"email": "test@example.com", "order_id": "another"})
    client.flush()
    running.control.settle()
    assert len(running.control.rows("segment/events")) == 4
    assert [row["referenceNumber"] for row in running.control.rows("invitations")] == [ORDER["properties"]["order_id"]]


def test_segment_reports_the_delivery_and_the_journal_what_it_caused(running: Up, shop: Shop) -> None:
    client = shop()
    send(client, ORDER)
    client.flush()
    running.control.settle()
    [delivery] = running.control.rows("segment/deliveries")
    assert (delivery["state"], delivery["attempts"][0]["status"]) == ("delivered", 200)
    entries = running.control.rows("journal", trace=delivery["trace"])
    # The library sends batches, even of one.
    assert {entry["operation"] for entry in entries} == {
        "batch",
        "deliver",
        "createAccessToken",
        "createEmailInvitations",
    }
