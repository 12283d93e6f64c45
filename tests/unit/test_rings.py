"""Nothing grows without end."""

from __future__ import annotations

from typing import Any

from mockserver.journal import RING_BYTES, Entry, Journal
from mockserver.masking import Masks
from mockserver.ring import Ring


def entry(number: int, body: bytes = b"", **changes: Any) -> Entry:
    fields: dict[str, Any] = {
        "id": number,
        "at": 0.0,
        "direction": "in",
        "api": "trustpilot",
        "operation": "findBusinessUnit",
        "method": "GET",
        "url": "http://localhost/",
        "status": 200,
        "request_body": body,
        "response_body": b"",
        "request_headers": "",
        "response_headers": "",
        "milliseconds": 1.0,
        **dict.fromkeys(("evidence", "hint", "trace", "fault", "error")),
        **changes,
    }
    return Entry(**fields)


def test_a_ring_tells_what_it_pushed_out() -> None:
    gone: list[int] = []
    ring: Ring[str, int] = Ring(2, gone.append)
    for number in range(4):
        ring[str(number)] = number
    assert (list(ring), gone) == (["2", "3"], [0, 1])


def test_the_journal_keeps_the_newest_by_number() -> None:
    journal = Journal(Masks({}), ring=3)
    for number in range(1, 6):
        journal.write(entry(number))
    assert [kept.id for kept in journal.entries()] == [3, 4, 5]


def test_the_journal_keeps_the_newest_by_weight() -> None:
    journal = Journal(Masks({}))
    for number in range(1, 6):
        journal.write(entry(number, b"x" * (RING_BYTES // 3)))
    assert [kept.id for kept in journal.entries()] == [3, 4, 5]


def test_one_entry_heavier_than_the_ring_is_still_kept() -> None:
    journal = Journal(Masks({}))
    journal.write(entry(1, b"x" * (RING_BYTES + 1)))
    assert [kept.id for kept in journal.entries()] == [1]


def test_an_entry_shows_json_as_json_and_the_rest_as_text() -> None:
    shown = entry(1, b'{"a": 1}', response_body=b"<html>", request_headers="Host: a:80").document()
    assert shown["request"] == {"headers": {"Host": "a:80"}, "body": {"a": 1}}
    assert shown["response"] == {"headers": {}, "body": "<html>"}


def test_a_journal_is_what_it_was_when_it_is_brought_back() -> None:
    journal = Journal(Masks({}), ring=3)
    for _ in range(5):
        journal.write(entry(journal.next_id(), b"x"))
    again = Journal(Masks({}), state=journal.state())
    assert (again.ring, again.entries(), again.oldest) == (3, journal.entries(), 3)
    assert again.next_id() == 6


def test_without_its_entries_a_journal_still_goes_on_counting() -> None:
    journal = Journal(Masks({}), ring=3)
    journal.write(entry(journal.next_id()))
    again = Journal(Masks({}), state=journal.state(entries=False))
    assert (again.ring, again.entries(), again.next_id()) == (3, [], 2)
