"""Nothing grows without end."""

from __future__ import annotations

from typing import Any

from tpmock.core.bounded import LONGEST_REMEMBERED, BoundedDict, remembered, weight_of
from tpmock.journal.journal import RING_BYTES, Entry, Journal
from tpmock.journal.masking import Masks


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
    ring: BoundedDict[str, int] = BoundedDict(size=2, on_evict=gone.append)
    for number in range(4):
        ring[str(number)] = number
    assert (list(ring), gone) == (["2", "3"], [0, 1])


def test_a_ring_keeps_so_many_bytes_and_its_newest_item_in_any_case() -> None:
    ring: BoundedDict[int, bytes] = BoundedDict(weigh=lambda _, value: len(value), most=10)
    for number in range(4):
        ring[number] = b"x" * 4
    assert (list(ring), ring.dropped) == ([2, 3], 2)
    ring[3] = b"x" * 6
    assert list(ring) == [2, 3]
    del ring[2]
    ring.pop(3)
    for number in range(4, 6):
        ring[number] = b"x" * 5
    assert list(ring) == [4, 5]
    ring[6] = b"x" * 100
    assert (list(ring), ring.dropped) == ([6], 4)


def test_a_json_value_weighs_at_least_its_texts() -> None:
    assert weight_of({"name": ["x" * 1_000, {"other": "y" * 1_000}], "number": 1}) > 2_000


def test_an_answer_is_not_remembered_by_a_long_text() -> None:
    asked: list[str] = []

    def measure(text: str) -> int:
        asked.append(text)
        return len(text)

    length = remembered(10)(measure)
    for _ in range(2):
        assert length("short") == 5
        assert length("x" * (LONGEST_REMEMBERED + 1)) == LONGEST_REMEMBERED + 1
    assert len(asked) == 3


def test_the_journal_weighs_headers_and_addresses_too() -> None:
    journal = Journal(Masks({}))
    for number in range(1, 9, 2):
        journal.write(entry(number, url="x" * (RING_BYTES // 3)))
        journal.write(entry(number + 1, request_headers="x" * (RING_BYTES // 3)))
    assert [kept.id for kept in journal.entries()] == [7, 8]
    assert journal.dropped == 6


def test_the_journal_keeps_the_newest_by_number() -> None:
    journal = Journal(Masks({}), ring=3)
    for number in range(1, 6):
        journal.write(entry(number))
    assert [kept.id for kept in journal.entries()] == [3, 4, 5]


def test_the_journal_keeps_the_newest_by_weight() -> None:
    journal = Journal(Masks({}))
    for number in range(1, 6):
        journal.write(entry(number, b"x" * (RING_BYTES // 4)))
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
