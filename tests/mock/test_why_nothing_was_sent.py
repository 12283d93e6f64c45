"""``tpmock trace`` answers "why was nothing sent?" for each reason that Segment has for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tpmock.control import trace_story
from tpmock.journal.traces import Step, Trace
from tpmock.segment import reasons

from tests.support.sandboxes import SandboxUnderTest, an_order, basic
from tests.support.stub_destination import Say, StubDestination
from tests.support.troubleshooting import ONLY_AT_SEGMENT

INGEST, SOURCE, FILTERED, FAILED = reasons.texts().values()

ORDER = "why-1"
CONSENT = "Segment Consent Preference Updated"
#: Codes of Segment's tables that nothing in this mock leads to, and why.
NEVER: Mapping[str, str] = {
    **ONLY_AT_SEGMENT,
    "empty_batch_result": "each message of such a batch has a reason; the hint of the answer has the code",
    "multi_user_error": "likewise",
    "INVALID_SETTINGS": "settings are judged when they are given; a function says so when it fails, see below",
}


def event(**changes: Any) -> dict[str, Any]:
    return {**an_order(order_id=ORDER), **changes}


Provoke = Callable[[SandboxUnderTest], object]


def sent(path: str = "/v1/track", **changes: Any) -> Provoke:
    return lambda sandbox: sandbox.track(event(**changes), path)


def batched(*items: Any) -> Provoke:
    return lambda sandbox: sandbox.track({"batch": list(items)}, "/v1/batch")


def consenting(**context: Any) -> Provoke:
    return sent(event=CONSENT, context=context)


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in event().items() if name not in names}


def disabled_source(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PUT", "/segment/sources/Shop%20backend", {"enabled": False})
    sandbox.track(event())


def suppressed(sandbox: SandboxUnderTest) -> None:
    body = {"regulationType": "SUPPRESS_ONLY", "subjectType": "USER_ID", "subjectIds": ["customer-1"]}
    sandbox.call("POST", "/regulations", data=body, headers={"Authorization": f"Bearer {sandbox['publicApiToken']}"})
    sandbox.advance("1h")
    sandbox.track(event())


def unknown_key(sandbox: SandboxUnderTest) -> None:
    # Such a key finds no sandbox; the key of the message beside it does.
    stranger = {**event(), "writeKey": "w" * 32}
    sandbox.track({"batch": [{**an_order(order_id="other")}, stranger]}, "/v1/batch")


def ruled_out(condition: str) -> Provoke:
    return lambda sandbox: _ruled_out(sandbox, condition)


def _ruled_out(sandbox: SandboxUnderTest, condition: str) -> None:
    [destination] = sandbox.rows("segment/destinations")
    [source] = sandbox.rows("segment/sources")
    body = {"sourceId": source["id"], "title": "t", "if": condition, "enabled": True, "actions": [{"type": "DROP"}]}
    path = f"/destination/{destination['id']}/filters"
    sandbox.call("POST", path, data=body, headers={"Authorization": f"Bearer {sandbox['publicApiToken']}"})
    sandbox.track(event())


def nowhere(sandbox: SandboxUnderTest) -> None:
    sandbox.control("DELETE", "/segment/destinations/Trustpilot")
    key = {"Authorization": f"Bearer {sandbox['publicApiToken']}"}
    catalog = sandbox.call("GET", "/catalog/destinations", headers=key).json["data"]["destinationsCatalog"]
    entry = next(one for one in catalog if one["name"] == "Trustpilot")
    [source] = sandbox.rows("segment/sources")
    sandbox.control("PATCH", "/variants", {"catalog_delivery": "nowhere"})
    body = {"sourceId": source["id"], "metadataId": entry["id"], "enabled": True, "settings": {"apiKey": "k"}}
    assert sandbox.call("POST", "/destinations", data=body, headers=key).status == 200
    sandbox.track(event())


def switched_off(sandbox: SandboxUnderTest) -> None:
    sandbox.connect("http://127.0.0.1:9/", enabled=False)
    sandbox.track(event())


#: What makes an event stop for a reason.
PROVOKED: Mapping[str, Provoke] = {
    "bad_request": sent(messageId="m" * 101),
    "missing_type": batched(without("type")),
    "invalid_type": batched(event(type="trak")),
    "project_not_found": unknown_key,
    "empty_batch": lambda sandbox: sandbox.track({"batch": []}, "/v1/batch"),
    "source_disabled": disabled_source,
    "no_user_anon_id": lambda sandbox: sandbox.track(without("userId")),
    "id_not_string": sent(userId=7),
    "event_not_defined": sent(event=""),
    "event_not_string": sent(event=7),
    "properties_not_object": sent(properties="x", messageId=ORDER),
    "traits_not_object": sent("/v1/identify", traits="x"),
    "name_not_string": sent("/v1/page", name=7),
    "category_not_string": sent("/v1/page", category=""),
    "consent_categorypreferences_should_exist": consenting(),
    "consent_categorypreferences_fields_should_be_object": consenting(consent={"categoryPreferences": []}),
    "consent_categorypreferences_fields_should_be_bool": consenting(consent={"categoryPreferences": {"a": "yes"}}),
    "device_advertisingid_should_be_string": consenting(
        consent={"categoryPreferences": {}}, device={"advertisingId": 7}
    ),
    "consent_version_should_be_number": consenting(consent={"categoryPreferences": {}, "version": "1"}),
    "suppressed": suppressed,
    "batch_too_long": batched(*[{"type": "track"}] * 2_500, event()),
    "FILTERED_BY_RULES": ruled_out("type = 'track'"),
    # A text and a number have no order.
    "INTERNAL": ruled_out("properties.email > 5"),
    "FILTERED_BY_INTEGRATIONS_OBJECT": sent(integrations={"Trustpilot": False}),
    "UNSUPPORTED_EVENT_TYPE": sent("/v1/group"),
    "NO_ENDPOINT": nowhere,
    "DESTINATION_DISABLED": switched_off,
}
#: What a destination, or the way to it, does; the fault is one that the way to the destination has.
FAULTS: Mapping[str, str] = {
    "ETIMEDOUT": "deliver timeout",
    "ECONNREFUSED": "deliver refused",
    "ECONNRESET": "deliver reset",
    "ENOTFOUND": "deliver dns",
}
STATUSES = [code for code in FAILED if code.isdigit()]


def test_every_reason_is_either_provoked_or_said_to_be_out_of_reach() -> None:
    known = {*INGEST, *SOURCE, *FILTERED}
    assert {*PROVOKED, *NEVER, "duplicate"} == known
    assert not PROVOKED.keys() & NEVER.keys()


@pytest.fixture
def connected(sandbox: SandboxUnderTest, destination: StubDestination) -> SandboxUnderTest:
    sandbox.connect(destination.url)
    return sandbox


def why(sandbox: SandboxUnderTest) -> str:
    """The answer of the newest trace that is about the order, as ``tpmock trace`` prints it."""
    told: str = sandbox.control("GET", "/traces?limit=1")["traces"][0]["outcome"]
    return told


@pytest.mark.parametrize("reason", PROVOKED)
def test_what_never_left_says_why(connected: SandboxUnderTest, reason: str) -> None:
    PROVOKED[reason](connected)
    connected.settle()
    told = why(connected)
    assert told.startswith("Nothing was sent. ")
    assert reasons.clause(reason) in told
    # By the number of the order, too, where the message had one that could be read.
    if reason not in ("empty_batch", "properties_not_object"):
        assert connected.control("GET", f"/traces/{ORDER}")["outcome"] == told


def test_a_duplicate_is_told_beside_what_became_of_the_first(connected: SandboxUnderTest) -> None:
    for _ in range(2):
        connected.track(event(messageId="first"))
    connected.settle()
    told = connected.control("GET", f"/traces/{ORDER}")
    assert "The destination Trustpilot accepted it" in told["outcome"]
    assert f"Segment dropped the event: {reasons.clause('duplicate')}" in [step["text"] for step in told["steps"]]


@pytest.mark.parametrize("status", STATUSES)
def test_what_a_destination_answered_says_why(
    connected: SandboxUnderTest, destination: StubDestination, status: str
) -> None:
    destination.say = [Say(int(status), body=b"", content_type="text/plain")]
    connected.track(event())
    connected.settle()
    assert f"({status}: {reasons.plain(status)})" in why(connected)


@pytest.mark.parametrize("code", FAULTS)
def test_what_the_network_did_says_why(connected: SandboxUnderTest, code: str) -> None:
    connected.control("POST", "/faults", {"fault": FAULTS[code]})
    connected.track(event())
    connected.settle()
    told = why(connected)
    assert f"({code}: {reasons.plain(code)})" in told
    assert "Segment retries at" in told


@pytest.mark.parametrize("code", FAILED)
@pytest.mark.parametrize("prefix", ["errors.discarded.", "errors.awaiting-retry."])
def test_every_code_of_a_delivery_has_its_words(code: str, prefix: str) -> None:
    status = int(code) if code.isdigit() else None
    what = "delivery-discarded" if "discarded" in prefix else "delivery-awaiting-retry"
    step = Step(1, 0.0, what, "messageId", None, ("Trustpilot", f"{prefix}{code}", status, None, 60.0))
    told = trace_story.outcome(Trace("trace-1", 0.0, [], [step]))
    assert told.startswith("Nothing was sent. The destination Trustpilot ")
    assert f"({code}: {reasons.plain(f'{prefix}{code}')})" in told
    assert reasons.plain(f"{prefix}{code}")


@pytest.mark.parametrize("reason", [*INGEST, *SOURCE, *FILTERED])
def test_every_reason_has_its_words(reason: str) -> None:
    what = "delivery-filtered" if reason in FILTERED else "event-dropped"
    facts = ("Trustpilot", reason, None, None, None) if reason in FILTERED else ("track", "E", reason)
    told = trace_story.outcome(Trace("trace-1", 0.0, [], [Step(1, 0.0, what, "cause", None, facts)]))
    assert told.startswith("Nothing was sent. Segment ")
    assert f"({reason})" in told


def test_what_is_lost_in_a_batch_does_not_hide_what_is_good(connected: SandboxUnderTest) -> None:
    surplus = [{**event(), "properties": {"order_id": f"s-{number}"}} for number in range(120)]
    headers = {"Authorization": basic(connected["writeKey"])}
    connected.track({"batch": [event(), *[{"type": "track"}] * 2_499, *surplus]}, "/v1/batch", headers)
    connected.settle()
    assert "batch_too_long" in connected.control("GET", "/traces/s-0")["outcome"]
    assert "The destination Trustpilot accepted it" in connected.control("GET", f"/traces/{ORDER}")["outcome"]
    assert connected.control("GET", "/traces?state=event-dropped&limit=1")["total"] == 2_500
