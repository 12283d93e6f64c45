"""Where links lead that are written without a call: set, or learned from those who may be believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import CliRunner
from tpmock.cli.main import tpmock
from tpmock.core.public_url import PublicUrl
from tpmock.server.app import MockApp, MockSettings
from werkzeug.test import Client

TOKEN = "a-token-for-tests"


def called(mock: MockApp, *calls: tuple[str, Mapping[str, str]]) -> str:
    """Where the links of a webhook would lead after some calls."""
    client = Client(mock)
    for path, headers in calls:
        client.get(path, headers=dict(headers))
    return str(mock.sandboxes.default.world.public_url)


@pytest.mark.parametrize(
    ("settings", "calls", "url"),
    [
        ({}, [], "http://127.0.0.1:8080"),
        ({}, [("/_mock/health", {"Host": "localhost:81"}), ("/_mock/health", {"Host": "127.0.0.1"})], "localhost:81"),
        ({}, [("/_mock/health", {"Host": "evil.example"})], "127.0.0.1:8080"),
        ({}, [("/v1/categories", {"Host": "evil.example"})], "127.0.0.1:8080"),
        ({"hosts": ("mock.test",)}, [("/_mock/sandboxes", {"Host": "mock.test:1"})], "mock.test:1"),
        ({"control_token": TOKEN}, [("/_mock/health", {"Host": "evil.example"})], "127.0.0.1:8080"),
        (
            {"control_token": TOKEN},
            [("/_mock/sandboxes", {"Host": "mock.test", "Authorization": f"Bearer {TOKEN}"})],
            "mock.test",
        ),
        ({"public_url": "http://set.test"}, [("/_mock/health", {"Host": "localhost:81"})], "set.test"),
    ],
)
def test_who_is_believed(settings: dict[str, Any], calls: list[tuple[str, Mapping[str, str]]], url: str) -> None:
    with MockApp(MockSettings(**settings)) as mock:
        assert called(mock, *calls).removeprefix("http://") == url.removeprefix("http://")


def test_functions_use_the_address_that_this_machine_knows() -> None:
    url = PublicUrl("http://published.test:18080")
    assert (str(url), url.local) == ("http://published.test:18080", "http://published.test:18080")
    url.learn("http://127.0.0.1:8080")
    assert (str(url), url.local) == ("http://published.test:18080", "http://127.0.0.1:8080")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mock.test",
        "ftp://mock.test",
        "http://",
        "http://:80",
        "http://a:99999",
        "http://u@a",
        "http://a/b",
        "http://[a",
    ],
)
@pytest.mark.parametrize("command", ["serve", "up"])
def test_what_cannot_be_an_address_is_refused(command: str, url: str) -> None:
    ended = CliRunner().invoke(tpmock, [command, "--port", "0", "--public-url", url])
    assert ended.exit_code == 2
    assert "such as http://mock.test:8080" in ended.output
