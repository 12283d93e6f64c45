"""Settings from Segment, products, and the invitation requests that they lead to."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tpmock.destination.config import DestinationSettings
from tpmock.destination.rules.invitations import invitation_body, notes
from tpmock.destination.rules.preferences import HEADER, Preferences
from tpmock.destination.rules.products import MOST, read_products
from tpmock.destination.rules.values import DAY
from tpmock.destination.rules.variables import declared_in

from tests.destination.conftest import EMAIL, StubTrustpilot, Subject, message_of, order_completed
from tests.destination.seen import READER
from tests.destination.test_config import GOOD

PLACED = "2026-03-01T12:00:00.000Z"


def header(**settings: object) -> dict[str, str]:
    return {HEADER: base64.b64encode(json.dumps(settings).encode()).decode()}


def body_of(wishes: Preferences, **properties: Any) -> dict[str, Any]:
    order = READER.read({**order_completed(**properties), "timestamp": PLACED})
    return invitation_body(order, wishes, lambda: 0.0)


def test_settings_from_segment_win(subject: Subject, trustpilot: StubTrustpilot) -> None:
    settings = header(
        locale="da_DK",
        template_ID="507f191e810c19729de860ec",
        DelayDays=7,
        tags=["web", "summer"],
        senderName="The shop",
        senderEmail="shop@example.com",
        replyTo="help@example.com",
        locationId="CPH-1",
        redirectUri="https://shop.example.com/thanks",
        somethingElse={"of": "no concern"},
    )
    assert subject.post({**order_completed(), "timestamp": PLACED}, headers=settings).status_code == 200
    assert trustpilot.calls[0].json == {
        "locale": "da-DK",
        "senderName": "The shop",
        "senderEmail": "shop@example.com",
        "replyTo": "help@example.com",
        "locationId": "CPH-1",
        "referenceNumber": "1001",
        "consumerName": "Ada Byron",
        "consumerEmail": EMAIL,
        "type": "email",
        "serviceReviewInvitation": {
            "templateId": "507f191e810c19729de860ec",
            "preferredSendTime": "2026-03-08T12:00:00",
            "redirectUri": "https://shop.example.com/thanks",
            "tags": ["web", "summer"],
        },
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"locale": "English"},
            "The setting locale must be one of the locales that Trustpilot knows, such as en-US.",
        ),
        ({"DELAY_DAYS": "soon"}, "The setting delayDays must be a number of days, at least 0 and at most 3650."),
        ({"senderEmail": "shop"}, "The setting senderEmail must be an e-mail address."),
        ({"productInvitations": "perhaps"}, "The setting productInvitations must be true or false."),
        ({"tags": {"a": 1}}, "The setting tags must be a text, a number, or true or false."),
        (
            {"tags": ",".join("abcdefghijklmnopqrstuvwxyz")},
            "The setting tags must be at most 20 tags, separated by commas.",
        ),
    ],
)
def test_a_wrong_setting_is_named(
    subject: Subject, trustpilot: StubTrustpilot, given: dict[str, object], words: str
) -> None:
    answer = subject.post(order_completed(), headers=header(**given))
    assert (answer.status_code, message_of(answer)) == (400, words)
    assert trustpilot.calls == []


@pytest.mark.parametrize("value", ["!", "bm8ganNvbg==", "W10=", "A" * 20_000, base64.b64encode(b"[" * 9000).decode()])
def test_a_header_that_cannot_be_read_is_refused(subject: Subject, value: str) -> None:
    answer = subject.post(order_completed(), headers={HEADER: value})
    assert (answer.status_code, HEADER in message_of(answer)) == (400, True)


@pytest.mark.parametrize("settings", [{}, {"locale": None, "tags": "", "delayDays": None}])
def test_empty_settings_change_nothing(settings: dict[str, object]) -> None:
    assert Preferences(locale="da-DK").with_settings(settings) == Preferences(locale="da-DK")


def test_an_empty_settings_header_sets_nothing(subject: Subject) -> None:
    assert subject.post(order_completed(), headers={HEADER: ""}).status_code == 200


def test_preferences_survive_being_stored() -> None:
    wishes = Preferences(locale="da-DK", delay=1.5 * DAY, tags=("a", "b"), products=True, product_delay=2 * DAY)
    assert Preferences().with_settings(json.loads(json.dumps(wishes.as_settings()))) == wishes
    assert Preferences().as_settings() == {}


def test_every_preference_has_a_variable_of_its_own() -> None:
    samples = {"TRUSTPILOT_REDIRECT_URI": "https://a.example", "TRUSTPILOT_PRODUCT_INVITATIONS": "true"}
    samples |= {"TRUSTPILOT_SENDER_EMAIL": EMAIL, "TRUSTPILOT_REPLY_TO": EMAIL, "TRUSTPILOT_LOCALE": "da-DK"}
    samples |= dict.fromkeys(("TRUSTPILOT_TEMPLATE_ID", "TRUSTPILOT_PRODUCT_TEMPLATE_ID"), "507f191e810c19729de860ec")
    environment = {by.name: samples.get(by.name, "3") for _, by in declared_in(Preferences).values()}
    found = DestinationSettings.from_environment({**GOOD, **environment}).preferences
    plain = Preferences()
    assert all(getattr(found, name) != getattr(plain, name) for name in declared_in(Preferences))


def test_the_delay_counts_from_the_order_or_else_from_now() -> None:
    order = READER.read(order_completed())
    part = invitation_body(order, Preferences(delay=DAY), lambda: 0.0)["serviceReviewInvitation"]
    assert part == {"preferredSendTime": "1970-01-02T00:00:00"}
    assert (
        body_of(Preferences(delay=0.5 * DAY))["serviceReviewInvitation"]["preferredSendTime"] == "2026-03-02T00:00:00"
    )


# --- products ---------------------------------------------------------------------------------------------------------

FIRST = {
    "product_id": "507f1f77bcf86cd799439011",
    "sku": "45790-32",
    "name": "Monopoly: 3rd Edition",
    "price": "19",
    "brand": "Hasbros",
    "url": "https://www.example.com/product/path",
    "image_url": "https:///www.example.com/product/path.jpg",
}
SECOND = {"SKU": 46493, "Name": "Uno Card Game", "imageUrl": "http://www.example.com/uno.jpg", "GTIN": 5010994931933}


def test_products_are_invited_for_when_that_is_switched_on(subject: Subject, trustpilot: StubTrustpilot) -> None:
    event = order_completed(products=[FIRST, SECOND])
    wished = header(productInvitations="true", productTemplateId="507f191e810c19729de860ed")
    answer = subject.post(event, headers=wished)
    assert trustpilot.calls[0].json["productReviewInvitation"] == {
        "templateId": "507f191e810c19729de860ed",
        "products": [
            {
                "sku": "45790-32",
                "name": "Monopoly: 3rd Edition",
                "brand": "Hasbros",
                "productUrl": "https://www.example.com/product/path",
            },
            {
                "sku": "46493",
                "name": "Uno Card Game",
                "gtin": "5010994931933",
                "imageUrl": "http://www.example.com/uno.jpg",
            },
        ],
    }
    assert "products[0].image_url is not a web address and was left out." in message_of(answer)


def test_otherwise_they_are_not(subject: Subject, trustpilot: StubTrustpilot) -> None:
    answer = subject.post(order_completed(products=[FIRST]))
    assert "productReviewInvitation" not in trustpilot.calls[0].json
    assert "left out" not in message_of(answer)


@pytest.mark.parametrize(
    ("products", "words"),
    [
        ("none", ["properties.products is not a list."]),
        ([5], ["products[0] is not an object."]),
        ([{"name": "x"}], ["products[0] has no SKU and was left out."]),
        ([{"sku": "x"}], ["products[0] has no name and was left out."]),
        ([{"product_id": "x", "name": "x"}], ["products[0] has no SKU and was left out."]),
        (
            [{"sku": ["x"], "name": "x"}],
            ["products[0].sku is not a valid text and was left out.", "products[0] has no SKU and was left out."],
        ),
    ],
)
def test_a_product_that_cannot_be_used_is_noted_and_the_order_goes(products: object, words: list[str]) -> None:
    order = READER.read(order_completed(products=products))
    wishes = Preferences(products=True)
    assert list(notes(order, wishes)) == [*words, "No product could be invited for."]
    assert "productReviewInvitation" not in invitation_body(order, wishes, lambda: 0.0)


def test_skus_keep_their_case_and_the_same_one_counts_once() -> None:
    items, _ = read_products({"products": [{"sku": sku, "name": sku} for sku in ("a", "A", "a ", 7, "7")]})
    assert [item["sku"] for item in items] == ["a", "A", "7"]


def test_there_is_an_end_to_products() -> None:
    items, notes = read_products({"products": [{"sku": str(number), "name": "x"} for number in range(MOST + 5)]})
    assert len(items) == MOST
    assert notes == [f"products[{MOST}] and what follows: only {MOST} products are invited for."]


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "www.example.com", "https://", "https://a b.example", "https://x:0", 5, "ftp://x.example"],
)
def test_bad_addresses_are_dropped_with_a_note(url: object) -> None:
    items, notes = read_products({"products": [{"sku": "1", "name": "x", "url": url}]})
    assert items == [{"sku": "1", "name": "x"}]
    assert notes == ["products[0].url is not a web address and was left out."]


@pytest.mark.parametrize(
    ("delay", "product_delay", "product_at"),
    [
        (None, 2.0, "2026-03-03T12:00:00"),
        (1.0, 2.0, "2026-03-03T12:00:00"),
        (2.0, 1.0, "2026-03-03T12:01:00"),
        (2.0, 2.0, "2026-03-03T12:01:00"),
        (2.0, None, None),
    ],
)
def test_the_product_mail_leaves_after_the_service_mail(
    delay: float | None, product_delay: float | None, product_at: str | None
) -> None:
    spans = (None if days is None else days * DAY for days in (delay, product_delay))
    wishes = Preferences(products=True, **dict(zip(("delay", "product_delay"), spans, strict=True)))  # type: ignore[arg-type]
    part = body_of(wishes, products=[FIRST])["productReviewInvitation"]
    assert part.get("preferredSendTime") == product_at
