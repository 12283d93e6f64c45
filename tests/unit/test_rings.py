"""Nothing grows without end."""

from __future__ import annotations

from typing import Any

from mockserver.journal import RING_BYTES, Entry, Journal, mask, masked_form, masked_headers, masked_json, masked_query
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
    journal = Journal(ring=3)
    for number in range(1, 6):
        journal.write(entry(number))
    assert [kept.id for kept in journal.find()] == [3, 4, 5]


def test_the_journal_keeps_the_newest_by_weight() -> None:
    journal = Journal()
    for number in range(1, 6):
        journal.write(entry(number, b"x" * (RING_BYTES // 3)))
    assert [kept.id for kept in journal.find()] == [3, 4, 5]


def test_one_entry_heavier_than_the_ring_is_still_kept() -> None:
    journal = Journal()
    journal.write(entry(1, b"x" * (RING_BYTES + 1)))
    assert [kept.id for kept in journal.find()] == [1]


def test_secrets_are_masked_wherever_they_stand() -> None:
    headers = masked_headers([("Authorization", "Bearer tpa-secret"), ("apikey", "tpk-secret"), ("Accept", "*/*")])
    assert headers == "Authorization: Bearer tpa-…\napikey: tpk-…\nAccept: */*"
    assert masked_query("name=x&apikey=tpk-secret") == "name=x&apikey=tpk-%E2%80%A6"
    assert b"secret" not in masked_form(b"password=secret&username=ada", frozenset({"password"}))
    assert masked_json({"a": [{"apiKey": "secret"}], "apiKey": 7}, frozenset({"apiKey"})) == {
        "a": [{"apiKey": "secr…"}],
        "apiKey": 7,
    }
    assert mask("") == ""


def test_an_entry_shows_json_as_json_and_the_rest_as_text() -> None:
    shown = entry(1, b'{"a": 1}', response_body=b"<html>", request_headers="Host: a:80").document()
    assert shown["request"] == {"headers": {"Host": "a:80"}, "body": {"a": 1}}
    assert shown["response"] == {"headers": {}, "body": "<html>"}
