"""``tpmock event order --count``: many invented orders on the real way, and how far they got."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from tpmock.cli.fake_data import FakeOrders
from tpmock.cli.main import tpmock
from tpmock.common.installation import install_command

from tests.support.doors import Judge, OverSocket
from tests.support.sandboxes import SandboxUnderTest
from tests.support.stub_destination import Say, StubDestination


@pytest.fixture
def shop() -> Iterator[tuple[OverSocket, SandboxUnderTest]]:
    door = OverSocket()
    yield door, SandboxUnderTest(door, Judge(), sandbox_id="default")
    door.close()


def orders(door: OverSocket, *arguments: str) -> Result:
    return CliRunner().invoke(tpmock, ["event", "order", "--url", door.url, *arguments])


def test_many_orders_arrive_and_are_counted(shop: tuple[OverSocket, SandboxUnderTest]) -> None:
    door, sandbox = shop
    with StubDestination() as destination:
        sandbox.connect(destination.url)
        result = orders(door, "--count", "250", "--seed", "3")
        assert result.exit_code == 0, result.output
        assert result.stdout == (
            "250 orders: 250 received, 0 dropped at ingest, 0 filtered at the source, 0 filtered at the destination, "
            "250 delivered, 0 failed, 0 waiting.\n"
        )
        assert len({entry.event["properties"]["order_id"] for entry in destination.received}) == 250
        again = json.loads(orders(door, "--count", "250", "--seed", "3", "--json").stdout)
        assert again["steps"]["failed-on-ingest"] == 250, "the same seed makes the same messages, which are duplicates"


def test_what_waits_and_what_failed_is_told_too(shop: tuple[OverSocket, SandboxUnderTest]) -> None:
    door, sandbox = shop
    with StubDestination() as destination:
        destination.say = [*[Say(400)] * 10, *[Say(503)] * 5, Say(200)]
        sandbox.connect(destination.url)
        counts = json.loads(orders(door, "--count", "40", "--json").stdout)["steps"]
    assert (counts["failed-delivery"], counts["pending"], counts["successful-delivery"]) == (10, 5, 25)


def test_orders_are_the_same_for_the_same_seed_and_believable() -> None:
    made = list(FakeOrders(3, "da_DK").events(300))
    assert made == list(FakeOrders(3, "da_DK").events(300))
    assert made != list(FakeOrders(4, "da_DK").events(300))
    for event in made:
        properties = event["properties"]
        assert properties["email"].endswith("@example.com")
        goods = sum(product["price"] * product["quantity"] for product in properties["products"])
        assert properties["revenue"] == round(goods, 2)
        total = properties["revenue"] + properties["shipping"] + properties["tax"]
        assert properties["total"] == round(total, 2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--count", "2", "--locale", "xx_YY"], "Faker has no locale 'xx_YY'"), (["--count", "0"], "not in the range")],
)
def test_what_cannot_be_made_is_refused(
    shop: tuple[OverSocket, SandboxUnderTest], arguments: list[str], sentence: str
) -> None:
    result = orders(shop[0], *arguments)
    assert result.exit_code == 2
    assert sentence in result.output


def test_without_faker_it_says_how_to_get_it(
    shop: tuple[OverSocket, SandboxUnderTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faker", None)
    monkeypatch.delitem(sys.modules, "tpmock.cli.fake_data", raising=False)
    result = orders(shop[0], "--count", "2")
    assert result.exit_code == 2
    assert f"Faker is not installed. Run: {install_command('seed')}" in result.output
    assert orders(shop[0], "--id", "1001").stdout == "1001\n"
