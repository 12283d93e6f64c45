"""What is sealed, what is hashed, and what happens to both when keys change."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from contracts.destination.database import Database
from contracts.destination.ledger import Entry, Ledger
from contracts.destination.schema import orders, secrets
from contracts.destination.vault import Vault, WrongKeyError, derived_key, key_hash, new_key
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
    Ledger(database, clock).reserve("c", Entry("1", None, "h", "p", before.seal(EMAIL)))
    assert Vault(database, [new, old], FALLBACK).reseal() == 2
    with database.reading() as connection:
        sealed = connection.execute(select(orders.c.address)).scalar_one()
    assert Vault(database, [new], FALLBACK).open(sealed) == EMAIL


def test_another_key_is_refused_by_a_sentence(database: Database) -> None:
    Vault(database, [new_key()], FALLBACK)
    with pytest.raises(WrongKeyError, match="former key"):
        Vault(database, [new_key()], FALLBACK)


def test_keys_may_come_later(database: Database) -> None:
    before = Vault(database, [], FALLBACK)
    assert Vault(database, [new_key()], FALLBACK).consumer(EMAIL) == before.consumer(EMAIL)


def test_without_keys_a_new_api_secret_begins_anew(database: Database, clock: Clock) -> None:
    before = Vault(database, [], FALLBACK)
    Ledger(database, clock).reserve("c", Entry("1", None, before.consumer(EMAIL), "p", before.seal(EMAIL)))
    after = Vault(database, [], derived_key("another secret"))
    assert after.consumer(EMAIL) != before.consumer(EMAIL)
    with database.reading() as connection:
        assert connection.execute(select(orders.c.consumer, orders.c.address)).one() == (None, None)


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
