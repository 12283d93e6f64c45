"""What an invitation's email is made of: its products, link, sender, subject, template and locale (INV)."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from tpmock.sandbox.sandbox import Sandbox
from tpmock.trustpilot import invitation_life
from tpmock.trustpilot.invitation_life import DEFAULT_DELAY, SENDER
from tpmock.trustpilot.model import Invitation, Product
from tpmock.trustpilot.world import World

from tests.mock.rules.conftest import NOW
from tests.mock.rules.test_invitation_times import SHOP, invitation, invite, mails, stamp

CAR: Final = {"sku": "ABC-1234", "name": "Metal Toy Car"}
IN_CATALOG: Final = {"title": "Toy Car", "link": "https://example.com/car", "brand": None, "price": "9.50"}


def made(world: World, **changes: Any) -> Invitation:
    invite(world, invitation(**changes))
    return mails(world)[-1]


# --- products ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ({"products": [CAR]}, [CAR]),
        # The catalog's members under the names of an invitation; what the catalog lacks is left out.
        ({"productSkus": ["A"]}, [{"name": "Toy Car", "productUrl": "https://example.com/car", "sku": "A"}]),
        ({"productSkus": ["unknown"]}, [{"name": "unknown", "sku": "unknown"}]),
        ({"productSkus": ["unknown", "A"]}, ["unknown", "A"]),
    ],
)
def test_products_are_those_of_the_request_or_of_the_catalog(
    world: World, part: dict[str, Any], found: list[Any]
) -> None:
    world.products[(SHOP, "A")] = Product("p", SHOP, "A", dict(IN_CATALOG))
    world.products[("another", "unknown")] = Product("q", "another", "unknown", dict(IN_CATALOG))
    products = invitation_life.products(world, SHOP, part)
    assert (products if isinstance(found[0], dict) else [one["sku"] for one in products]) == found


# --- the link ---------------------------------------------------------------------------------------------------------


def test_a_link_is_made_when_the_email_is_delivered_and_knows_its_order(universe: Sandbox) -> None:
    changes = {"locale": "da-DK", "locationId": "shop-1", "serviceReviewInvitation": {"tags": ["vip"]}}
    mail = made(universe.world, **changes)
    assert (mail.link, mail.sent_at) == (None, None)
    universe.scheduler.advance(DEFAULT_DELAY)
    assert mail.sent_at == NOW + DEFAULT_DELAY
    link = universe.world.links[mail.link or ""]
    assert len(link.id) == 32
    assert int(link.id, 16) > 0
    assert (link.unit, link.kind, link.invitation, link.trace) == (SHOP, "service", mail.id, "trace-1001")
    assert (link.reference_id, link.email, link.name) == ("1001", "ada@example.com", "Ada Example")
    assert (link.locale, link.location, link.tags, link.redirect_uri) == ("da-DK", "shop-1", ["vip"], None)
    assert (link.created_at, link.products) == (NOW + DEFAULT_DELAY, [])


def test_a_link_for_products_has_them_and_the_address_to_return_to(universe: Sandbox) -> None:
    part = {"products": [CAR], "redirectUri": "https://example.com/thanks"}
    mail = made(universe.world, serviceReviewInvitation=None, productReviewInvitation=part)
    universe.scheduler.advance(DEFAULT_DELAY)
    link = universe.world.links[mail.link or ""]
    assert (link.kind, link.products, link.tags) == ("product", [CAR], [])
    assert link.redirect_uri == "https://example.com/thanks"


# --- what a mailbox shows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, {"name": "Trustpilot Demo", "email": SENDER}),
        ({"senderName": "The shop"}, {"name": "The shop", "email": SENDER}),
        ({"senderEmail": "shop@example.com"}, {"name": "Trustpilot Demo", "email": "shop@example.com"}),
    ],
)
def test_the_sender_is_the_unit_unless_the_request_says_otherwise(
    world: World, changes: dict[str, Any], shown: dict[str, str]
) -> None:
    world.units[SHOP].display_name = "Trustpilot Demo"
    assert invitation_life.envelope(world, made(world, **changes))["from"] == shown


def test_a_subject_names_the_unit_or_the_products(world: World) -> None:
    world.units[SHOP].display_name = "Trustpilot Demo"
    service = made(world)
    product = made(world, serviceReviewInvitation=None, productReviewInvitation={"products": [CAR, {"name": "Doll"}]})
    assert [invitation_life.envelope(world, mail)["subject"] for mail in (service, product)] == [
        "Ada Example, how was your experience with Trustpilot Demo?",
        "Ada Example, how was Metal Toy Car, Doll?",
    ]


def test_an_email_has_its_link_once_it_is_delivered(universe: Sandbox) -> None:
    mail = made(universe.world, replyTo="reply@example.com")
    before = invitation_life.email(universe.world, mail)
    assert before["link"] is None
    assert "(the link appears here when the email is delivered)" in before["text"]
    assert (before["replyTo"], before["to"]) == (
        "reply@example.com",
        {"name": "Ada Example", "email": "ada@example.com"},
    )
    universe.scheduler.advance(DEFAULT_DELAY)
    after = invitation_life.email(universe.world, mail)
    assert after["link"].startswith("http://localhost/")
    assert mail.link in after["link"]
    assert after["link"] in after["text"].splitlines()
    assert "Hello Ada Example," in after["text"]
    assert "(reference 1001)" in after["text"]
    assert "Unofficial" in after["text"]


def test_the_control_api_shows_the_request_and_what_the_mock_knows(world: World) -> None:
    mail = made(world, type="manual")
    shown = invitation_life.document(mail, NOW)
    assert {name: shown[name] for name in ("referenceNumber", "consumerName", "consumerEmail")} == {
        "referenceNumber": "1001",
        "consumerName": "Ada Example",
        "consumerEmail": "ada@example.com",
    }
    assert (shown["id"], shown["requestId"], shown["type"], shown["state"]) == (mail.id, mail.id, "service", "queued")
    assert (shown["createdAt"], shown["sendAt"], shown["sentAt"]) == (stamp(0.0), stamp(DEFAULT_DELAY), None)
    assert (shown["businessUnitId"], shown["link"], shown["trace"]) == (SHOP, None, "trace-1001")


# --- template and locale ----------------------------------------------------------------------------------------------


def test_each_email_has_the_template_of_its_own_part(world: World) -> None:
    service, product = sorted(world.templates)[:2]
    invite(
        world,
        invitation(
            serviceReviewInvitation={"templateId": service},
            productReviewInvitation={"templateId": product, "products": [CAR]},
            locale="da-DK",
        ),
    )
    first, second = mails(world)
    assert invitation_life.template_name(world, first) == world.templates[service].name
    assert invitation_life.template_name(world, second) == world.templates[product].name
    assert [invitation_life.locale(mail) for mail in (first, second)] == ["da-DK", "da-DK"]


def test_an_email_without_a_template_or_locale_has_the_defaults(world: World) -> None:
    mail = made(world)
    assert invitation_life.template_name(world, mail) is None
    assert invitation_life.locale(mail) is None


def test_a_request_with_half_a_character_is_read_too(world: World) -> None:
    mail = made(world)
    said = invitation(consumerName="Ada \ud800", locale="da-DK")
    mail.request = json.dumps(said).encode()
    assert invitation_life.addressee(mail).name == "Ada \ud800"
    assert invitation_life.addressee(mail).email == "ada@example.com"
    assert invitation_life.addressee(mail).reference == "1001"
    assert invitation_life.locale(mail) == "da-DK"


@pytest.mark.parametrize(
    ("changes", "sought", "may"),
    [
        ({}, "ada@example", True),
        ({}, "1001", True),
        # Letters are compared without their case; what is sought is in small letters.
        ({"consumerName": "ADA"}, '"ada"', True),
        ({}, "bob", False),
        # Escapes hide letters: such a request has to be read.
        ({"consumerName": "\u00c5da"}, "bob", True),
    ],
)
def test_a_request_without_the_letters_that_are_sought_is_not_read(
    world: World, changes: dict[str, Any], sought: str, *, may: bool
) -> None:
    assert invitation_life.may_contain(made(world, **changes), sought) is may


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_request_in_another_encoding_is_always_read(world: World, encoding: str) -> None:
    mail = made(world)
    mail.request = json.dumps(invitation(locale="da-DK")).encode(encoding)
    assert invitation_life.may_contain(mail, "bob")
    assert invitation_life.addressee(mail).reference == "1001"
    assert invitation_life.locale(mail) == "da-DK"
