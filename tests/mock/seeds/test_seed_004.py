"""Seed document 004 replayed: Braze's templates, rendered by ``tpmock braze``'s renderer, against the mock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tpmock.cli.braze import filled
from tpmock.cli.connected_content import RETRIES, Account, BrazeError, Renderer

from tests.support.doors import Judge, OverSocket
from tests.support.sandboxes import SandboxUnderTest

HERE = Path(__file__).parent
TOKEN = (HERE / "token.liquid").read_text(encoding="utf-8")
REVIEWS = (HERE / "product-reviews.liquid").read_text(encoding="utf-8")
FIND = "{% connected_content https://api.trustpilot.com/v1/business-units/find?name=trustpilotdemo.com&apikey=API_KEY"


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
        self.sandbox = sandbox
        self.clock = 0.0
        self.lines: list[str] = []
        self.waits: list[int] = []
        self.session = requests.Session()
        account = Account(url, lambda: self.clock, self.waits.append, self.lines.append)
        self.renderer = Renderer(account, self.session)

    def render(self, template: str, **properties: Any) -> str:
        return self.renderer.render(filled(template, self.sandbox.credentials), properties)

    def calls(self, operation: str) -> int:
        return len(self.sandbox.control("GET", f"/journal?operation={operation}")["journal"])


@pytest.fixture
def braze(sandbox: SandboxUnderTest, mock: OverSocket) -> Iterator[Braze]:
    made = Braze(sandbox, mock.url)
    yield made
    made.session.close()


def test_the_token_template_gives_a_token(braze: Braze) -> None:
    assert braze.render(TOKEN).startswith("tpa-")
    assert braze.lines[0].endswith("accesstoken: 200")


@pytest.mark.parametrize(
    ("template", "operation", "kept", "lost"),
    [
        (TOKEN, "createAccessToken", 3599, 3601),
        (TOKEN.replace("3600", "60"), "createAccessToken", 299, 301),
        (TOKEN.replace("3600", "99999"), "createAccessToken", 14399, 14401),
        (TOKEN.replace(":cache_max_age 3600", ""), "createAccessToken", None, 0),
        (FIND + " :save unit %}", "findBusinessUnit", 299, 301),
        (FIND + " :save unit :no_cache %}", "findBusinessUnit", None, 0),
    ],
    ids=["an hour", "no less than five minutes", "no more than four hours", "no POST by itself", "GET", "no_cache"],
)
def test_how_long_a_response_is_kept(braze: Braze, template: str, operation: str, kept: int | None, lost: int) -> None:
    braze.render(template)
    if kept is not None:
        braze.clock = kept
        braze.render(template)
        assert braze.calls(operation) == 1
    braze.clock = lost
    braze.render(template)
    assert braze.calls(operation) == 2


@pytest.mark.parametrize("failures", [1, RETRIES])
def test_a_call_is_retried_until_it_succeeds(braze: Braze, failures: int) -> None:
    braze.sandbox.control("POST", "/faults", {"operation": "createAccessToken", "status": 503, "count": failures})
    assert braze.render(TOKEN).startswith("tpa-")
    assert braze.calls("createAccessToken") == failures + 1
    assert braze.waits == [60 * 2**number for number in range(failures)]


def test_a_message_is_aborted_when_all_retries_fail(braze: Braze) -> None:
    braze.sandbox.control("POST", "/faults", {"operation": "createAccessToken", "status": 503, "count": 99})
    with pytest.raises(BrazeError, match=r"aborted: POST .* failed 6 times"):
        braze.render(TOKEN)
    assert braze.calls("createAccessToken") == RETRIES + 1


def test_without_retry_a_failure_is_a_status_and_nothing_in_the_message(braze: Braze) -> None:
    unknown = FIND.replace("trustpilotdemo.com", "nobody.test")
    assert braze.render(unknown + " :save unit %}{{unit.__http_status_code__}}") == "404"
    assert braze.render(unknown + " %}") == ""
    assert '"id":' in braze.render(FIND + " %}")


def test_the_reviews_template_shows_five_star_reviews_of_the_product(braze: Braze) -> None:
    shown = braze.render(REVIEWS, event_properties={"item_sku": "ABC-1234"})
    assert shown == "5 Kevin Example: Such a great toy truck, my kids really enjoy it!"
    assert braze.render(REVIEWS, event_properties={"item_sku": "nothing"}) == ""


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{% connected_content https://example.com/x :save a %}", "tpmock calls no other host"),
        (FIND + " :basic_auth name %}", "does not know the option :basic_auth"),
        (FIND + " :headers {a} %}", ":headers is not valid JSON"),
        (FIND + " :cache_max_age soon %}", ":cache_max_age is a number of seconds"),
    ],
)
def test_what_cannot_be_rendered_is_said(braze: Braze, template: str, words: str) -> None:
    with pytest.raises(BrazeError, match=words):
        braze.render(template)
