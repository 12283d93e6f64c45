"""A deleted person is found nowhere in a sandbox's records, and other people still are."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from tpmock.journal.erasure import TOKEN

from tests.support.sandboxes import SandboxUnderTest, an_invitation, an_order
from tests.support.searching import recorded
from tests.support.stub_destination import Say, StubDestination

EMAIL, NAME, SURNAME = "Grace.Hopper@example.com", "Grace", "Hopper"
GRACE = {"email": EMAIL, "name": NAME, "surname": SURNAME}
INVITED = {"consumerEmail": EMAIL.lower(), "consumerName": f"{NAME} {SURNAME}"}


def left_of(sandbox: SandboxUnderTest) -> list[str]:
    text = recorded(lambda path: sandbox.control("GET", path)).lower()
    return [word for word in (EMAIL, NAME, SURNAME) if word.lower() in text]


def delete(sandbox: SandboxUnderTest, **body: Any) -> None:
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/invitation-data/delete"
    sent = {"Authorization": f"Bearer {sandbox.access_token()}"}
    answer = sandbox.call("POST", path, data=body or {"customerEmails": [EMAIL]}, headers=sent)
    assert answer.status == 200, answer.text


def regulate(sandbox: SandboxUnderTest, user: str) -> None:
    body = {"regulationType": "SUPPRESS_WITH_DELETE", "subjectType": "USER_ID", "subjectIds": [user]}
    headers = {"Authorization": f"Bearer {sandbox['publicApiToken']}"}
    assert sandbox.call("POST", "/regulations", data=body, headers=headers).status == 200
    for by in ("1h", "1d"):
        sandbox.advance(by)
        sandbox.settle()


@pytest.fixture
def told(sandbox: SandboxUnderTest, destination: StubDestination) -> SandboxUnderTest:
    """Grace has bought, was invited and is known in every corner; so is Ada."""
    destination.say = [Say(body=json.dumps({"message": f"Invited {EMAIL}."}).encode())]
    sandbox.connect(destination.url)
    for number, user, properties in (("1", "user-7", GRACE), ("2", "u-ada", {})):
        sandbox.track({**an_order(order_id=number, **properties), "userId": user})
    message = {**an_order(order_id="3", **GRACE), "userId": "user-7", "messageId": "pixel"}
    sandbox.call("GET", f"/v1/pixel/track?data={quote_plus(packed(sandbox, message))}")
    escaped = json.dumps({**an_order(order_id="4", **GRACE), "userId": "user-7"}).replace("@", "\\u0040")
    assert sandbox.call("POST", "/v1/track", body=escaped.encode(), headers=write_key(sandbox)).status == 200
    sandbox.track(
        {"batch": [{**an_order(order_id="5"), "userId": "u-ada"}, {**an_order(**GRACE), "userId": "user-7"}]},
        "/v1/batch",
    )
    sandbox.settle()
    assert sandbox.invite(an_invitation(referenceNumber="1", **INVITED)).status < 300
    assert sandbox.invite(an_invitation(referenceNumber="2")).status < 300
    # Refused, with the address in the hint or the body.
    sandbox.invite(an_invitation(referenceNumber="6", locale="tlh", **INVITED))
    assert left_of(sandbox) == [EMAIL, NAME, SURNAME]
    return sandbox


def packed(sandbox: SandboxUnderTest, message: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps({**message, "writeKey": sandbox["writeKey"]}).encode()).decode()


def write_key(sandbox: SandboxUnderTest) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{sandbox['writeKey']}:".encode()).decode()}


def shape(sandbox: SandboxUnderTest) -> list[tuple[Any, ...]]:
    return [
        (row["id"], row["operation"], row["status"], row["trace"])
        for row in sandbox.control("GET", "/journal?limit=1000")["journal"]
    ]


def test_after_the_deletion_of_invitation_data_nothing_is_found(told: SandboxUnderTest) -> None:
    before, ada = shape(told), recorded(lambda path: told.control("GET", path)).count("ada@example.com")
    delete(told)
    assert left_of(told) == []
    # The exchanges are all there, and what they say of others too.
    assert shape(told)[: len(before)] == before
    text = recorded(lambda path: told.control("GET", path))
    assert text.count("ada@example.com") == ada
    assert text.count(TOKEN) > 30
    [deletion] = told.control("GET", "/journal?operation=deleteInvitationData")["journal"]
    assert deletion["request"]["body"] == {"customerEmails": [TOKEN]}
    order = next(row for row in told.rows("segment/events") if row["message"]["properties"]["order_id"] == "1")
    assert order["message"]["properties"] == {"order_id": "1", "email": TOKEN, "name": TOKEN, "surname": TOKEN}
    assert order["message"]["userId"] == "user-7"


@pytest.mark.parametrize("fault", ["cut after", "503 after", "broken-json"])
def test_a_deletion_whose_answer_is_lost_is_not_found_either(told: SandboxUnderTest, fault: str) -> None:
    told.control("POST", "/faults", {"fault": f"deleteInvitationData {fault}"})
    path = f"/v1/private/business-units/{told['businessUnitId']}/invitation-data/delete"
    sent = {"Authorization": f"Bearer {told.access_token()}", "Content-Type": "application/json"}
    try:
        told._door.send("POST", path, sent, json.dumps({"customerEmails": [EMAIL]}).encode())
    except OSError:
        assert fault == "cut after"
    assert left_of(told) == []


def test_a_deletion_that_is_refused_changes_nothing(told: SandboxUnderTest) -> None:
    path = f"/v1/private/business-units/{told['businessUnitId']}/invitation-data/delete"
    assert told.call("POST", path, data={"customerEmails": [EMAIL]}).status == 401
    assert left_of(told) == [EMAIL, NAME, SURNAME]


def test_by_date_whoever_is_invited_anew_stays(told: SandboxUnderTest) -> None:
    told.advance("7d")
    moment = told.control("GET", "/clock")["now"]
    told.invite(an_invitation(referenceNumber="7"))
    delete(told, deleteOlderThan=moment)
    assert left_of(told) == []
    assert "ada@example.com" in recorded(lambda path: told.control("GET", path))


def test_when_segment_has_deleted_a_user_nothing_is_found(told: SandboxUnderTest) -> None:
    delete(told)
    # Without Trustpilot's help, for someone who was never invited.
    told.track(
        {"type": "identify", "userId": "u-mary", "traits": {"email": "mary@example.com", "firstName": "Mary"}},
        "/v1/identify",
    )
    told.track(
        {**an_order(order_id="9", email="mary.new@example.com", name="Mary", surname="Jackson"), "userId": "u-mary"}
    )
    regulate(told, "u-mary")
    text = recorded(lambda path: told.control("GET", path))
    assert [word for word in ("mary@example.com", "mary.new@example.com", "Mary", "Jackson") if word in text] == []
    # The caller of the deletion knows who was deleted.
    assert "u-mary" in text
    assert "u-mary" not in json.dumps(told.rows("segment/events"))


def test_when_a_consumer_leaves_trustpilot_nothing_is_found(sandbox: SandboxUnderTest) -> None:
    sandbox.invite(an_invitation(**INVITED))
    sandbox.advance("1h")
    sandbox.control("POST", "/reviews", {"invitation": "1001", "stars": 5, "title": "Good", "text": "It came."})
    [consumer] = [row for row in sandbox.rows("consumers") if row["email"] == EMAIL.lower()]
    sandbox.get(f"/v1/consumers/{consumer['id']}")
    delete(sandbox)
    sandbox.control("DELETE", f"/consumers/{consumer['id']}")
    assert left_of(sandbox) == []
    assert EMAIL.lower() not in json.dumps(sandbox.rows("consumers"))


def test_what_is_on_its_way_arrives_as_it_was_sent(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    destination.say = [Say(503), Say(200)]
    sandbox.connect(destination.url)
    sandbox.track({**an_order(order_id="1", **GRACE), "userId": "user-7"})
    sandbox.settle()
    delete(sandbox)
    sandbox.advance("4h")
    assert destination.received[-1].event["properties"]["email"] == EMAIL
    assert sandbox.rows("segment/deliveries")[0]["state"] == "delivered"
    # Then it is over, and may be forgotten.
    delete(sandbox)
    assert left_of(sandbox) == []


def test_whoever_has_unsubscribed_is_forgotten_and_still_gets_no_mail(sandbox: SandboxUnderTest) -> None:
    reader = "unsubscribe@example.com"
    sandbox.invite(an_invitation(consumerEmail=reader))
    sandbox.advance("1h")
    delete(sandbox, customerEmails=[reader.upper()])
    sandbox.invite(an_invitation(consumerEmail=reader))
    sandbox.advance("1h")
    [mail] = sandbox.rows("invitations")
    assert (mail["state"], mail["reason"]) == ("not-delivered", "unsubscribed")
