"""The mails that ask for reviews."""

from __future__ import annotations

import re

from tpmock.server.app import MockApp, MockSettings

from tests.mock.console.conftest import Visitor
from tests.mock.console.trustpilot import invite
from tests.support.invited import PRODUCTS
from tests.support.stub_destination import StubDestination

NASTY = "<script>alert(1)</script> עדה"


def test_mails_are_listed_by_state_with_the_moment_they_leave(visitor: Visitor) -> None:
    assert "No email yet" in visitor.see("/outbox/")
    invite(visitor, referenceNumber="1")
    visitor.api("POST", "/clock/advance", {"by": "10m"})
    invite(visitor, referenceNumber="2", consumerEmail="bounce@example.com")
    page = visitor.see("/outbox/")
    assert page.index('order <bdi dir="auto">2</bdi>') < page.index('order <bdi dir="auto">1</bdi>')
    assert "how was your experience with Trustpilot Demo Shop?" in page
    assert "in 2 minutes" in page
    assert 'All <span class="count">2</span>' in page
    delivered = visitor.see("/outbox/?state=delivered")
    assert "<p>1 email</p>" in delivered
    assert "bounce@example.com" not in delivered
    assert "No matching email" in visitor.see("/outbox/?state=not-delivered")


def test_a_mail_is_found_by_its_order_or_its_address(visitor: Visitor) -> None:
    invite(visitor, referenceNumber="1", consumerEmail="ada@example.com")
    invite(visitor, referenceNumber="2", consumerEmail="bob@example.com")
    for key in ("2", "bob@example.com"):
        page = visitor.see(f"/outbox/?key={key}")
        assert "bob@example.com" in page
        assert "ada@example.com" not in page


def test_mails_are_found_by_template_and_locale(visitor: Visitor) -> None:
    template = visitor.sandbox["credentials"]["templateId"]
    invite(visitor, referenceNumber="1", locale="da-DK", serviceReviewInvitation={"templateId": template})
    invite(visitor, referenceNumber="2")
    page = visitor.see("/outbox/")
    assert "Default service template (1)" in page
    assert "not named (1)" in page
    for query in ("locale=da-DK", "template=Default+service+template"):
        page = visitor.see(f"/outbox/?{query}")
        assert re.findall(r'order <bdi dir="auto">(\w+)</bdi>', page) == ["1"]
        assert 'All <span class="count">1</span>' in page


def test_what_was_dropped_is_said(destination: StubDestination) -> None:
    with MockApp(MockSettings(destination_url=destination.url, most_bytes=1024 * 1024)) as mock:
        visitor = Visitor(mock)
        assert "older ones were dropped" not in visitor.see("/outbox/")
        for number in range(40):
            invite(visitor, referenceNumber=str(number), consumerName="x" * 20_000)
            visitor.api("POST", "/clock/advance", {"by": "1h"})
        dropped = visitor.api("GET", "")["dropped"]["invitations"]
        assert dropped > 0
        assert f"{dropped} older ones were dropped" in visitor.see("/outbox/")


def test_long_lists_come_in_pages(visitor: Visitor) -> None:
    for number in range(51):
        invite(visitor, referenceNumber=f"order-{number}-")
    first, second = visitor.see("/outbox/?state=queued"), visitor.see("/outbox/?state=queued&page=2")
    assert "1 to 50 of 51 emails" in first
    assert 'rel="next" href="/_mock/console/default/outbox/?state=queued&amp;page=2"' in first
    assert "51 to 51 of 51 emails" in second
    assert "order-0-" in second
    assert "order-1-" not in second
    for wrong in ("0", "x", "-1", "9" * 30, "²"):
        assert "1 to 50 of 51" in visitor.see(f"/outbox/?page={wrong}")


def test_a_mail_leaves_by_a_button_and_its_review_is_seen(visitor: Visitor) -> None:
    mail = invite(visitor, serviceReviewInvitation={}, productReviewInvitation={"products": PRODUCTS})
    page = visitor.see(f"/outbox/{mail}")
    assert "Please tell others about your experience with Trustpilot Demo Shop" in page
    assert "Follow the link" not in page
    left = visitor.send("/outbox/leave", back=f"/_mock/console/default/outbox/{mail}").text
    assert "The next email was sent. 1 timeline entry ran" in left
    assert visitor.api("GET", "/invitations?countBy=state")["counts"] == {"delivered": 1, "queued": 1}
    [link] = re.findall(r'href="(/evaluate-link/\w+)"', left)
    written = visitor.client.post(link, headers={"Host": "localhost:8080"}, data={"stars": "4", "text": NASTY})
    assert written.status_code == 200
    after = visitor.see(f"/outbox/{mail}")
    assert "4 of 5 stars" in after
    assert "&lt;script&gt;alert(1)" in after
    assert "<script>alert" not in after
    assert "Follow the link" not in after.split("Reviews</h2>")[0]
    visitor.send("/outbox/leave")
    [product] = [row for row in visitor.api("GET", "/invitations")["invitations"] if row["type"] == "product"]
    [link] = re.findall(r'href="(/evaluate/\w+)"', visitor.see(f"/outbox/{product['id']}"))
    visitor.client.post(link, headers={"Host": "localhost:8080"}, data={"stars-0": "2", "text-0": "Broken."})
    page = visitor.see(f"/outbox/{product['id']}")
    assert "Broken." in page
    assert "4 of 5 stars" not in page
    assert "Follow the link" in page
    assert "No email is queued" in visitor.send("/outbox/leave").text


def test_a_mail_that_bounced_or_is_not_there_says_so(visitor: Visitor) -> None:
    mail = invite(visitor, consumerEmail="bounce@example.com", consumerName=NASTY)
    visitor.api("POST", "/clock/advance", {"by": "10m"})
    page = visitor.see(f"/outbox/{mail}")
    assert "It was not delivered: bounced." in page
    assert "<script>alert" not in page + visitor.see("/outbox/")
    gone = visitor.get("/outbox/nothing")
    assert (gone.status_code, "There is no invitation" in gone.text) == (404, True)
