"""Answers of the tracking API in every situation, on every path, for every caller."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest, an_order, basic

SHORT = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias"}
BATCHES = ("batch", "b", "import", "import/", "batch/")
OK = (200, {"success": True})

MakeSandbox = Callable[..., SandboxUnderTest]


def only(sandbox: SandboxUnderTest) -> dict[str, Any]:
    [event] = sandbox.rows("segment/events")
    return event


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["message"]


# --- every path -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("letter", "kind"), SHORT.items())
def test_the_browsers_short_paths_mean_the_long_ones(sandbox: SandboxUnderTest, letter: str, kind: str) -> None:
    answer = sandbox.track({"userId": "u", "event": "E", "type": "other"}, f"/v1/{letter}")
    assert (answer.status, answer.json) == OK
    assert (only(sandbox)["type"], only(sandbox)["message"]["channel"]) == (kind, "client")


@pytest.mark.parametrize("path", BATCHES)
def test_batches_come_by_every_path(sandbox: SandboxUnderTest, path: str) -> None:
    answer = sandbox.track({"batch": [an_order()]}, f"/v1/{path}")
    assert (answer.status, answer.json) == OK
    assert only(sandbox)["state"] == "received"


def test_the_browsers_metrics_are_taken(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("POST", "/v1/m", data={"series": [{"type": "Counter", "metric": "x", "value": 1}]})
    assert (answer.status, answer.json) == OK
    assert sandbox.rows("segment/events") == []


def pixel(sandbox: SandboxUnderTest, kind: str, query: str) -> Answer:
    answer = sandbox.call("GET", f"/v1/pixel/{kind}?{query}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/gif")
    assert answer.body.startswith(b"GIF89a")
    return answer


def in_base64(message: Any) -> str:
    return quote(base64.b64encode(json.dumps(message).encode()).decode())


@pytest.mark.parametrize("kind", SHORT.values())
def test_an_image_in_a_mail_is_a_message(sandbox: SandboxUnderTest, kind: str) -> None:
    message = {"writeKey": sandbox["writeKey"], "userId": "u", "event": "Email Opened", "properties": {"a": "\u00e9?>"}}
    pixel(sandbox, kind, f"data={in_base64(message)}")
    event = only(sandbox)
    assert (event["type"], event["message"]["properties"]) == (kind, {"a": "\u00e9?>"})
    assert "writeKey" not in event["message"]


def test_an_image_may_carry_its_message_flat(sandbox: SandboxUnderTest) -> None:
    flat = {"userId": "u", "event": "Email Opened", "properties.subject": "Hello", "writeKey": sandbox["writeKey"]}
    pixel(sandbox, "track", urlencode(flat))
    assert only(sandbox)["message"]["properties"] == {"subject": "Hello"}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "data=",
        "data=%%%",
        "data=nothing",
        "data=e30x",
        f"data={in_base64([1])}",
        "userId=u",
        "a=1&a.b=2",
        "data=W1s",
    ],
)
def test_an_image_comes_back_whatever_was_wrong(sandbox: SandboxUnderTest, query: str) -> None:
    assert pixel(sandbox, "track", query).hint
    assert sandbox.rows("segment/events") == []


def test_an_image_that_is_dropped_says_why_beside_it(sandbox: SandboxUnderTest) -> None:
    answer = pixel(sandbox, "track", f"userId=u&writeKey={sandbox['writeKey']}")
    assert "event_not_defined" in answer.hint


# --- situations: each row of the table of answers ---------------------------------------------------------------------

UNKNOWN = "w" * 32


def large(size: int) -> dict[str, Any]:
    return an_order(note="x" * size)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"event": "E"}, "no_user_anon_id"),
        ({"userId": "u"}, "event_not_defined"),
        ({"userId": "u", "event": 7}, "event_not_string"),
        ({"userId": 7, "event": "E"}, "id_not_string"),
        ({"userId": "u", "event": "E", "properties": "x"}, "properties_not_object"),
    ],
)
def test_what_will_be_dropped_is_answered_like_the_rest(
    sandbox: SandboxUnderTest, message: dict[str, Any], reason: str
) -> None:
    answer = sandbox.track(message)
    assert (answer.status, answer.json) == OK
    assert reason in answer.hint


def test_a_disabled_source_answers_like_the_rest(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PUT", "/segment/sources/Shop%20backend", {"enabled": False})
    answer = sandbox.track(an_order())
    assert (answer.status, answer.json) == OK
    assert only(sandbox)["reason"] == "source_disabled"


def test_a_suppressed_user_is_answered_like_the_rest_and_dropped(sandbox: SandboxUnderTest) -> None:
    token = {"Authorization": f"Bearer {sandbox['publicApiToken']}"}
    body = {"regulationType": "SUPPRESS_ONLY", "subjectType": "USER_ID", "subjectIds": ["customer-1"]}
    assert sandbox.call("POST", "/regulations", data=body, headers=token).status == 200
    sandbox.advance("1h")
    answer = sandbox.track(an_order())
    assert (answer.status, answer.json) == OK
    assert only(sandbox)["reason"] == "suppressed"


@pytest.mark.parametrize(
    ("path", "message"), [("/v1/track", large(32_768)), ("/v1/t", large(32_768)), ("/v1/b", {"batch": [large(32_768)]})]
)
def test_too_large_is_400_in_the_words_of_the_browser_page(
    sandbox: SandboxUnderTest, path: str, message: dict[str, Any]
) -> None:
    assert refused(sandbox.track(message, path)) == (400, "Exceed payload limit")
    assert sandbox.rows("segment/events") == []


def test_more_events_than_a_batch_holds_are_dropped_and_counted(sandbox: SandboxUnderTest) -> None:
    batch = [{"type": "track", "userId": "u", "event": "E"}] * 2_501
    answer = sandbox.track({"batch": batch}, "/v1/import")
    assert (answer.status, answer.json) == OK
    assert "drops the last 1" in answer.hint


@pytest.mark.parametrize("path", ["/v1/track", "/v1/t", "/v1/batch", "/v1/b", "/v1/import"])
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 50_000])
def test_what_is_no_json_is_400_by_every_path(sandbox: SandboxUnderTest, path: str, body: bytes) -> None:
    answer = sandbox.call("POST", path, body=body, headers={"Authorization": basic(sandbox["writeKey"])})
    assert refused(answer) == (400, "Malformed JSON")


def test_errors_have_what_the_python_and_the_ruby_client_read(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.track("no object")
    assert answer.json.keys() == {"code", "message", "error"}


@pytest.mark.parametrize("path", ["/v1/track", "/v1/batch"])
def test_an_impossible_key_is_400_and_nothing_of_the_batch_is_stored(sandbox: SandboxUnderTest, path: str) -> None:
    answer = sandbox.call(
        "POST", path, data={"batch": [an_order()], **an_order()}, headers={"Authorization": basic("")}
    )
    assert refused(answer) == (400, "Invalid write key")


def test_one_impossible_key_in_a_batch_refuses_all_of_it(sandbox: SandboxUnderTest) -> None:
    batch = [an_order(), {**an_order(), "writeKey": "abc123"}]
    assert refused(sandbox.track({"batch": batch}, "/v1/batch")) == (400, "Invalid write key")
    assert sandbox.rows("segment/events") == []


def test_an_unknown_key_can_be_refused_by_variant(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"unknown_write_key": "refused"})
    message = {**an_order(), "writeKey": UNKNOWN}
    answer = sandbox.track({"batch": [message], "writeKey": sandbox["writeKey"]}, "/v1/batch")
    assert refused(answer) == (400, "Unknown write key")


def test_above_the_advised_rate_calls_are_refused_by_variant(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"ingest_rate": "enforced"})
    sandbox.control("POST", "/clock/freeze")
    answers = [sandbox.track(an_order()) for _ in range(1_001)]
    assert {answer.status for answer in answers[:1_000]} == {200}
    assert (answers[-1].status, answers[-1].headers["Retry-After"]) == (429, "1")
    assert answers[-1].headers["X-RateLimit-Reset"] == "1"
    sandbox.advance("1s")
    assert sandbox.track(an_order()).status == 200


@pytest.mark.parametrize(
    ("region", "host", "status", "taken"),
    [
        ("us", "api.segment.io", 200, 1),
        ("us", "events.eu1.segmentapis.com", 400, 0),
        ("eu", "events.eu1.segmentapis.com", 200, 1),
        ("eu", "api.segment.io", 200, 0),
        ("eu", "localhost", 200, 1),
    ],
)
def test_keys_belong_to_a_region(sandbox: SandboxUnderTest, region: str, host: str, status: int, taken: int) -> None:
    sandbox.control("PATCH", "/variants", {"workspace_region": region})
    answer = sandbox.track(an_order(), headers={"Host": host})
    assert answer.status == status
    assert len(sandbox.rows("segment/events")) == taken


# --- batches ----------------------------------------------------------------------------------------------------------


def test_all_of_a_batch_came_at_one_moment(sandbox: SandboxUnderTest) -> None:
    sandbox.track({"batch": [an_order(order_id=str(number)) for number in range(50)]}, "/v1/batch")
    assert len({event["receivedAt"] for event in sandbox.rows("segment/events")}) == 1


@pytest.mark.parametrize(
    ("batch", "code"), [([{}, an_order()], "multi_user_error"), ([{}, {"type": "track"}], "empty_batch_result")]
)
def test_a_batch_says_by_segments_codes_how_much_is_lost(
    sandbox: SandboxUnderTest, batch: list[Any], code: str
) -> None:
    answer = sandbox.track({"batch": batch}, "/v1/batch")
    assert (answer.status, answer.json) == OK
    assert code in answer.hint
    assert "missing_type" in answer.hint


@pytest.mark.parametrize("kind", ["dance", "Track", 7, [], {}, True])
def test_a_type_that_is_none_is_dropped(sandbox: SandboxUnderTest, kind: Any) -> None:
    sandbox.track({"batch": [{**an_order(), "type": kind}]}, "/v1/batch")
    assert only(sandbox)["reason"] == "invalid_type"


def test_a_batch_may_bring_its_keys_in_its_items_alone(sandbox: SandboxUnderTest) -> None:
    batch = [{**an_order(), "writeKey": sandbox["writeKey"]}]
    assert sandbox.call("POST", "/v1/b", data={"batch": batch}).status == 200
    assert only(sandbox)["state"] == "received"


def test_a_second_source_keeps_its_events_and_message_ids_apart(sandbox: SandboxUnderTest) -> None:
    other = sandbox.control("PUT", "/segment/sources/Web%20shop", {})
    message = {**an_order(), "messageId": "m-1"}
    sandbox.track(message)
    sandbox.track(message, headers={"Authorization": basic(other["writeKeys"][0])})
    assert [(event["source"], event["reason"]) for event in sandbox.rows("segment/events")] == [
        ("Shop backend", None),
        ("Web shop", None),
    ]


def test_a_message_id_can_be_good_for_all_sources_by_variant(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"dedupe_scope": "everywhere", "dedupe_window": "P170D"})
    other = sandbox.control("PUT", "/segment/sources/Web%20shop", {})
    message = {**an_order(), "messageId": "m-1"}
    sandbox.track(message)
    sandbox.advance("169d")
    sandbox.track(message, headers={"Authorization": basic(other["writeKeys"][0])})
    assert [event["reason"] for event in sandbox.rows("segment/events")] == [None, "duplicate"]


# --- what is added ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "context", "address"),
    [
        ("/v1/t", {}, "127.0.0.1"),
        ("/v1/track", {}, None),
        ("/v1/track", {"direct": True}, "127.0.0.1"),
        ("/v1/t", {"ip": "192.0.2.1"}, "192.0.2.1"),
    ],
)
def test_the_callers_address_is_added_for_browsers_and_on_request(
    sandbox: SandboxUnderTest, path: str, context: dict[str, Any], address: str | None
) -> None:
    sandbox.track({**an_order(), "context": context}, path)
    assert only(sandbox)["message"]["context"].get("ip") == address


def test_without_sent_at_the_senders_time_is_believed(sandbox: SandboxUnderTest) -> None:
    sandbox.track({**an_order(), "timestamp": "2001-01-01T00:00:00.000Z"})
    assert only(sandbox)["message"]["timestamp"] == "2001-01-01T00:00:00.000Z"


@pytest.mark.parametrize(("version", "stored"), [("1.1", "1.1"), ("1", 1), ("2", 2)])
def test_the_version_is_a_variant(sandbox: SandboxUnderTest, version: str, stored: Any) -> None:
    sandbox.control("PATCH", "/variants", {"message_version": version})
    sandbox.track(an_order())
    assert only(sandbox)["message"]["version"] == stored


def test_the_projects_fields_are_a_variant(sandbox: SandboxUnderTest) -> None:
    message = {**an_order(), "_metadata": {"bundled": []}}
    sandbox.track(message)
    sandbox.control("PATCH", "/variants", {"project_fields": "present"})
    sandbox.track(message)
    bare, whole = (event["message"] for event in sandbox.rows("segment/events"))
    assert not {"projectId", "writeKey", "_metadata"} & bare.keys()
    assert (whole["writeKey"], whole["_metadata"]) == (sandbox["writeKey"], {"bundled": []})
    assert whole["projectId"]


CONSENT = "Segment Consent Preference Updated"


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        ({}, "consent_categorypreferences_should_exist"),
        ({"consent": {"categoryPreferences": []}}, "consent_categorypreferences_fields_should_be_object"),
        ({"consent": {"categoryPreferences": {"a": "yes"}}}, "consent_categorypreferences_fields_should_be_bool"),
        (
            {"consent": {"categoryPreferences": {}}, "device": {"advertisingId": 7}},
            "device_advertisingid_should_be_string",
        ),
        ({"consent": {"categoryPreferences": {}, "version": "1"}}, "consent_version_should_be_number"),
        ({"consent": {"categoryPreferences": {"a": True}, "version": 2}}, None),
    ],
)
def test_consent_events_are_looked_at_more_closely(
    sandbox: SandboxUnderTest, context: dict[str, Any], reason: str | None
) -> None:
    sandbox.track({"userId": "u", "event": CONSENT, "context": context})
    assert only(sandbox)["reason"] == reason


# --- wrong types for every field of the spec --------------------------------------------------------------------------

WRONG: list[Any] = [None, 7, 1.5, True, "", "x", [], [[]], {}, {"a": None}]
FIELDS = (
    *("userId", "anonymousId", "messageId", "context", "integrations", "timestamp", "sentAt", "receivedAt", "version"),
    *("type", "event", "properties", "traits", "name", "category", "groupId", "previousId", "channel", "writeKey"),
    *("originalTimestamp", "_metadata", "batch"),
)


@pytest.mark.parametrize("field", FIELDS)
def test_a_wrong_type_in_any_field_is_answered_calmly_and_nothing_is_half_stored(
    sandbox: SandboxUnderTest, field: str
) -> None:
    batch = [{**an_order(), field: value} for value in WRONG]
    answer = sandbox.track({"batch": [{**each, "writeKey": sandbox["writeKey"]} for each in batch]}, "/v1/batch")
    assert (answer.status, answer.json) == OK
    for message in batch:
        single = sandbox.track(message, f"/v1/{message['type']}" if message["type"] == "track" else "/v1/track")
        assert (single.status, single.json) == OK
    events = sandbox.rows("segment/events")
    assert len(events) == 2 * len(WRONG)
    for event in events:
        assert event["state"] == ("dropped" if event["reason"] else "received")
        stored = event["message"]
        assert isinstance(stored["messageId"], str)
        assert (isinstance(stored["context"], dict), isinstance(stored["integrations"], dict)) == (True, True)
        assert {"receivedAt", "sentAt", "timestamp", "originalTimestamp"} <= stored.keys()


@pytest.mark.parametrize("where", ["context", "integrations"])
@pytest.mark.parametrize("value", [7, "x", [], [{}]])
def test_a_wrong_type_around_a_batch_harms_nothing(sandbox: SandboxUnderTest, where: str, value: Any) -> None:
    assert sandbox.track({"batch": [an_order()], where: value}, "/v1/batch").status == 200
    assert only(sandbox)["state"] == "received"


def nested(depth: int) -> bytes:
    return b'{"userId": "u", "event": "E", "properties": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"


@pytest.mark.parametrize("depth", [10, 98])
def test_what_nests_deep_is_taken_delivered_and_shown(sandbox: SandboxUnderTest, depth: int) -> None:
    answer = sandbox.call(
        "POST", "/v1/track", body=nested(depth), headers={"Authorization": basic(sandbox["writeKey"])}
    )
    assert (answer.status, answer.json) == OK
    assert only(sandbox)["state"] == "received"
    sandbox.control("PUT", "/snapshots/deep")
    sandbox.control("POST", "/snapshots/deep/restore")
    assert only(sandbox)["state"] == "received"


@pytest.mark.parametrize("depth", [100, 500, 990, 5_000])
def test_what_nests_too_deep_is_refused_whole(sandbox: SandboxUnderTest, depth: int) -> None:
    answer = sandbox.call(
        "POST", "/v1/track", body=nested(depth), headers={"Authorization": basic(sandbox["writeKey"])}
    )
    assert refused(answer) == (400, "Malformed JSON")
    assert sandbox.rows("segment/events") == []


# --- browsers ---------------------------------------------------------------------------------------------------------


def test_a_browser_may_ask_before_it_sends(sandbox: SandboxUnderTest) -> None:
    asked = {
        "Origin": "https://shop.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-retry-count",
    }
    answer = sandbox.call("OPTIONS", "/v1/t", headers=asked)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    allowed = answer.headers["Access-Control-Allow-Headers"]
    assert {name.strip() for name in allowed.split(",")} == {"authorization", "content-type", "x-retry-count"}


@pytest.mark.parametrize("status", [200, 400])
def test_pages_of_all_origins_may_read_the_answer(sandbox: SandboxUnderTest, status: int) -> None:
    answer = sandbox.track(
        an_order() if status == 200 else "x", "/v1/t", headers={"Origin": "https://shop.example.com"}
    )
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")


def test_other_apis_let_no_page_in(sandbox: SandboxUnderTest) -> None:
    asked = {"Origin": "https://shop.example.com", "Access-Control-Request-Method": "GET"}
    answer = sandbox.call("OPTIONS", "/sources", headers=asked)
    assert answer.status == 405
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_settings_of_a_source_lead_analytics_js_back_here(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", f"/v1/projects/{sandbox['writeKey']}/settings")
    segment = answer.json["integrations"]["Segment.io"]
    assert segment["apiKey"] == sandbox["writeKey"]
    assert (segment["protocol"], segment["apiHost"].endswith("/v1")) == ("http", True)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_unknown_key_has_no_settings(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", f"/v1/projects/{UNKNOWN}/settings")
    assert answer.status == 404
    assert "analytics.js does not load" in answer.hint


@pytest.mark.parametrize("host", ["cdn.segment.com", "cdn-settings.segment.com", "cdn.segment.localhost"])
def test_settings_live_on_their_own_hosts(sandbox: SandboxUnderTest, host: str) -> None:
    path = f"/v1/projects/{sandbox['writeKey']}/settings"
    assert sandbox.call("GET", path, headers={"Host": host}).status == 200
    assert sandbox.call("GET", path, headers={"Host": "api.segment.io"}).status == 404


def test_two_sandboxes_do_not_mix(new_sandbox: MakeSandbox) -> None:
    one, other = new_sandbox(), new_sandbox()
    one.call("GET", f"/v1/pixel/track?data={in_base64({'writeKey': other['writeKey'], 'userId': 'u', 'event': 'E'})}")
    assert one.rows("segment/events") == []
    assert len(other.rows("segment/events")) == 1
