"""When an invitation is sent, and the states of its emails at the exact moment (SUP-STATUS, INV)."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from tpmock.common.moments import iso
from tpmock.core.problems import Problem
from tpmock.core.responses import Answer
from tpmock.sandbox.sandbox import Sandbox
from tpmock.trustpilot import invitation_life, invitations
from tpmock.trustpilot.invitation_life import DEFAULT_DELAY, PRODUCT_AFTER_SERVICE, READING, SENDING, SLOW
from tpmock.trustpilot.model import Invitation, Token
from tpmock.trustpilot.world import World

from tests.mock.rules.conftest import NOW

SHOP: Final = "507f191e810c19729de860ea"
PRODUCT: Final = {"sku": "ABC-1234", "name": "Metal Toy Car"}


def invitation(**changes: Any) -> dict[str, Any]:
    body = {
        "referenceNumber": "1001",
        "consumerName": "Ada Example",
        "consumerEmail": "ada@example.com",
        "serviceReviewInvitation": {},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def invite(world: World, body: dict[str, Any], trace: str | None = None) -> Answer:
    application = next(one for one in world.applications.values() if SHOP in one.business_units)
    caller = Token("token", application, "client_credentials", None, NOW, NOW + 1)
    return invitations.create_email_invitations(
        world,
        caller,
        {"business_unit_id": SHOP, "x_business_user_id": None},
        body,
        json.dumps(body).encode(),
        "application/json",
        lambda order: trace or f"trace-{order}",
        "http://localhost",
    )


def mails(world: World) -> list[Invitation]:
    return list(world.invitations.values())


def stamp(seconds: float) -> str:
    """A time, so many seconds after the sandbox's."""
    return iso(NOW + seconds)


#: The times that are asked for, in seconds from now, and the times at which the emails are sent.
TIMES: Final = [
    ({"service": None}, {"service": DEFAULT_DELAY}),
    ({"product": None}, {"product": DEFAULT_DELAY}),
    ({"service": 3600.0}, {"service": 3600.0}),
    ({"product": 3600.0}, {"product": 3600.0}),
    # Never in the past.
    ({"service": -1.0}, {"service": 0.0}),
    ({"product": -1.0}, {"product": 0.0}),
    ({"service": 0.0}, {"service": 0.0}),
    # The product email follows the service email.
    ({"service": None, "product": None}, {"service": DEFAULT_DELAY, "product": DEFAULT_DELAY + PRODUCT_AFTER_SERVICE}),
    ({"service": 3600.0, "product": None}, {"service": 3600.0, "product": 3600.0 + PRODUCT_AFTER_SERVICE}),
    ({"service": 3600.0, "product": 3600.0}, {"service": 3600.0, "product": 3600.0}),
    ({"service": 3600.0, "product": 7200.0}, {"service": 3600.0, "product": 7200.0}),
    # A service email without a time of its own is sent before a product email that has one.
    ({"service": None, "product": 60.0}, {"service": 60.0, "product": 60.0}),
    ({"service": None, "product": DEFAULT_DELAY}, {"service": DEFAULT_DELAY, "product": DEFAULT_DELAY}),
    ({"service": None, "product": 3600.0}, {"service": DEFAULT_DELAY, "product": 3600.0}),
    ({"service": None, "product": -60.0}, {"service": 0.0, "product": 0.0}),
    ({"service": -60.0, "product": None}, {"service": 0.0, "product": PRODUCT_AFTER_SERVICE}),
]


@pytest.mark.parametrize(("wished", "sent"), TIMES)
def test_when_the_emails_are_sent(world: World, wished: dict[str, float | None], sent: dict[str, float]) -> None:
    body = invitation(serviceReviewInvitation=None)
    for kind, seconds in wished.items():
        part: dict[str, Any] = {} if kind == "service" else {"products": [PRODUCT]}
        if seconds is not None:
            part["preferredSendTime"] = stamp(seconds)
        body[f"{kind}ReviewInvitation"] = part
    assert invite(world, body).status == 202
    assert {mail.type: mail.send_at - NOW for mail in mails(world)} == sent
    assert [mail.type for mail in mails(world)] == list(sent)
    assert {mail.created_at for mail in mails(world)} == {NOW}
    [first, *others] = mails(world)
    assert {mail.request_id for mail in mails(world)} == {first.id}
    assert all(mail.id != first.id for mail in others)


@pytest.mark.parametrize(("service", "accepted"), [(59.0, True), (60.0, True), (61.0, False)])
def test_the_service_time_is_not_after_the_product_time(world: World, service: float, *, accepted: bool) -> None:
    body = invitation(
        serviceReviewInvitation={"preferredSendTime": stamp(service)},
        productReviewInvitation={"products": [PRODUCT], "preferredSendTime": stamp(60.0)},
    )
    if accepted:
        assert invite(world, body).status == 202
    else:
        with pytest.raises(Problem) as raised:
            invite(world, body)
        assert raised.value.name == "invalid-request"
        assert mails(world) == []


@pytest.mark.parametrize(("seconds", "told"), [(-1.0, True), (0.0, False), (1.0, False)])
def test_a_time_in_the_past_is_reported(world: World, seconds: float, *, told: bool) -> None:
    answer = invite(world, invitation(serviceReviewInvitation={"preferredSendTime": stamp(seconds)}))
    assert ("past" in str(answer.hint)) == told


@pytest.mark.parametrize(
    ("before", "state"),
    [(SENDING + 0.001, "queued"), (SENDING, "sending"), (SENDING - 0.001, "sending"), (0.001, "sending")],
)
def test_an_email_is_in_sending_from_its_moment_on(universe: Sandbox, before: float, state: str) -> None:
    invite(universe.world, invitation())
    universe.scheduler.advance(DEFAULT_DELAY - before)
    [mail] = mails(universe.world)
    assert invitation_life.state(mail, universe.clock.now()) == state


@pytest.mark.parametrize(("after", "state"), [(-0.001, "queued"), (0.0, "delivered"), (0.001, "delivered")])
def test_an_email_is_delivered_at_its_send_time(universe: Sandbox, after: float, state: str) -> None:
    invite(universe.world, invitation(serviceReviewInvitation={"preferredSendTime": stamp(86_400.0)}))
    universe.scheduler.advance(86_400.0 + after)
    [mail] = mails(universe.world)
    assert mail.state == state
    assert mail.sent_at == (NOW + 86_400.0 if state == "delivered" else None)
    assert (mail.link is None) == (state == "queued")


@pytest.mark.parametrize(("waits", "state"), [(SLOW - 0.001, "sending"), (SLOW, "delivered")])
def test_a_slow_email_is_delivered_an_hour_later(universe: Sandbox, waits: float, state: str) -> None:
    invite(universe.world, invitation(consumerEmail="slow@example.com"))
    universe.scheduler.advance(DEFAULT_DELAY)
    universe.scheduler.advance(waits)
    [mail] = mails(universe.world)
    assert mail.state == state


@pytest.mark.parametrize(("waits", "state"), [(READING - 0.001, "delivered"), (READING, "delivered-unsubscribed")])
def test_a_reader_unsubscribes_a_minute_later(universe: Sandbox, waits: float, state: str) -> None:
    invite(universe.world, invitation(consumerEmail="unsubscribe@example.com"))
    universe.scheduler.advance(DEFAULT_DELAY)
    universe.scheduler.advance(waits)
    [mail] = mails(universe.world)
    assert mail.state == state


@pytest.mark.parametrize("again", ["Unsubscribe@example.com", "unsubscribe@EXAMPLE.com"])
def test_whoever_unsubscribed_gets_no_further_email_in_any_letter_case(universe: Sandbox, again: str) -> None:
    for email in ("unsubscribe@example.com", again):
        invite(universe.world, invitation(consumerEmail=email))
        universe.scheduler.advance(DEFAULT_DELAY + READING)
    assert [(mail.state, mail.reason) for mail in mails(universe.world)] == [
        ("delivered-unsubscribed", None),
        ("not-delivered", "unsubscribed"),
    ]


#: By address: the recorded states of an email after it was queued, each with its reason.
RECORDED: Final = [
    ("ada@example.com", [("delivered", None)]),
    ("slow@example.com", [("sending", None), ("delivered", None)]),
    ("unsubscribe@example.com", [("delivered", None), ("delivered-unsubscribed", None)]),
    ("bounce@example.com", [("not-delivered", "bounced")]),
]


@pytest.mark.parametrize(("email", "states"), RECORDED)
def test_each_state_of_an_email_is_recorded_in_the_trace_of_its_order(
    universe: Sandbox, email: str, states: list[tuple[str, str | None]]
) -> None:
    trace = universe.traces.begin("orderId:1001")
    invite(universe.world, invitation(consumerEmail=email), trace)
    universe.scheduler.advance(DEFAULT_DELAY + SLOW + READING)
    [mail] = mails(universe.world)
    about = (mail.id, "service", NOW + DEFAULT_DELAY)
    kept = universe.traces.get(trace)
    assert kept is not None
    assert [(step.what, step.join, step.facts) for step in kept.steps] == [
        ("invitation-queued", "orderId", (*about, None)),
        *((f"invitation-{state}", "invitationId", (*about, reason)) for state, reason in states),
    ]


@pytest.mark.parametrize(
    ("email", "after", "waiting"),
    [
        ("ada@example.com", DEFAULT_DELAY - 1.0, 1),
        ("ada@example.com", DEFAULT_DELAY, 0),
        ("bounce@example.com", DEFAULT_DELAY, 0),
        ("slow@example.com", DEFAULT_DELAY, 1),
        ("slow@example.com", DEFAULT_DELAY + SLOW, 0),
    ],
)
def test_only_an_email_that_is_still_to_be_sent_may_not_be_dropped(
    universe: Sandbox, email: str, after: float, waiting: int
) -> None:
    invite(universe.world, invitation(consumerEmail=email))
    universe.scheduler.advance(after)
    assert universe.world.invitations.waiting == waiting


def test_an_impossible_address_is_not_delivered_where_it_was_accepted(universe: Sandbox) -> None:
    universe.variants["impossible_address"] = "accepted"
    invite(universe.world, invitation(consumerEmail="ada at example.com"))
    universe.scheduler.advance(DEFAULT_DELAY)
    [mail] = mails(universe.world)
    assert (mail.state, mail.reason) == ("not-delivered", "invalid-address")
