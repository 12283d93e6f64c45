"""Each check, content and not content."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tpmock.kit.cases.case_files import CaseCheck, Level
from tpmock.kit.vocabulary import checks
from tpmock.kit.vocabulary.findings import Finding
from tpmock.kit.vocabulary.observation import Item, Observation, ReceivedAnswer, Sent


def invited(*references: str, **fields: str) -> Observation:
    made = [{"referenceNumber": reference, **fields} for reference in references]
    return Observation(invitations=made, references=set(references))


def answered(*statuses: int | None, message: object = "A plain sentence about the e-mail address.") -> Observation:
    body = json.dumps({"message": message})
    return Observation(answers=[ReceivedAnswer(status, "application/json", body, order="A-1") for status in statuses])


def said(body: str, content_type: str = "application/json") -> Observation:
    return Observation(
        answers=[ReceivedAnswer(400, content_type, body)], personal={"ada@example.com"}, secrets={"s3cret"}
    )


def delivered(state: str, *statuses: int | None, message: str = "") -> Observation:
    attempts = [{"status": status, "error": None, "message": message} for status in statuses]
    item = {"messageId": "m-1", "state": state, "reason": None, "attempts": attempts}
    return Observation(sent=[Sent("m-1", "A-1")], deliveries=[item], personal={"ada@example.com"})


def called(*operations: str) -> Observation:
    entries: list[Item] = [
        {
            "id": number,
            "direction": "in",
            "api": "trustpilot",
            "operation": name,
            "status": 200,
            "method": "POST",
            "url": "http://localhost/v1/things",
            "fault": None,
            "request": {"headers": {}, "body": None},
        }
        for number, name in enumerate(operations, 1)
    ]
    return Observation(journal=entries)


def call(
    operation: str = "createEmailInvitations",
    body: object = None,
    url: str = "http://localhost/v1/things",
    status: int = 200,
    hint: str = "",
    **headers: str,
) -> Observation:
    seen = called(operation)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    seen.journal = [
        {**seen.journal[0], "url": url, "status": status, "hint": hint, "request": {"headers": sent, "body": body}}
    ]
    seen.personal, seen.secrets = {"ada@example.com"}, {"s3cret"}
    return seen


def timed(seconds: float) -> Observation:
    return Observation(answers=[ReceivedAnswer(200, "application/json", "{}", seconds=seconds)])


def logged(content: bytes) -> Observation:
    return Observation(elsewhere={"/srv/shop/app.log": content}, personal={"ada@example.com"}, secrets={"s3cret"})


def bearing(content: bytes) -> Observation:
    seen = call(Authorization="Bearer tp-0123456789")
    seen.stored = {"orders.db": content}
    return seen


def bodies(*documents: object, content_type: str = "application/json") -> Observation:
    return Observation(answers=[ReceivedAnswer(200, content_type, json.dumps(document)) for document in documents])


def history(*made: tuple[str, str], **changes: Any) -> Observation:
    """An order, with what became of it."""
    order = {"type": "track", "event": "orderCompleted", "properties": {"Order ID": 1001.0, "email": "Ada@example.com"}}
    invitations = [{"referenceNumber": reference, "consumerEmail": email} for reference, email in made]
    return Observation(events=[None, "odd", {**order, **changes}], invitations=invitations)


def stored(content: bytes, personal: str = "ada@example.com") -> Observation:
    return Observation(stored={"orders.db": content}, personal={personal}, secrets={"s3cret"})


def at(*moments: str) -> Observation:
    every = [call(body={"serviceReviewInvitation": {"preferredSendTime": moment}}) for moment in moments]
    return Observation(journal=[entry for seen in every for entry in seen.journal])


def asked(moment: str, at: str) -> Observation:
    """An invitation that was asked for at a time, for another."""
    seen = call(body={"productReviewInvitation": {"preferredSendTime": moment}})
    seen.journal = [{**entry, "at": at} for entry in seen.journal]
    return seen


def costing(*references: str, calls: int) -> Observation:
    return Observation(references=set(references), journal=called(*["createEmailInvitations"] * calls).journal)


PAGES = {"each": "/reviews/*/id", "count": 3, "order": "descending"}
PAGE = {"reviews": [{"id": 3}, {"id": 2}]}
INVITE = "createEmailInvitations"
BOTH = ["/products", "/productSkus"]
TOKENS = ["createAccessToken", "refreshAccessToken"]

GREEN: list[tuple[str, Any, Observation]] = [
    ("invitation", {"referenceNumber": "A-1", "consumerName": "Ada"}, invited("A-1", "B-2", consumerName="Ada")),
    ("invitation", {"referenceNumber": 1001}, invited("1001")),
    ("invitation_count", 2, invited("A-1", "B-2")),
    ("invitation_count", 0, Observation()),
    ("answer", 400, answered(400, 400)),
    ("answer", ["2xx", 501], answered(200, 501)),
    ("message", {"names": "mail"}, answered(400)),
    ("message", {"names": "order_id"}, answered(400, message="The order id is missing.")),
    ("message", {"names": "order_id"}, answered(400, message="The order number is missing.")),
    ("message", {}, answered(200, 400)),
    ("no_personal_data", True, said('{"message": "properties.email is no address."}')),
    ("delivery", {"state": "delivered", "attempts": {"at_least": 2}}, delivered("delivered", 503, 200)),
    ("delivery", {"state": ["discarded", "filtered"], "status": "4xx"}, delivered("discarded", 400)),
    ("calls", {"operation": TOKENS, "at_most": 1}, called("createAccessToken", "createEmailInvitations")),
    ("calls", {"operation": "createEmailInvitations", "at_least": 1}, called("createEmailInvitations")),
    ("truthful", True, Observation(answers=[ReceivedAnswer(200, order="A-1")], references={"A-1"})),
    ("truthful", True, answered(503)),
    ("fields", {"/id": "id", "/score": "number|null"}, bodies({"id": "507f191e810c19729de860ea", "score": None})),
    (
        "fields",
        {"/at": "time", "/n": "integer", "/d": "digits", "/b": "boolean", "/l": "array", "/o": "object"},
        bodies({"at": "2026-01-01T00:00:00Z", "n": 1, "d": "36", "b": True, "l": [], "o": {}}),
    ),
    ("values", {"/reviews/1/id": 2}, bodies({}, PAGE)),
    ("collected", PAGES, bodies(PAGE, {"reviews": [{"id": 1}]})),
    ("content_type", "application/json", bodies({})),
    ("omits", ["ada@example.com"], bodies({"author": "Ada"})),
    (
        "sent",
        {"operation": INVITE, "host": "localhost", "headers": {"Authorization": "Bearer *"}},
        call(authorization="Bearer abc"),
    ),
    (
        "sent",
        {"operation": INVITE, "any_header": "partner-1", "form": {"a": "b"}},
        call(X_A="partner-1", body="a=b"),
    ),
    ("sent", {"operation": INVITE, "json": {"/a/0": 1}, "never_both": BOTH}, call(body={"a": [1], "products": []})),
    ("sent", {"operation": INVITE, "optional": True}, called()),
    ("sequence", TOKENS, called(TOKENS[0], "other", *TOKENS)),
    ("well_called", True, call()),
    ("clean_urls", True, call()),
    ("not_passed_on", ["+45"], call(body={"email": "ada@example.com"})),
    ("forgotten", ["A-1"], invited("B-2")),
    ("send_time", "2030-07-06T21:30:00", at("2030-07-06T23:30:00+02:00")),
    ("send_time", "2030-07-06T21:30:00", at("07/06/2030 21:30:00")),
    ("send_time", "2030-07-06T21:30:00", call()),
    ("same_send_time", "60s", at("2030-07-06T21:30:00", "07/06/2030 21:30:30")),
    ("same_send_time", "60s", call(body={"consumerName": "Ada Byron"})),
    ("one_line", ["consumerName"], call(body={"consumerName": "Ada Byron"})),
    ("one_line", ["consumerName"], call()),
    ("not_stored", True, stored(b"order 1001, consumer 3f2a")),
    ("no_incentives", True, call(body={"senderName": "Gift Shop", "consumerName": "Ada Discount", "tags": ["tea"]})),
    ("no_incentives", True, call(body={"productReviewInvitation": {"products": [{"name": "Gift card"}]}})),
    ("no_incentives", True, call("getThing", body={"senderName": "10 % off"})),
    ("soon", "P365D", asked("2030-07-06T09:00:00", at="2030-07-06T09:00:30Z")),
    ("soon", "P365D", asked("07/06/2031 09:00:00", at="2030-07-06T09:00:00Z")),
    ("soon", "P365D", call()),
    ("call_budget", {"each": 1, "once": 1}, costing("A-1", calls=2)),
    ("not_stored", True, stored(b"key gAAAAAnyladaxY9-Klada=", "lada")),
    ("not_stored", True, stored(b"\x00\x1fxlada\x1f", "lada")),
    ("once", True, history(("1001", "ada@example.com"), ("1002", "ada@example.com"))),
    ("orders_only", True, history(("1001", "ada@example.com"))),
    ("orders_only", True, history(("1001", "eve@example.com"), userId="eve@example.com")),
    ("orders_only", True, history(("1001", "eve@example.com"), context={"traits": {"email": " eve@example.com"}})),
    ("orders_only", True, history()),
    ("no_failure", True, answered(200, 400, 501)),
    ("no_failure", True, delivered("discarded", 400)),
    ("answered_within", 10, timed(9.9)),
    ("kept", ["A-1", "B-2"], invited("A-1", "B-2", "C-3")),
    ("products", ["1", "2"], call(body={"productReviewInvitation": {"products": [{"sku": "1"}, {"sku": "2"}]}})),
    ("products", ["1", "2"], call(body={})),
    ("not_logged", True, logged(b"order 1, field email")),
    ("not_logged", True, stored(b"\x00 s3cret, in a database")),
]

RED: list[tuple[str, Any, Observation, str]] = [
    ("invitation", {"referenceNumber": "A-1"}, Observation(), "no invitations"),
    ("invitation", {"referenceNumber": "A-1"}, invited("B-2"), "there are invitations for B-2"),
    ("invitation", {"referenceNumber": "A-1"}, invited("A-1", "A-1"), "2 invitations"),
    ("invitation", {"referenceNumber": "A-1", "locale": "da-DK"}, invited("A-1", locale="en-US"), "locale 'en-US'"),
    ("invitation_count", 1, Observation(), "no invitations"),
    ("invitation_count", 0, invited("A-1"), "1 invitation: for A-1"),
    ("invitation_count", 2, invited("A-1", "A-1"), "several of them for A-1"),
    ("answer", 400, answered(400, 500), "500"),
    ("answer", "2xx", answered(None), ""),
    ("answer", "2xx", Observation(), "no expected answers"),
    ("message", {}, answered(200), "no refusal"),
    ("message", {"names": "order_id"}, answered(400), "does not name order_id"),
    ("message", {}, answered(400, message="  "), "no member message"),
    ("message", {}, answered(400, message={"text": "no"}), "no member message"),
    ("message", {}, answered(400, message="x" * 501), "not written for people"),
    ("message", {}, answered(400, message="Traceback (most recent call last): ..."), "not written for people"),
    ("message", {}, said("<html>Bad</html>", "text/html"), "Content-Type text/html"),
    ("message", {}, said("<html>Bad</html>"), "not valid JSON"),
    ("message", {}, said("[1]"), "no member message"),
    ("no_personal_data", True, said('{"message": "ADA@example.com is wrong"}'), "personal data of the event: ad…om"),
    ("no_personal_data", True, said('{"message": "the secret is s3cret"}'), "a secret"),
    ("no_personal_data", True, delivered("discarded", 400, message="no ada@example.com"), "personal data"),
    ("delivery", {"state": "delivered"}, delivered("discarded", 400), "state discarded"),
    ("delivery", {"status": "2xx"}, delivered("delivered", None), "last answer None"),
    ("delivery", {"attempts": {"at_most": 1}}, delivered("delivered", 500, 200), "2 attempts"),
    ("delivery", {"state": "delivered"}, Observation(sent=[Sent("m-1", None)]), "no delivery at all"),
    ("calls", {"operation": TOKENS, "at_most": 1}, called(*TOKENS), "2 calls"),
    ("calls", {"operation": "createAccessToken", "at_least": 1}, called(), "no calls"),
    ("truthful", True, answered(200), "no invitation for order A-1"),
    ("truthful", True, delivered("delivered", 200), "no invitation for order A-1"),
    ("fields", {"/id": "id"}, bodies({"id": "507"}), "'507'"),
    ("fields", {"/at": "time"}, bodies({"at": "yesterday"}), "'yesterday'"),
    ("fields", {"/n": "integer"}, bodies({"n": True}), "True"),
    ("fields", {"/id": "id"}, Observation(), "no such field"),
    ("values", {"/id": 1}, bodies({"id": 2}), "2"),
    ("values", {"/id": 1}, said("<html>"), "no /id"),
    ("collected", PAGES, bodies(PAGE, PAGE), "4 values, some of them twice, not in descending order"),
    ("collected", PAGES, Observation(), "no values"),
    ("content_type", "application/json", bodies({}, content_type="text/plain"), "text/plain"),
    ("content_type", "application/json", Observation(), "no answer"),
    ("omits", ["ada@example.com"], bodies({"author": "Ada@Example.com"}), "ada@example.com"),
    ("omits", ["ada@example.com"], Observation(), "no answer"),
    ("sent", {"operation": INVITE}, called(), "none"),
    ("sent", {"operation": INVITE, "host": "127.0.0.1"}, call(), "host localhost"),
    ("sent", {"operation": INVITE, "headers": {"Authorization": "Bearer *"}}, call(), "missing"),
    ("sent", {"operation": INVITE, "any_header": "partner-1"}, call(), "no header with it"),
    ("sent", {"operation": INVITE, "json": {"/a": 1}}, call(body={"a": 2}), "2"),
    ("sent", {"operation": INVITE, "json": {"/a": 1}}, call(body={}), "no /a"),
    ("sent", {"operation": INVITE, "form": {"a": "b"}}, call(body="a=c"), "a=c"),
    ("sent", {"operation": INVITE, "never_both": BOTH}, call(body={"products": [], "productSkus": []}), "both"),
    ("sequence", TOKENS, called(*reversed(TOKENS)), "refreshAccessToken -> createAccessToken"),
    ("sequence", TOKENS, called(), "none of these calls"),
    ("well_called", True, call(status=404, hint="Other host."), "POST /v1/things answered 404"),
    ("clean_urls", True, call(url="http://localhost/v1/things?mail=ada%40example.com"), "ad"),
    ("clean_urls", True, call(url="http://localhost/v1/things?apikey=k"), "a key or token as query parameter"),
    ("not_passed_on", ["+4511223344"], call(body={"phone": "+4511223344"}), "+4"),
    ("forgotten", ["B-2", "A-1"], invited("A-1"), "an invitation for A-1"),
    ("send_time", "2030-07-06T21:30:00", at("2030-07-06T23:30:00"), "2030-07-06T23:30:00"),
    ("send_time", "2030-07-06T21:30:00", at("soon"), "soon"),
    ("same_send_time", "60s", at("2030-07-06T21:30:00", "2030-07-06T23:30:00"), "2030-07-06T23:30:00"),
    ("same_send_time", "60s", at("soon", "soon"), "soon"),
    ("no_incentives", True, call(body={"senderName": "Shop: 10 % Off"}), "'10 % Off' in /senderName"),
    ("no_incentives", True, call(body={"serviceReviewInvitation": {"tags": ["a", "Gutschein"]}}), "'Gutschein' in /s"),
    ("soon", "P365D", asked("2030-07-06T07:59:00", at="2030-07-06T09:00:00Z"), "2030-07-06T07:59:00"),
    ("soon", "P365D", asked("2031-07-06T09:00:01", at="2030-07-06T09:00:00Z"), "2031-07-06T09:00:01"),
    ("soon", "P365D", asked("tomorrow", at="2030-07-06T09:00:00Z"), "tomorrow"),
    ("call_budget", {"each": 1, "once": 1}, costing("A-1", calls=3), "3 calls"),
    ("one_line", ["consumerName"], call(body={"consumerName": "Ada\n"}), "a line break in consumerName"),
    ("not_stored", True, stored(b"... ADA@example.com ..."), "in orders.db"),
    ("not_stored", True, stored(b"\x00xADA@example.comx"), "in orders.db"),
    ("not_stored", True, stored(b"buyer=ada, order 1", "Ada"), "in orders.db"),
    ("not_stored", True, stored(b"\x00\x1fadaLOVELACEx", "Lovelace"), "in orders.db"),
    ("once", True, invited("A-1", "B-2", "A-1"), "2 for A-1"),
    ("orders_only", True, history(("1002", "ada@example.com")), "for 1002, which no completed order"),
    ("orders_only", True, history(("1001", "eve@example.com")), "an address that the order does not have"),
    ("orders_only", True, history(("", "ada@example.com")), "without an order id"),
    ("orders_only", True, history(("1001", "ada@example.com"), type="page"), "for 1001, which no completed order"),
    ("orders_only", True, history(("1001", "ada@example.com"), event="Order Refunded"), "for 1001"),
    ("orders_only", True, history(("True", "ada@example.com"), properties={"id": True, "email": "@"}), "for True"),
    ("no_failure", True, answered(200, 500), "500 to an event, 1 failure in all"),
    ("no_failure", True, answered(None), "1 failure"),
    ("no_failure", True, delivered("delivered", 503, 200), "503 to Segment"),
    ("answered_within", 10, timed(10.1), "10.1 s"),
    ("answered_within", 10, Observation(), "in time"),
    ("kept", ["A-1", "B-2"], invited("A-1"), "no invitation for B-2"),
    ("products", ["1"], call(body={"productReviewInvitation": {"products": [{"sku": "1"}, {"sku": "9"}]}}), "SKU '9'"),
    ("products", ["1", "2"], call(body={"productReviewInvitation": {"productSkus": ["1"]}}), "no SKU '2'"),
    ("not_logged", True, logged(b"POST / ADA@example.com"), "in /srv/shop/app.log"),
    ("not_logged", True, logged(b"Authorization: Basic czNjcmV0Og=="), "in /srv/shop/app.log"),
    ("not_logged", True, logged(b"Authorization: Basic czNjcmV0OnNhbHQ="), "in /srv/shop/app.log"),
    ("not_logged", True, stored(b"key s3cret"), "in orders.db"),
    ("not_logged", True, bearing(b"Authorization: Bearer tp-0123456789"), "in orders.db"),
]  # fmt: skip


def findings(name: str, args: Any, seen: Observation, level: Level = Level.MUST) -> tuple[Finding, ...]:
    return checks.judge(CaseCheck(name, args, level), seen, args)


@pytest.mark.parametrize(("name", "args", "seen"), GREEN)
def test_a_check_is_content(name: str, args: Any, seen: Observation) -> None:
    assert all(finding.passed for finding in findings(name, args, seen))


@pytest.mark.parametrize(("name", "args", "seen", "found"), RED)
def test_a_check_is_not_content_and_says_why(name: str, args: Any, seen: Observation, found: str) -> None:
    breaches = [finding for finding in findings(name, args, seen) if not finding.passed]
    assert found in breaches[0].found
    assert all(finding.check == name and finding.expected and finding.where and finding.advice for finding in breaches)


def test_every_check_is_seen_content_and_not_content() -> None:
    assert {name for name, *_ in GREEN} == {name for name, *_ in RED} == set(checks.CHECKS)


@pytest.mark.parametrize("name", checks.CHECKS)
def test_every_check_explains_itself(name: str) -> None:
    page = checks.explanation(name)
    assert "Why it matters:" in page
    assert "How to fix:" in page


def test_the_level_of_the_case_goes_into_the_finding() -> None:
    assert findings("invitation_count", 1, Observation(), Level.SHOULD)[0].level is Level.SHOULD


def test_a_breach_of_calls_shows_the_calls_and_no_others() -> None:
    args = {"operation": "createAccessToken", "at_most": 0}
    (finding,) = findings("calls", args, called("createAccessToken", "createEmailInvitations"))
    assert finding.exchanges is not None
    assert [exchange.number for exchange in finding.exchanges] == [1]
