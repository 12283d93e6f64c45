"""Commands that make a request again: what a shell makes of them, and what they leave to the environment."""

from __future__ import annotations

import re
import shlex

import pytest
from tpmock.common.curl import Words, command, comment

NASTY = """it's "q" $HOME `id` $(id) \\ ; rm & | * ~ # \n é"""


def words() -> Words:
    return Words(re.compile(r"tpk-…\{apiKey\}"), lambda _: "TRUSTPILOT_API_KEY")


@pytest.mark.parametrize("text", [NASTY, "", "'", "-X", "@file"])
def test_any_text_is_one_word_of_a_shell(text: str) -> None:
    assert shlex.split(words().quoted(text)) == [text]


def test_a_masked_secret_becomes_a_variable() -> None:
    quoting = words()
    assert quoting.quoted("apikey=tpk-…{apiKey}&x") == """apikey="${TRUSTPILOT_API_KEY}"'&x'"""
    assert (quoting.used, quoting.left_out) == ({"TRUSTPILOT_API_KEY"}, False)


def test_a_secret_without_a_variable_is_reported() -> None:
    quoting = words()
    assert shlex.split(quoting.quoted("tpk-…")) == ["tpk-…"]
    assert quoting.left_out


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        ("Basic dHBr…{apiKey:apiSecret}", '"${TRUSTPILOT_API_KEY}":"${TRUSTPILOT_API_SECRET}"'),
        ("Basic …{integrationKey:}", '"${INTEGRATION_KEY}":'),
        ("Basic wrong:", "wrong:"),
        ("Basic wrong", "wrong:"),
    ],
)
def test_basic_credentials_are_a_pair(authorization: str, expected: str) -> None:
    assert words().pair(authorization) == expected


def test_a_form_is_sent_field_by_field_and_headers_of_the_connection_are_left_out() -> None:
    headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "7"), ("X-Empty", "")]
    made = shlex.split(
        command("POST", "http://mock.example.com/", headers, "a=1&b=%26", words(), host="api.example.com")
    )
    assert made[made.index("-H") + 1] == "Host: api.example.com"
    assert [made[i + 1] for i, word in enumerate(made) if word == "--data-urlencode"] == ["a=1", "b=&"]
    assert "X-Empty;" in made
    assert not any("Content-Length" in word for word in made)


def test_nothing_ends_a_comment() -> None:
    assert comment("a\nrm -rf é") == "a?rm -rf ?"
