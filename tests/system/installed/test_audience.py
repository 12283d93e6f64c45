"""``tpmock event audience-entered`` and its like, against a mock that runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.system.installed.running import Command, Control, ran

CALLS = [
    (["audience-entered", "Big spenders"], {"email": "ada@example.com", "big_spenders": True}),
    (["audience-exited", "Big spenders"], {"email": "ada@example.com", "big_spenders": False}),
    (["journey-entered", "Win back"], {"email": "ada@example.com", "j_o_win_back": True}),
    (["trait-computed", "Total orders", "7"], {"email": "ada@example.com", "total_orders": 7}),
    (["trait-computed", "Level", "gold"], {"email": "ada@example.com", "level": "gold"}),
]


@pytest.mark.parametrize(("words", "traits"), CALLS, ids=[" ".join(words) for words, _ in CALLS])
def test_the_command_sends_what_engage_sends(
    tpmock: Command, mock_url: str, words: list[str], traits: dict[str, Any]
) -> None:
    command = [*tpmock, "event", *words, "--url", mock_url, "--email", "ada@example.com", "--destination", "Trustpilot"]
    done = ran(command)
    assert (done.returncode, done.stderr) == (0, "")
    [event] = Control(mock_url).rows("segment/events")
    assert event["message"]["traits"] == traits
    assert event["message"]["integrations"] == {"All": False, "Trustpilot": True, "Warehouses": {"all": False}}
    assert event["messageId"] in done.stdout


def test_the_other_form_and_several_users_for_a_program(tpmock: Command, mock_url: str) -> None:
    words = ["event", "audience-entered", "Big spenders", "--form", "track", "--user", "a", "--user", "b", "--json"]
    sent = json.loads(ran([*tpmock, *words, "--url", mock_url]).stdout)
    assert [(event["userId"], event["event"]) for event in sent["events"]] == [
        ("a", "Audience Entered"),
        ("b", "Audience Entered"),
    ]


def test_a_name_without_letters_is_refused_with_a_sentence(tpmock: Command, mock_url: str) -> None:
    done = ran([*tpmock, "event", "audience-entered", "!!", "--url", mock_url])
    assert (done.returncode, "needs a letter or a digit" in done.stderr) == (2, True)


def test_an_audience_by_command(tpmock: Command, mock_url: str) -> None:
    made = ran([*tpmock, "audience", "create", "VIP", "--member", "a=ada@example.com", "--url", mock_url])
    assert made.stdout.startswith("vip: 1 user, next sync at 2")
    listed = ran([*tpmock, "audience", "list", "--url", mock_url]).stdout
    assert listed.splitlines()[1].split()[:4] == ["VIP", "vip", "1", "1"]
    synced = json.loads(ran([*tpmock, "audience", "sync", "VIP", "--json", "--url", mock_url]).stdout)
    assert [event["message"]["traits"] for event in synced["events"]] == [{"email": "ada@example.com", "vip": True}]
    assert ran([*tpmock, "audience", "remove", "VIP", "--url", mock_url]).returncode == 0
    assert ran([*tpmock, "audience", "remove", "VIP", "--url", mock_url]).returncode != 0
