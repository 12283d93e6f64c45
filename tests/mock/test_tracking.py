"""What Segment takes in: 200 for nearly everything, and a reason for all it drops."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.support.sandboxes import SandboxUnderTest, an_order, basic

TYPES = ("track", "identify", "page", "screen", "group", "alias")


def only(sandbox: SandboxUnderTest) -> dict[str, Any]:
    [event] = sandbox.rows("segment/events")
    return event


@pytest.mark.parametrize("kind", TYPES)
def test_every_documented_call_is_taken(sandbox: SandboxUnderTest, kind: str) -> None:
    answer = sandbox.track({"userId": "u", "event": "E", "traits": {}, "name": "n"}, f"/v1/{kind}")
    assert (answer.status, answer.json) == (200, {"success": True})
    assert (only(sandbox)["type"], only(sandbox)["state"]) == (kind, "received")


def test_the_key_may_stand_in_the_body_and_leaves_no_mark_in_the_event(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("POST", "/v1/track", data={**an_order(), "writeKey": sandbox["writeKey"]})
    assert answer.status == 200
    assert "writeKey" not in only(sandbox)["message"]


def test_the_key_without_its_colon_is_read_too(sandbox: SandboxUnderTest) -> None:
    header = basic(sandbox["writeKey"]).removesuffix("==")
    sandbox.track(an_order(), headers={"Authorization": header})
    assert len(sandbox.rows("segment/events")) <= 1


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=utf-8", ""])
def test_the_content_type_does_not_count(sandbox: SandboxUnderTest, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    body = json.dumps({**an_order(), "writeKey": sandbox["writeKey"]}).encode()
    assert sandbox.call("POST", "/v1/track", body=body, headers=headers).status == 200
    assert only(sandbox)["state"] == "received"


def test_a_gzipped_batch_is_unpacked(sandbox: SandboxUnderTest) -> None:
    body = gzip.compress(json.dumps({"batch": [an_order()], "writeKey": sandbox["writeKey"]}).encode())
    answer = sandbox.call("POST", "/v1/batch", body=body, headers={"Content-Encoding": "gzip"})
    assert answer.status == 200
    assert only(sandbox)["event"] == "Order Completed"


def test_a_zip_bomb_is_refused_before_it_grows(sandbox: SandboxUnderTest) -> None:
    body = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    answer = sandbox.call("POST", "/v1/batch", body=body, headers={"Content-Encoding": "gzip"})
    assert (answer.status, answer.json["message"]) == (400, "Exceed payload limit")


@pytest.mark.parametrize("body", [b"", b"{", b"nothing", b'{"a": NaN}', b"\xff", b"[" * 100_000, b"9" * 10_000])
def test_what_is_no_json_is_400(sandbox: SandboxUnderTest, body: bytes) -> None:
    answer = sandbox.call("POST", "/v1/track", body=body, headers={"Authorization": basic(sandbox["writeKey"])})
    assert answer.status == 400
    assert answer.json["code"] == "invalid_request"
    assert sandbox.rows("segment/events") == []


@pytest.mark.parametrize("body", ["[]", '"x"', "7", "null"])
def test_what_is_no_object_is_400(sandbox: SandboxUnderTest, body: str) -> None:
    headers = {"Authorization": basic(sandbox["writeKey"])}
    answer = sandbox.call("POST", "/v1/track", body=body.encode(), headers=headers)
    assert (answer.status, answer.json["message"]) == (400, "The body must be a JSON object")


@pytest.mark.parametrize("key", ["", "abc123"])
def test_a_key_that_cannot_be_one_is_400(sandbox: SandboxUnderTest, key: str) -> None:
    answer = sandbox.call("POST", "/v1/track", data=an_order(), headers={"Authorization": basic(key)})
    assert (answer.status, answer.json["message"]) == (400, "Invalid write key")


def test_an_unknown_key_is_200_and_nothing_happens(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("POST", "/v1/track", data=an_order(), headers={"Authorization": basic("w" * 32)})
    assert answer.status == 200
    assert "Segment answers 200 anyway" in answer.hint
    assert sandbox.rows("segment/events") == []


@pytest.mark.parametrize(
    ("path", "message", "reason"),
    [
        ("track", {"event": "E"}, "no_user_anon_id"),
        ("track", {"event": "E", "userId": None, "anonymousId": None}, "no_user_anon_id"),
        ("track", {"event": "E", "userId": 7}, "id_not_string"),
        ("track", {"event": "E", "userId": ""}, "id_not_string"),
        ("track", {"userId": "u"}, "event_not_defined"),
        ("track", {"userId": "u", "event": 7}, "event_not_string"),
        ("track", {"userId": "u", "event": "E", "properties": []}, "properties_not_object"),
        ("identify", {"userId": "u", "traits": "x"}, "traits_not_object"),
        ("page", {"userId": "u", "name": 7}, "name_not_string"),
        ("screen", {"userId": "u", "category": []}, "category_not_string"),
        ("track", {"userId": "u", "event": "E", "messageId": "m" * 101}, "bad_request"),
    ],
)
def test_a_bad_message_is_taken_and_dropped_with_segments_reason(
    sandbox: SandboxUnderTest, path: str, message: dict[str, Any], reason: str
) -> None:
    answer = sandbox.track(message, f"/v1/{path}")
    assert answer.status == 200
    assert reason in answer.hint
    assert (only(sandbox)["state"], only(sandbox)["reason"]) == ("dropped", reason)


def test_null_beside_a_real_id_counts_as_absent(sandbox: SandboxUnderTest) -> None:
    sandbox.track({**an_order(), "anonymousId": None})
    assert only(sandbox)["state"] == "received"
    assert "anonymousId" not in only(sandbox)["message"]


def test_segment_adds_what_it_adds(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    now = sandbox.control("GET", "/clock")["now"]
    sandbox.track(an_order())
    message = only(sandbox)["message"]
    assert message["messageId"].startswith("api-")
    assert {message[name] for name in ("receivedAt", "sentAt", "timestamp", "originalTimestamp")} == {now}
    assert (message["context"], message["integrations"], message["version"]) == ({}, {}, "1.1")


def test_the_senders_clock_is_corrected(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/clock/freeze")
    received = sandbox.control("GET", "/clock")["now"]
    # A sender whose clock is years wrong: the event happened 5 s before it was sent.
    sandbox.track({**an_order(), "timestamp": "2001-01-01T00:00:00.000Z", "sentAt": "2001-01-01T00:00:05+00:00"})
    message = only(sandbox)["message"]
    assert message["originalTimestamp"] == "2001-01-01T00:00:00.000Z"
    assert message["receivedAt"] == received
    assert _seconds(received) - _seconds(message["timestamp"]) == pytest.approx(5)


def _seconds(text: str) -> float:
    from datetime import datetime  # noqa: PLC0415 - one use

    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize("stamp", ["never", 7, None, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_an_odd_timestamp_harms_nothing(sandbox: SandboxUnderTest, stamp: Any) -> None:
    sandbox.track({**an_order(), "timestamp": stamp, "sentAt": "1970-01-01T00:00:00Z"})
    assert only(sandbox)["state"] == "received"


def test_the_second_of_two_messages_with_one_id_is_dropped_for_a_day(sandbox: SandboxUnderTest) -> None:
    message = {**an_order(), "messageId": "m-1"}
    for _ in range(2):
        assert sandbox.track(message).status == 200
    sandbox.advance("24h")
    sandbox.track(message)
    assert [row["reason"] for row in sandbox.rows("segment/events")] == [None, "duplicate", None]


def test_batch_merges_context_and_integrations_into_each_message(sandbox: SandboxUnderTest) -> None:
    batch = [
        {**an_order(), "context": {"ip": "192.0.2.1"}},
        {"type": "identify", "userId": "u", "integrations": {"Other": False}},
    ]
    outer = {"context": {"locale": "da-DK", "ip": "192.0.2.9"}, "integrations": {"All": True}}
    assert sandbox.track({"batch": batch, **outer}, "/v1/batch").status == 200
    first, second = (row["message"] for row in sandbox.rows("segment/events"))
    assert first["context"] == {"locale": "da-DK", "ip": "192.0.2.1"}
    assert second["integrations"] == {"All": True, "Other": False}
    assert first["receivedAt"] <= second["receivedAt"]


@pytest.mark.parametrize("batch", [[], None, "x"])
def test_an_empty_batch_is_taken(sandbox: SandboxUnderTest, batch: Any) -> None:
    answer = sandbox.track({"batch": batch}, "/v1/batch")
    assert answer.status == 200
    assert "empty_batch" in answer.hint


def test_one_bad_message_of_a_batch_is_dropped_alone(sandbox: SandboxUnderTest) -> None:
    sandbox.track({"batch": [7, {"type": "dance", "userId": "u"}, an_order()]}, "/v1/batch")
    assert [(row["type"], row["reason"]) for row in sandbox.rows("segment/events")] == [
        ("dance", "invalid_type"),
        ("track", None),
    ]


def test_a_batch_of_2501_keeps_2500(sandbox: SandboxUnderTest) -> None:
    batch = [{"type": "track", "userId": "u", "event": "E"}] * 2501
    answer = sandbox.track({"batch": batch}, "/v1/batch")
    assert answer.status == 200
    assert "drops the last 1" in answer.hint
    listed = sandbox.control("GET", "/segment/events?limit=1")
    assert listed["total"] == 2500


def test_a_message_over_32_kb_is_400_alone_and_in_a_batch(sandbox: SandboxUnderTest) -> None:
    large = an_order(note="x" * 32_768)
    assert sandbox.track(large).json["message"] == "Exceed payload limit"
    assert sandbox.track({"batch": [an_order(), large]}, "/v1/batch").status == 400
    assert sandbox.rows("segment/events") == []


def test_a_batch_over_500_kb_is_400(sandbox: SandboxUnderTest) -> None:
    batch = [an_order(note="x" * 30_000)] * 17
    assert sandbox.track({"batch": batch}, "/v1/batch").json["message"] == "Exceed payload limit"


def test_a_message_may_name_a_key_of_its_own(sandbox: SandboxUnderTest) -> None:
    strange = {**an_order(), "writeKey": "w" * 32}
    sandbox.track({"batch": [strange, an_order()]}, "/v1/batch")
    assert len(sandbox.rows("segment/events")) == 1


def test_a_lone_surrogate_travels_unharmed(sandbox: SandboxUnderTest) -> None:
    body = b'{"userId": "u", "event": "E", "properties": {"x": "\\ud800"}}'
    answer = sandbox.call("POST", "/v1/track", body=body, headers={"Authorization": basic(sandbox["writeKey"])})
    assert answer.status == 200
    assert only(sandbox)["message"]["properties"]["x"] == "\ud800"


def test_events_are_kept_by_bytes_and_what_had_to_go_is_counted(sandbox: SandboxUnderTest) -> None:
    large = an_order() | {"context": {"filling": "x" * 31_000}}
    for number in range(1_200):
        assert sandbox.track(large | {"messageId": f"m-{number}"}).status == 200
    kept = sandbox.control("GET", "/segment/events?limit=1")["total"]
    dropped = sandbox.control("GET", "")["dropped"]
    assert kept * 31_000 < 32 * 1024 * 1024
    assert kept + dropped["events"] == 1_200
    assert dropped["journal"] > 0
