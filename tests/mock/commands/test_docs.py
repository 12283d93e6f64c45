"""``tpmock docs``: the documentation is searched with a mock and without one."""

from __future__ import annotations

import json

import requests
from click.testing import CliRunner, Result
from tpmock.cli.main import tpmock

from tests.support.doors import OverSocket

NOWHERE = "http://127.0.0.1:9"
NOT_SERVED = "none runs now. Start one with 'tpmock up'."


def run(url: str, *words: str) -> Result:
    return CliRunner(env={"TPMOCK_URL": url}).invoke(tpmock, ["docs", *words])


def test_the_address_of_the_documentation_is_printed(door: OverSocket) -> None:
    shown = run(door.url)
    assert (shown.stdout, shown.stderr) == (f"{door.url}/_mock/docs/\n", "")
    assert requests.get(shown.stdout.strip(), timeout=30).status_code == 200


def test_what_was_found_is_printed_with_its_address(door: OverSocket) -> None:
    shown = run(door.url, "expired", "token")
    title, *rest = shown.stdout.splitlines()
    assert title.startswith("Test an expired token: ")
    assert any(line.startswith(f"  {door.url}/_mock/docs/how-to/expired-token") for line in rest)
    assert "\x02" not in shown.stdout


def test_programs_get_the_same(door: OverSocket) -> None:
    found = json.loads(run(door.url, "expired", "token", "--json").stdout)
    assert found["hits"][0]["page"] == "how-to/expired-token"
    assert found["served"] is True


def test_without_a_mock_the_documentation_is_searched_too() -> None:
    shown = run(NOWHERE, "expired", "token")
    assert shown.exit_code == 0
    assert "how-to/expired-token" in shown.stdout
    assert NOT_SERVED in shown.stderr


def test_words_of_no_page_are_reported(door: OverSocket) -> None:
    assert run(door.url, "zzzzqqqq").stdout.startswith("No page was found.")


def test_the_name_of_a_page_finds_that_page_alone(door: OverSocket) -> None:
    title, address, *rest = run(door.url, "concepts/clock").stdout.splitlines()
    assert title.startswith("Clock")
    assert (address.strip(), rest) == (f"{door.url}/_mock/docs/concepts/clock", [""])
