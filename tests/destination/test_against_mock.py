"""Many orders at once, and copies that are killed: against the mock, over HTTP."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from tpmock.destination.config import DestinationSettings
from tpmock.destination.service.assembly import build
from tpmock.destination.service.destination import Destination
from tpmock.destination.storage.connections import Credentials, Way
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.ledger import Ledger, OrderState
from tpmock.destination.storage.order_admin import OrderAdmin
from tpmock.destination.storage.vault import new_key
from tpmock.destination.trustpilot.token_endpoint import AccessToken

from tests.destination.conftest import order_completed
from tests.destination.mocked import MockUnderTest, Process, mocked

CROWD = 50


@pytest.fixture
def mock() -> Iterator[MockUnderTest]:
    with mocked() as made:
        yield made


@pytest.fixture
def copies(mock: MockUnderTest, database_url: str) -> Iterator[list[Destination]]:
    """Two copies in this process; all that they share is the database."""
    environment = {**mock.environment(database_url), "ENCRYPTION_KEYS": new_key()}
    with ExitStack() as stack:
        made = []
        for _ in range(2):
            made.append(build(DestinationSettings.from_environment(environment)))
            stack.callback(made[-1].close)
        yield made


def deliver_all(copies: list[Destination], key: str, first: int) -> set[int]:
    """Fifty orders at the same moment; the statuses."""
    start = threading.Barrier(CROWD)

    def deliver(number: int) -> int:
        copy = copies[number % len(copies)]
        connection = copy.admit(key)
        start.wait()
        return copy.handle(order_completed(first + number), connection).status

    with ThreadPoolExecutor(CROWD) as pool:
        return set(pool.map(deliver, range(CROWD)))


def test_fifty_orders_with_an_expired_token_ask_for_one(mock: MockUnderTest, copies: list[Destination]) -> None:
    key = mock.sandbox["integrationKey"]
    for number, copy in enumerate(copies):
        copy.handle(order_completed(number), copy.admit(key))
    assert mock.calls("createAccessToken") == 1
    mock.sandbox.advance("101h")
    assert deliver_all(copies, key, 100) == {200}
    assert mock.calls("createAccessToken") == 2
    assert len(mock.invited()) == CROWD + 2


def test_fifty_orders_of_a_customer_who_logged_in_use_a_refresh_token_once(
    mock: MockUnderTest, copies: list[Destination]
) -> None:
    known = mock.sandbox.credentials
    connection, key = copies[0].connections.add(
        known["businessUnitId"], Credentials(known["apiKey"], known["apiSecret"], Way.AUTHORIZATION_CODE)
    )
    login = mock.sandbox.token(mock.sandbox.password_form()).json
    token = AccessToken(login["access_token"], float(login["expires_in"]), login["refresh_token"])
    copies[0].trustpilot._tokens.keep(connection, token)
    mock.sandbox.advance("101h")
    assert deliver_all(copies, key, 100) == {200}
    mock.sandbox.advance("101h")
    assert deliver_all(copies, key, 200) == {200}
    assert mock.calls("refreshAccessToken") == 2
    assert len(mock.invited()) == 2 * CROWD


def test_a_steady_order_is_one_call(mock: MockUnderTest, copies: list[Destination]) -> None:
    key = mock.sandbox["integrationKey"]
    assert deliver_all(copies, key, 0) == {200}
    assert deliver_all(copies, key, 100) == {200}
    assert mock.calls("createEmailInvitations") == 2 * CROWD
    assert mock.calls("createAccessToken") == 1


def test_a_person_is_deleted_at_trustpilot_too(mock: MockUnderTest, copies: list[Destination]) -> None:
    connection = copies[0].admit(mock.sandbox["integrationKey"])
    for number, user_id in enumerate(("customer-1", "customer-1", "customer-2")):
        event = order_completed(number, email=f"{user_id}@example.com")
        assert copies[0].handle({**event, "userId": user_id}, connection).status == 200
    reply = copies[1].handle({"type": "delete", "userId": "customer-1"}, connection)
    assert (reply.status, reply.name) == (200, "erased")
    assert mock.invited() == ["2"]


def test_products_tags_and_a_delay_pass_for_an_invitation(mock: MockUnderTest, copies: list[Destination]) -> None:
    connection = copies[0].admit(mock.sandbox["integrationKey"])
    wishes = {
        "productInvitations": True,
        "delayDays": 7,
        "productDelayDays": 7,
        "tags": "web",
        "replyTo": "a@example.com",
    }
    event = order_completed(products=[{"sku": 1, "name": "A", "url": "https:///a"}, {"sku": "B", "name": "B"}])
    preferences = connection.preferences.with_settings(wishes)
    assert copies[0].handle(event, replace(connection, preferences=preferences)).status == 200
    assert sorted(row["type"] for row in mock.sandbox.rows("invitations")) == ["product", "service"]


# --- killed -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def processes(mock: MockUnderTest, database_url: str) -> Iterator[list[Process]]:
    environment = {**os.environ, **mock.environment(database_url), "ENCRYPTION_KEYS": new_key()}
    with ExitStack() as stack:
        made = []
        for _ in range(2):
            made.append(Process(environment))
            stack.callback(made[-1].close)
        yield made


@pytest.mark.parametrize("sent_before", [1, 8])
def test_a_copy_that_is_killed_leaves_no_order_without_a_record_and_none_invited_twice(
    mock: MockUnderTest, processes: list[Process], database_url: str, sent_before: int
) -> None:
    key, orders = mock.sandbox["integrationKey"], [f"order-{number:02}" for number in range(24)]
    mock.sandbox.control("POST", "/faults", {"operation": "createEmailInvitations", "delay": "PT0.2S", "count": 1000})

    def deliver(number: int) -> Any:
        return processes[number % 2].deliver(order_completed(orders[number]), key)

    with ThreadPoolExecutor(12) as pool:
        under_way = [pool.submit(deliver, number) for number in range(len(orders))]
        while len(mock.invited()) < sent_before:
            assert not all(each.done() for each in under_way)
        processes[0].kill()
        first = [each.result() for each in under_way]
    processes[0].start_again()
    mock.sandbox.control("DELETE", "/faults")
    assert any(answer is None for answer in first), "no copy was killed within a request"
    waiting = [number for number, answer in enumerate(first) if answer is None or answer.status_code >= 500]
    again = {number: processes[1].deliver(order_completed(orders[number]), key) for number in waiting}

    # What a killed copy had reserved is left alone for as long as it could still be at work.
    database = Database(DestinationSettings.from_environment(mock.environment(database_url)).database_url)
    Ledger(database, lambda: time.time() + 3600).sweep()
    last = {
        number: processes[0].deliver(order_completed(orders[number]), key)
        for number, answer in again.items()
        if answer is None or answer.status_code >= 500
    }
    assert {None if answer is None else answer.status_code for answer in last.values()} <= {200, 202}
    found = {order.order_id: order.state for order in OrderAdmin(database, time.time).orders(None, 100)}
    database.close()
    invited = mock.invited()
    assert len(invited) == len(set(invited)), "an order was invited twice"
    assert set(found) == set(orders), "an order left no record"
    assert {order for order, state in found.items() if state is OrderState.SENT} <= set(invited)
    assert set(orders) - set(invited) <= {order for order, state in found.items() if state is OrderState.UNCONFIRMED}
    assert not any("Traceback" in process.log() for process in processes)
