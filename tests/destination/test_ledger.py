"""The ledger, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tpmock.destination.storage.database import Database
from tpmock.destination.storage.ledger import Claim, Ledger, LedgerRules, OrderEntry, OrderState, Outcome, Reservation
from tpmock.destination.storage.order_admin import OrderAdmin

from tests.destination.conftest import Clock
from tests.destination.seen import state_of


@pytest.fixture
def ledger(database: Database, clock: Clock) -> Ledger:
    return Ledger(database, clock)


ADA, EVE = "ada0" * 16, "e0e0" * 16


def claim(ledger: Ledger, order: str, message: str | None, connection: str = "c", consumer: str | None = None) -> Claim:
    return ledger.reserve(connection, OrderEntry(order, message, consumer)).claim


def at_once(number: int, call: Callable[[int], Claim]) -> list[str]:
    start = threading.Barrier(number)

    def one(index: int) -> Claim:
        start.wait()
        return call(index)

    with ThreadPoolExecutor(number) as pool:
        return sorted(each.name for each in pool.map(one, range(number)))


def test_an_order_is_won_once(ledger: Ledger) -> None:
    assert claim(ledger, "1", "m1") is Claim.WON
    assert claim(ledger, "1", "m1") is Claim.IN_FLIGHT
    ledger.settle(Outcome("c", "1", 1, OrderState.SENT))
    assert claim(ledger, "1", "m2") is Claim.SENT


def test_of_many_at_once_one_wins(ledger: Ledger) -> None:
    assert at_once(16, lambda number: claim(ledger, "1", f"m{number}")) == ["IN_FLIGHT"] * 15 + ["WON"]


def test_of_many_after_a_refusal_one_wins(ledger: Ledger) -> None:
    claim(ledger, "1", "m")
    ledger.settle(Outcome("c", "1", 1, OrderState.REFUSED))
    assert at_once(8, lambda _: claim(ledger, "1", "m")) == ["IN_FLIGHT"] * 7 + ["WON"]


def test_of_many_orders_in_one_event_one_wins(ledger: Ledger) -> None:
    assert at_once(8, lambda number: claim(ledger, f"{number}", "m")) == ["IN_FLIGHT"] * 7 + ["WON"]


def test_two_copies_of_the_service_share_the_race(ledger: Ledger, database_url: str, clock: Clock) -> None:
    second = Database(database_url)
    other = Ledger(second, clock)
    assert at_once(8, lambda number: claim((ledger, other)[number % 2], "1", "m")) == ["IN_FLIGHT"] * 7 + ["WON"]
    second.close()


def test_connections_do_not_share_orders(ledger: Ledger) -> None:
    assert claim(ledger, "1", "m") is Claim.WON
    assert claim(ledger, "1", "m", connection="d") is Claim.WON


def test_the_same_event_does_not_invite_for_another_order(ledger: Ledger) -> None:
    claim(ledger, "1", "m")
    ledger.settle(Outcome("c", "1", 1, OrderState.SENT))
    assert claim(ledger, "2", "m") is Claim.SENT


def test_an_event_that_was_refused_may_be_tried_for_another_order(ledger: Ledger) -> None:
    claim(ledger, "1", "m")
    ledger.settle(Outcome("c", "1", 1, OrderState.REFUSED))
    assert claim(ledger, "2", "m") is Claim.WON
    ledger.settle(Outcome("c", "2", 1, OrderState.SENT))
    assert claim(ledger, "1", "m") is Claim.SENT
    assert claim(ledger, "1", "n") is Claim.WON


def test_events_without_an_id_have_nothing_in_common(ledger: Ledger) -> None:
    assert claim(ledger, "1", None) is Claim.WON
    assert claim(ledger, "2", None) is Claim.WON


def test_an_unconfirmed_order_is_never_won_again(ledger: Ledger, clock: Clock) -> None:
    claim(ledger, "1", "m")
    ledger.settle(Outcome("c", "1", 1, OrderState.UNCONFIRMED))
    clock.time += 1e9
    assert claim(ledger, "1", "m2") is Claim.UNCONFIRMED


def test_unless_a_second_mail_may_be_risked(database: Database, clock: Clock) -> None:
    ledger = Ledger(database, clock, LedgerRules(repeat=True))
    assert ledger.reserve("c", OrderEntry("1", "m")) == Reservation(Claim.WON, 1)
    ledger.settle(Outcome("c", "1", 1, OrderState.UNCONFIRMED))
    assert ledger.reserve("c", OrderEntry("1", "m")) == Reservation(Claim.WON, 2)
    assert claim(ledger, "1", "m") is Claim.IN_FLIGHT
    clock.time += 60
    assert ledger.reserve("c", OrderEntry("1", "m")) == Reservation(Claim.WON, 3)


def test_who_was_overtaken_cannot_undo_what_the_next_one_knows(database: Database, clock: Clock) -> None:
    ledger = Ledger(database, clock, LedgerRules(repeat=True))
    claim(ledger, "1", "m")
    clock.time += 60
    claim(ledger, "1", "m")
    ledger.settle(Outcome("c", "1", 1, OrderState.REFUSED))
    assert state_of(ledger, "c", "1") is OrderState.RESERVED
    ledger.settle(Outcome("c", "1", 1, OrderState.SENT))
    ledger.settle(Outcome("c", "1", 2, OrderState.REFUSED))
    assert state_of(ledger, "c", "1") is OrderState.SENT


def test_a_reservation_left_behind_becomes_unconfirmed(ledger: Ledger, clock: Clock) -> None:
    claim(ledger, "1", "m")
    clock.time += 59
    assert claim(ledger, "1", "m") is Claim.IN_FLIGHT
    clock.time += 1
    assert claim(ledger, "1", "m") is Claim.UNCONFIRMED


def test_a_sweep_finds_what_was_left_behind(ledger: Ledger, clock: Clock) -> None:
    claim(ledger, "1", "m")
    clock.time += 30
    claim(ledger, "2", "n")
    clock.time += 30
    assert (ledger.sweep(), ledger.sweep()) == (1, 0)
    assert (state_of(ledger, "c", "1"), state_of(ledger, "c", "2")) == (OrderState.UNCONFIRMED, OrderState.RESERVED)


def test_a_late_owner_still_knows_best(ledger: Ledger, clock: Clock) -> None:
    claim(ledger, "1", "m")
    clock.time += 61
    claim(ledger, "1", "m")
    ledger.settle(Outcome("c", "1", 1, OrderState.SENT))
    assert state_of(ledger, "c", "1") is OrderState.SENT


def test_a_sent_order_cannot_be_unsent(ledger: Ledger) -> None:
    claim(ledger, "1", "m")
    ledger.settle(Outcome("c", "1", 1, OrderState.SENT))
    ledger.settle(Outcome("c", "1", 1, OrderState.REFUSED))
    assert state_of(ledger, "c", "1") is OrderState.SENT


def test_orders_are_remembered_by_another_process(ledger: Ledger, database_url: str, clock: Clock) -> None:
    claim(ledger, "1", "m")
    ledger.settle(Outcome("c", "1", 1, OrderState.SENT))
    again = Database(database_url)
    assert claim(Ledger(again, clock), "1", "m") is Claim.SENT
    again.close()


@pytest.fixture
def capped(database: Database, clock: Clock) -> Ledger:
    return Ledger(database, clock, LedgerRules(cap=2, span=100.0))


def test_a_consumer_gets_so_many_and_no_more(capped: Ledger, clock: Clock) -> None:
    for order in ("1", "2"):
        assert claim(capped, order, order, consumer=ADA) is Claim.WON
        capped.settle(Outcome("c", order, 1, OrderState.SENT))
    assert claim(capped, "3", "3", consumer=ADA) is Claim.CAPPED
    assert state_of(capped, "c", "3") is OrderState.REFUSED
    assert claim(capped, "4", "4", consumer=EVE) is Claim.WON
    clock.time += 100
    assert claim(capped, "3", "3", consumer=ADA) is Claim.WON


def test_a_refused_order_does_not_count(capped: Ledger) -> None:
    for order in ("1", "2"):
        claim(capped, order, order, consumer=ADA)
        capped.settle(Outcome("c", order, 1, OrderState.REFUSED))
    assert claim(capped, "3", "3", consumer=ADA) is Claim.WON
    assert claim(capped, "1", "1", consumer=ADA) is Claim.WON
    assert claim(capped, "2", "2", consumer=ADA) is Claim.CAPPED


def test_a_repeated_order_is_told_as_such_and_not_as_capped(capped: Ledger) -> None:
    claim(capped, "1", "1", consumer=ADA)
    claim(capped, "2", "2", consumer=ADA)
    capped.settle(Outcome("c", "1", 1, OrderState.SENT))
    assert claim(capped, "1", "1", consumer=ADA) is Claim.SENT


def test_the_cap_holds_for_many_at_once_and_two_copies(capped: Ledger, database_url: str, clock: Clock) -> None:
    second = Database(database_url)
    other = Ledger(second, clock, LedgerRules(cap=2, span=100.0))
    names = at_once(8, lambda number: claim((capped, other)[number % 2], f"{number}", f"m{number}", consumer=ADA))
    assert names == ["CAPPED"] * 6 + ["WON"] * 2
    second.close()


def test_a_person_resolves_what_is_unconfirmed(ledger: Ledger, database: Database, clock: Clock) -> None:
    order_admin = OrderAdmin(database, clock)
    for order in ("1", "2"):
        claim(ledger, order, order)
        ledger.settle(Outcome("c", order, 1, OrderState.UNCONFIRMED, "unconfirmed"))
    assert order_admin.owners("1") == ["c"]
    assert order_admin.resolve("c", "1", OrderState.SENT)
    assert order_admin.resolve("c", "2", OrderState.REFUSED)
    assert not order_admin.resolve("c", "1", OrderState.REFUSED)
    assert (claim(ledger, "1", "9"), claim(ledger, "2", "2")) == (Claim.SENT, Claim.WON)


def test_old_data_goes_and_open_questions_stay(ledger: Ledger, database: Database, clock: Clock) -> None:
    order_admin = OrderAdmin(database, clock)
    for order, state in (("1", OrderState.SENT), ("2", OrderState.UNCONFIRMED), ("3", OrderState.REFUSED)):
        ledger.reserve("c", OrderEntry(order, order, "consumer", "person", "sealed"))
        ledger.settle(Outcome("c", order, 1, state))
    clock.time += 11
    order_admin.tidy(order_retention=20, address_retention=10)
    assert order_admin.addresses("c", "person") == (False, [])
    assert len(order_admin.orders(None, 10)) == 3
    clock.time += 10
    order_admin.tidy(order_retention=20, address_retention=10)
    assert [order.order_id for order in order_admin.orders(None, 10)] == ["2"]
    assert order_admin.open_orders() == {"reserved": 0, "unconfirmed": 1}


def test_forgetting_leaves_the_order_and_nothing_of_the_person(
    ledger: Ledger, database: Database, clock: Clock
) -> None:
    order_admin = OrderAdmin(database, clock)
    ledger.reserve("c", OrderEntry("1", "m1", "hash-1", "person", "sealed-1"))
    ledger.reserve("c", OrderEntry("2", "m2", "hash-1"))
    ledger.reserve("c", OrderEntry("3", "m3", "hash-2", "another person", "sealed-2"))
    assert order_admin.addresses("c", "person") == (True, [("hash-1", "sealed-1")])
    assert order_admin.forget("c", "person", ["hash-1"]) == 2
    assert order_admin.addresses("c", "person") == (False, [])
    assert order_admin.addresses("c", "another person")[1] == [("hash-2", "sealed-2")]
    assert claim(ledger, "1", "m9") is Claim.IN_FLIGHT


def reserve_late(ledger: Ledger, database: Database, entry: OrderEntry) -> None:
    """What a database does with a reservation that it executes after its client has given up."""
    with database.transaction() as transaction:
        ledger._inserted(transaction, "c", entry, OrderState.RESERVED)


def test_a_reservation_that_was_given_up_is_free_again(ledger: Ledger, clock: Clock) -> None:
    ledger.reserve("c", OrderEntry("1", "m", claim="first"))
    ledger.give_up("c", "1", "first")
    assert state_of(ledger, "c", "1") is OrderState.REFUSED
    assert ledger.reserve("c", OrderEntry("1", "m", claim="second")) == Reservation(Claim.WON, 3)
    ledger.give_up("c", "1", "first")
    assert claim(ledger, "1", "m") is Claim.IN_FLIGHT


def test_a_reservation_that_comes_after_it_was_given_up_reserves_nothing(ledger: Ledger, database: Database) -> None:
    ledger.give_up("c", "1", "first")
    reserve_late(ledger, database, OrderEntry("1", "m", claim="first"))
    assert state_of(ledger, "c", "1") is OrderState.REFUSED
    assert claim(ledger, "1", "m") is Claim.WON


def test_a_second_reservation_that_comes_after_it_was_given_up_reserves_nothing(
    ledger: Ledger, database: Database
) -> None:
    ledger.reserve("c", OrderEntry("1", "m", claim="first"))
    ledger.settle(Outcome("c", "1", 1, OrderState.REFUSED))
    with database.reading() as reading:
        seen = ledger._found(reading, "c", OrderEntry("1", "m"))
    ledger.give_up("c", "1", "second")
    with database.transaction() as transaction:
        assert ledger._claimed_again(transaction, "c", OrderEntry("1", "m", claim="second"), seen) is None
    assert state_of(ledger, "c", "1") is OrderState.REFUSED


def test_a_reservation_whose_lease_ran_out_before_it_was_given_up_is_not_in_doubt(ledger: Ledger, clock: Clock) -> None:
    ledger.reserve("c", OrderEntry("1", "m", claim="first"))
    clock.time += 61
    assert ledger.sweep() == 1
    ledger.give_up("c", "1", "first")
    assert state_of(ledger, "c", "1") is OrderState.REFUSED


@pytest.mark.parametrize("state", [OrderState.SENT, OrderState.UNCONFIRMED, OrderState.RESERVED])
def test_giving_up_touches_nothing_of_another_request(ledger: Ledger, state: OrderState) -> None:
    won = ledger.reserve("c", OrderEntry("1", "m", claim="first"))
    if state is not OrderState.RESERVED:
        ledger.settle(Outcome("c", "1", won.attempt, state))
    ledger.give_up("c", "1", "second")
    assert state_of(ledger, "c", "1") is state
    ledger.settle(Outcome("c", "1", won.attempt, OrderState.SENT))
    assert state_of(ledger, "c", "1") is OrderState.SENT
