"""What is sealed, what is hashed, and what happens to both when keys change."""

from __future__ import annotations

import time

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import insert, select, update
from tpmock.destination.storage.connections import Credentials, Way
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.ledger import Ledger, OrderEntry
from tpmock.destination.storage.logins import Logins, PendingLogin
from tpmock.destination.storage.schema import connections, logins, orders, secrets, tokens
from tpmock.destination.storage.vault import (
    Vault,
    WrongKeyError,
    derived_key,
    discard_unreadable,
    key_hash,
    new_key,
)

from tests.destination.conftest import EMAIL, Clock

FALLBACK = derived_key("the-api-secret")


def test_what_is_sealed_can_be_opened_and_not_read(vault: Vault) -> None:
    sealed = vault.seal(EMAIL)
    assert EMAIL not in sealed
    assert vault.seal(EMAIL) != sealed
    assert vault.open(sealed) == EMAIL


def test_hashes_are_the_same_for_all_copies(database: Database) -> None:
    key = new_key()
    first, second = (Vault(database, [key], FALLBACK) for _ in range(2))
    assert first.consumer(EMAIL) == second.consumer(f" {EMAIL.upper()} ")
    assert first.consumer(EMAIL) != first.person(EMAIL)


def test_hashes_stay_when_keys_are_replaced(database: Database) -> None:
    old, new = new_key(), new_key()
    before = Vault(database, [old], FALLBACK)
    sealed = before.seal("x")
    both = Vault(database, [new, old], FALLBACK)
    assert (both.consumer(EMAIL), both.open(sealed)) == (before.consumer(EMAIL), "x")
    assert both.reseal() == 1
    assert Vault(database, [new], FALLBACK).consumer(EMAIL) == before.consumer(EMAIL)


def test_resealing_reaches_every_column(database: Database, clock: Clock) -> None:
    old, new = new_key(), new_key()
    before = Vault(database, [old], FALLBACK)
    Ledger(database, clock).reserve("c", OrderEntry("1", None, "h", "p", before.seal(EMAIL)))
    assert Vault(database, [new, old], FALLBACK).reseal() == 2
    with database.reading() as connection:
        sealed = connection.execute(select(orders.c.address)).scalar_one()
    assert Vault(database, [new], FALLBACK).open(sealed) == EMAIL


def test_keys_may_come_later(database: Database) -> None:
    before = Vault(database, [], FALLBACK)
    assert Vault(database, [new_key()], FALLBACK).consumer(EMAIL) == before.consumer(EMAIL)


def everything(database: Database) -> list[object]:
    with database.reading() as connection:
        return [connection.execute(select(table)).all() for table in (orders, connections, tokens, logins, secrets)]


def fill(database: Database, vault: Vault, connection: str = "c") -> None:
    """Leave one sealed value in every column."""
    sealed, now = vault.seal("x"), time.time
    Ledger(database, now).reserve(connection, OrderEntry("1", None, vault.consumer(EMAIL), "p", sealed))
    with database.transaction() as transaction:
        transaction.execute(
            insert(connections).values(
                id=connection,
                key_hash=connection,
                business_unit_id="u",
                way=Way.AUTHORIZATION_CODE.value,
                api_key=sealed,
                api_secret=sealed,
                preferences="{}",
                created_at=0.0,
            )
        )
        transaction.execute(
            insert(tokens).values(
                holder=connection,
                version=1,
                access_token=sealed,
                refresh_token=sealed,
                good_until=0.0,
                leased_until=0.0,
                failures=0,
            )
        )
    Logins(database, vault, now).begin("b", PendingLogin("u", "example.com", Credentials("k", "s")))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([new_key()], []),
        ([new_key()], [new_key()]),
        ([], []),
        ([], [new_key()]),
    ],
    ids=["forgotten", "others", "another secret", "another secret and first keys"],
)
def test_other_keys_change_nothing(database: Database, before: list[str], after: list[str]) -> None:
    fill(database, Vault(database, before, FALLBACK))
    kept = everything(database)
    with pytest.raises(WrongKeyError, match="Give the former keys"):
        Vault(database, after, derived_key("another secret"))
    assert everything(database) == kept


@pytest.mark.parametrize("column", ["address", "api_key", "access_token", "refresh_token"])
def test_a_single_value_under_another_key_is_noticed_at_start(database: Database, column: str) -> None:
    key = new_key()
    fill(database, Vault(database, [key], FALLBACK))
    table = next(each for each in (orders, connections, tokens) if column in each.columns)
    with database.writing() as connection:
        connection.execute(update(table).values({column: Fernet(new_key()).encrypt(b"x").decode()}))
    with pytest.raises(WrongKeyError):
        Vault(database, [key], FALLBACK)


def test_what_cannot_be_opened_is_discarded_on_demand(database: Database) -> None:
    fill(database, Vault(database, [new_key()], FALLBACK))
    kept, keys = everything(database), [new_key()]
    found = {"tp_orders": 1, "tp_connections": 1, "tp_tokens": 1, "tp_logins": 1, "tp_secrets": 1}
    assert discard_unreadable(database, keys, FALLBACK, dry_run=True) == found
    assert everything(database) == kept
    assert discard_unreadable(database, keys, FALLBACK, dry_run=False) == found
    assert discard_unreadable(database, keys, FALLBACK, dry_run=True) == {}
    Vault(database, keys, FALLBACK)
    with database.reading() as connection:
        order = connection.execute(select(orders)).one()
        assert (order.order_id, order.consumer, order.person, order.address) == ("1", None, None, None)


def test_only_what_cannot_be_opened_is_discarded(database: Database) -> None:
    keys = [new_key()]
    vault = Vault(database, keys, FALLBACK)
    fill(database, vault)
    with database.writing() as connection:
        connection.execute(update(tokens).values(access_token=Fernet(new_key()).encrypt(b"x").decode()))
    assert discard_unreadable(database, keys, FALLBACK, dry_run=False) == {"tp_tokens": 1}
    kept = Vault(database, keys, FALLBACK)
    assert kept.consumer(EMAIL) == vault.consumer(EMAIL)
    with database.reading() as connection:
        assert connection.execute(select(orders.c.consumer)).scalar_one() == vault.consumer(EMAIL)
        assert connection.execute(select(connections.c.id)).scalar_one() == "c"


def test_the_key_of_the_hashes_is_not_readable(database: Database, vault: Vault) -> None:
    with database.reading() as connection:
        stored = connection.execute(select(secrets.c.value)).scalar_one()
    assert vault._hash_key.hex() not in stored
    assert stored.startswith("gAAAA")


def test_only_what_may_hold_an_address_is_hidden(vault: Vault) -> None:
    assert vault.pseudonym("1001") == "1001"
    hidden = vault.pseudonym(EMAIL)
    assert hidden.startswith("hmac:")
    assert EMAIL not in hidden


def test_a_key_is_stored_as_a_hash() -> None:
    assert len(key_hash("segment-key")) == 64
    assert key_hash("\ud800") != key_hash("segment-key")
