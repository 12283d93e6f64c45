"""Seed document 004 replayed: a marketing tool's Liquid templates, rendered by a real engine, against the mock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.doors import Judge, OverSocket
from tests.sandboxes import SandboxUnderTest, an_invitation
from tests.seeds.connected_content import ConnectedContent

HERE = Path(__file__).parent
TOKEN = (HERE / "token.liquid").read_text(encoding="utf-8")
REVIEWS = (HERE / "product-reviews.liquid").read_text(encoding="utf-8")

WEBHOOK = "https://invitations-api.trustpilot.com/v1/private/business-units/{businessUnitId}/email-invitations"


@pytest.fixture(scope="module")
def mock() -> Iterator[OverSocket]:
    opened = OverSocket()
    yield opened
    opened.close()


@pytest.fixture
def sandbox(mock: OverSocket) -> Iterator[SandboxUnderTest]:
    made = SandboxUnderTest(mock, Judge())
    yield made
    made.control("DELETE", "")


class Braze:
    """Renders templates as the tool does, for one customer account."""

    def __init__(self, sandbox: SandboxUnderTest, url: str) -> None:
        self._sandbox = sandbox
        self.clock = 0.0
        self.session = requests.Session()
        self.content = ConnectedContent(self.session, url, lambda: self.clock)
        self._environment = self.content.environment()

    def render(self, template: str, **properties: Any) -> str:
        for placeholder, name in (
            ("API_KEY", "apiKey"), ("API_SECRET", "apiSecret"), ("BUSINESS_UNIT", "businessUnitId"),
        ):  # fmt: skip
            template = re.sub(rf"\b{placeholder}\b", self._sandbox[name], template)
        # The tool's own personalisation, ${name}, stands for a plain name.
        template = re.sub(r"\$\{(\w+)\}", r"\1", template)
        return self._environment.from_string(template).render(**properties).strip()


@pytest.fixture
def braze(sandbox: SandboxUnderTest, mock: OverSocket) -> Iterator[Braze]:
    made = Braze(sandbox, mock.url)
    yield made
    made.session.close()


def test_the_token_template_gives_a_token(braze: Braze) -> None:
    assert braze.render(TOKEN).startswith("tpa-")
    [call] = braze.content.calls
    assert call.status_code == 200
    assert call.json()["expires_in"] == "359999"


def test_the_token_is_kept_for_an_hour(braze: Braze) -> None:
    first = braze.render(TOKEN)
    braze.clock = 3599
    assert braze.render(TOKEN) == first
    braze.clock = 3601
    assert braze.render(TOKEN) != first
    assert len(braze.content.calls) == 2


def test_the_reviews_template_shows_five_star_reviews_of_the_product(braze: Braze) -> None:
    shown = braze.render(REVIEWS, event_properties={"item_sku": "ABC-1234"})
    assert shown == "5 Kevin Example: Such a great toy truck, my kids really enjoy it!"


def test_a_product_without_reviews_renders_nothing(braze: Braze) -> None:
    assert braze.render(REVIEWS, event_properties={"item_sku": "nothing"}) == ""


def test_the_invitation_webhook_is_taken_with_the_rendered_token(
    braze: Braze, sandbox: SandboxUnderTest, mock: OverSocket
) -> None:
    address = WEBHOOK.format(businessUnitId=sandbox["businessUnitId"])
    host, _, path = address.removeprefix("https://").partition("/")
    headers = {"Authorization": f"Bearer {braze.render(TOKEN)}", "Host": host}
    answer = braze.session.post(f"{mock.url}/{path}", json=an_invitation(), headers=headers, timeout=10)
    assert answer.status_code == 202
    assert [row["referenceNumber"] for row in sandbox.rows("invitations")] == ["1001"]
