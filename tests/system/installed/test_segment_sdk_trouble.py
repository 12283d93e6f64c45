"""Segment's library for Python when something goes wrong, and with OAuth; over a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from segment.analytics.client import Client
from segment.analytics.request import APIError

from tests.system.installed.running import Control

Shop = Callable[..., tuple[Client, list[Exception]]]


@pytest.fixture
def credentials(mock_url: str) -> dict[str, str]:
    found: dict[str, str] = requests.get(f"{mock_url}/_mock/sandboxes/default", timeout=30).json()["credentials"]
    return found


@pytest.fixture
def shop(mock_url: str, credentials: dict[str, str]) -> Iterator[Shop]:
    """Makes a shop's Segment client, and the list of what it could not send."""
    clients: list[Client] = []

    def make(key: str = "", **options: Any) -> tuple[Client, list[Exception]]:
        failures: list[Exception] = []

        def failed(error: Exception, _messages: object) -> None:
            failures.append(error)

        usual = {"max_retries": 2, "upload_interval": 0.01}
        client = Client(key or credentials["writeKey"], host=mock_url, on_error=failed, **{**usual, **options})
        clients.append(client)
        return client, failures

    yield make
    for client in clients:
        client.join()


def steer(mock_url: str, method: str, path: str, body: Any) -> Any:
    answer = requests.request(method, f"{mock_url}/_mock/sandboxes/default{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def tell_all(client: Client) -> None:
    client.identify("customer-1", {"email": "ada@example.com"})
    client.track("customer-1", "Order Completed", {"order_id": "1001"})
    client.page("customer-1", "Shop", "Home")
    client.screen("customer-1", "Shop", "Home")
    client.group("customer-1", "company-1", {"plan": "free"})
    client.alias("visitor-1", "customer-1")
    client.flush()


def test_every_call_is_taken(mock_url: str, shop: Shop) -> None:
    client, failures = shop()
    tell_all(client)
    rows = Control(mock_url).rows("segment/events")
    assert [(row["type"], row["reason"]) for row in rows] == [
        (kind, None) for kind in ("identify", "track", "page", "screen", "group", "alias")
    ]
    assert failures == []


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429, "retryAfter": 1}, {"effect": "cut"}])
def test_what_may_pass_is_tried_again(mock_url: str, shop: Shop, fault: dict[str, Any]) -> None:
    steer(mock_url, "POST", "/faults", {"operation": "batch", **fault})
    client, failures = shop(upload_size=100, upload_interval=0.5)
    tell_all(client)
    assert failures == []
    assert len(Control(mock_url).rows("segment/events")) == 6


def test_what_will_not_pass_is_told_in_the_words_of_the_answer(mock_url: str, shop: Shop) -> None:
    client, failures = shop("abc123")
    client.track("customer-1", "Order Completed", {"order_id": "1001"})
    client.flush()
    [failure] = failures
    assert isinstance(failure, APIError)
    assert (failure.status, failure.code, failure.message) == (400, "invalid_request", "Invalid write key")
    assert Control(mock_url).rows("segment/events") == []


def test_a_source_that_wants_a_token_gets_one(mock_url: str, shop: Shop) -> None:
    key = generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    app = steer(mock_url, "PUT", "/segment/oauth-apps/Shop", {"publicKeys": {"first": public}})
    steer(mock_url, "PUT", "/segment/sources/Shop%20backend", {"oauthRequired": True})
    without, refused = shop()
    without.track("customer-1", "Order Completed", {"order_id": "1001"})
    without.flush()
    assert [getattr(failure, "status", None) for failure in refused] == [401]
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    client, failures = shop(
        oauth_client_id=app["id"], oauth_client_key=private, oauth_key_id="first", oauth_auth_server=mock_url
    )
    client.track("customer-1", "Order Completed", {"order_id": "1002"})
    client.flush()
    assert failures == []
    [event] = Control(mock_url).rows("segment/events")
    assert event["message"]["properties"]["order_id"] == "1002"


def test_a_sandbox_in_another_time_gives_a_token_too(mock_url: str, shop: Shop) -> None:
    # The library learns the server's time from the answer that refuses it, and asks again.
    steer(mock_url, "POST", "/clock/advance", {"by": "30d"})
    key = generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    app = steer(mock_url, "PUT", "/segment/oauth-apps/Shop", {"publicKeys": {"first": public}})
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    client, failures = shop(
        oauth_client_id=app["id"], oauth_client_key=private, oauth_key_id="first", oauth_auth_server=mock_url
    )
    client.track("customer-1", "Order Completed", {"order_id": "1003"})
    client.flush()
    assert failures == []
    assert len(Control(mock_url).rows("segment/events")) == 1
