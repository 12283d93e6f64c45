"""Many customers in one service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.messages import Refusal
from tpmock.destination.rules.preferences import Preferences
from tpmock.destination.storage.connections import Connections, Credentials, NoKeysError, Way
from tpmock.destination.storage.ledger import OrderState
from tpmock.destination.storage.schema import connections
from tpmock.destination.storage.vault import new_key
from tpmock.destination.trustpilot.token_endpoint import AccessToken
from tpmock.destination.web.app import create_app

from tests.destination.conftest import KEY, Answer, StubTrustpilot, Subject, order_completed
from tests.destination.seen import domains_of, state_of

SHOP = Credentials("customer-key", "customer-secret", Way.AUTHORIZATION_CODE)
TEMPLATE = "507f191e810c19729de860ec"
WISHES = Preferences(locale="da-DK", template_id=TEMPLATE, delay=86_400.0, tags=("web",), products=True)


@pytest.fixture
def service(settings: DestinationSettings, database_url: str) -> Iterator[Subject]:
    made = Subject(
        create_app(replace(settings, database_url=database_url, encryption_keys=(new_key(),), partner_id="p-1"))
    )
    yield made
    made.close()


@pytest.fixture
def desk(service: Subject) -> Connections:
    return service.destination.connections


def test_a_stored_connection_is_found_by_its_key(desk: Connections) -> None:
    made, key = desk.add("unit-2", SHOP, business_user_id="user-2", domain="shop.example.com", preferences=WISHES)
    assert desk.find(key) == made
    assert domains_of(desk) == ["shop.example.com"]
    assert (made.credentials, made.preferences) == (SHOP, WISHES)


def test_the_connection_of_the_environment_is_there_too(desk: Connections) -> None:
    desk.add("unit-2", SHOP)
    assert desk.find(KEY).id == "unit-507f191e810c19729de860ea"


@pytest.mark.parametrize("key", [None, "", "nobody's", "\ud800", "x" * 10_000])
def test_anybody_else_is_a_stranger(desk: Connections, key: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        desk.find(key)
    assert caught.value.reply.status == 401


def test_a_removed_connection_is_one_at_once(desk: Connections, service: Subject) -> None:
    made, key = desk.add("unit-2", SHOP)
    tokens = service.destination.trustpilot._tokens
    tokens.keep(made, AccessToken("tpa-9", 1000.0, "tpr-9"))
    desk.remove(made.id)
    with pytest.raises(Refusal):
        desk.find(key)
    assert (tokens.refresh_token(made), domains_of(desk)) == (None, [])


def test_nothing_secret_stands_in_the_row(desk: Connections, service: Subject) -> None:
    _, key = desk.add("unit-2", SHOP)
    with service.destination.store.database.reading() as database:
        row = str(database.execute(select(connections)).one())
    assert not [secret for secret in (key, "customer-key", "customer-secret") if secret in row]


def test_without_keys_nothing_is_stored(subject: Subject) -> None:
    with pytest.raises(NoKeysError, match="ENCRYPTION_KEYS"):
        subject.destination.connections.add("unit-2", SHOP)


def test_each_connection_calls_with_its_own_token_unit_and_wishes(
    service: Subject, desk: Connections, trustpilot: StubTrustpilot
) -> None:
    made, key = desk.add("unit-2", SHOP, preferences=Preferences(locale="da-DK"))
    service.destination.trustpilot._tokens.keep(made, AccessToken("tpa-customer", 1000.0, "tpr-customer"))
    assert service.post(order_completed()).status_code == 200
    assert service.post(order_completed(), key=key).status_code == 200
    first, second = trustpilot.calls
    assert (first.headers["Authorization"], second.headers["Authorization"]) == ("Bearer tpa-1", "Bearer tpa-customer")
    assert second.path == "/v1/private/business-units/unit-2/email-invitations"
    assert (first.json["locale"], second.json["locale"]) == ("en-US", "da-DK")
    assert second.headers["X-Trustpilot-Partner-Id"] == "p-1"
    assert "x-business-user-id" not in second.headers
    assert len(trustpilot.token_calls) == 1


def test_a_connection_whose_login_is_over_says_so(
    service: Subject, desk: Connections, trustpilot: StubTrustpilot
) -> None:
    made, key = desk.add("unit-2", SHOP)
    service.destination.trustpilot._tokens.keep(made, AccessToken("tpa-old", 1000.0, "tpr-old"))
    trustpilot.script = [Answer(401)]
    trustpilot.token_script = [Answer(400, b'{"ErrorCode": "invalid_grant"}')]
    reply = service.post(order_completed(), key=key)
    assert reply.status_code == 401
    assert "Reconnect" in reply.text
    assert state_of(service.destination.ledger, made.id, "1001") is OrderState.REFUSED
