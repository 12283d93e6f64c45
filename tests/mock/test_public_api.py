"""The Public API: a program that provisions a workspace runs against the mock."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest, an_order, basic
from tests.support.stub_destination import StubDestination

TRUSTPILOT = "5c6e52858392d6000101d4c1"
HTTP_API = "iUM16Md8P2"


def api(sandbox: SandboxUnderTest, method: str, target: str, data: Any = None, **headers: str) -> Answer:
    sent = {"Authorization": f"Bearer {sandbox['publicApiToken']}", **headers}
    return sandbox.call(method, target, data=data, headers=sent)


def data_of(answer: Answer) -> Any:
    assert answer.status < 300, answer.text
    return answer.json["data"]


def a_source(sandbox: SandboxUnderTest, slug: str = "web-shop", **changes: Any) -> dict[str, Any]:
    body = {"slug": slug, "enabled": True, "metadataId": HTTP_API, **changes}
    source: dict[str, Any] = data_of(api(sandbox, "POST", "/sources", body))["source"]
    return source


def a_destination(sandbox: SandboxUnderTest, source_id: str, **changes: Any) -> dict[str, Any]:
    settings = {"apiKey": sandbox["integrationKey"]}
    body = {"sourceId": source_id, "metadataId": TRUSTPILOT, "settings": settings, **changes}
    destination: dict[str, Any] = data_of(api(sandbox, "POST", "/destinations", body))["destination"]
    return destination


def a_filter(sandbox: SandboxUnderTest, destination: dict[str, Any], *actions: Any, **changes: Any) -> dict[str, Any]:
    body = {"sourceId": destination["sourceId"], "title": "A filter", "if": "type = 'track'", "enabled": True}
    path = f"/destination/{destination['id']}/filters"
    made: dict[str, Any] = data_of(api(sandbox, "POST", path, {**body, "actions": list(actions), **changes}))["filter"]
    return made


def test_a_script_provisions_a_workspace_and_an_order_arrives(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    sandbox.control("PUT", "/segment/endpoints/Trustpilot", {"url": destination.url})
    [entry] = data_of(api(sandbox, "GET", "/catalog/destinations"))["destinationsCatalog"]
    assert (entry["name"], entry["id"]) == ("Trustpilot", TRUSTPILOT)
    source = a_source(sandbox, name="Web shop")
    a_destination(sandbox, source["id"])
    sandbox.track(an_order(), headers={"Authorization": basic(source["writeKeys"][0])})
    sandbox.track(an_order(order_id="by another source"))
    sandbox.settle()
    [received] = destination.received
    assert received.headers["Authorization"] == basic(sandbox["integrationKey"])
    assert received.event["properties"]["order_id"] == "1001"


def test_without_an_endpoint_nothing_leaves_and_the_reason_is_reported(sandbox: SandboxUnderTest) -> None:
    sandbox.control("PATCH", "/variants", {"catalog_delivery": "nowhere"})
    source = a_source(sandbox)
    body = {"sourceId": source["id"], "metadataId": TRUSTPILOT, "settings": {"apiKey": "k"}}
    assert "has no address of Trustpilot" in api(sandbox, "POST", "/destinations", body).hint
    sandbox.track(an_order(), headers={"Authorization": basic(source["writeKeys"][0])})
    [delivery] = sandbox.rows("segment/deliveries")
    assert (delivery["state"], delivery["reason"]) == ("filtered", "NO_ENDPOINT")


# --- token ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nothing", "Basic nothing"])
def test_without_the_token_nothing_is_reported(sandbox: SandboxUnderTest, authorization: str) -> None:
    answer = sandbox.call("GET", "/sources", headers={"Authorization": authorization} if authorization else {})
    assert (answer.status, answer.json["errors"][0]["type"]) == (401, "unauthorized")


def test_echo_tells_what_was_sent_but_no_secret(sandbox: SandboxUnderTest) -> None:
    told = data_of(api(sandbox, "GET", "/echo?message=Hello", **{"X-Own": "one"}))
    assert (told["message"], told["headers"]["X-Own"]) == ("Hello", "one")
    assert sandbox["publicApiToken"] not in str(told)


@pytest.mark.parametrize("kind", ["v1", "v1beta", "v1alpha"])
def test_vendors_media_types_are_taken(sandbox: SandboxUnderTest, kind: str) -> None:
    body = json.dumps({"slug": "s", "enabled": True, "metadataId": HTTP_API}).encode()
    headers = {
        "Authorization": f"Bearer {sandbox['publicApiToken']}",
        "Content-Type": f"application/vnd.segment.{kind}+json",
    }
    assert sandbox.call("POST", "/sources", body=body, headers=headers).status == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 422), (b"[]", 422), (b"{}", 422), (b"7", 422), (b'{"x":' * 500 + b"1" + b"}" * 500, 422)],
)
def test_what_cannot_be_understood_is_422(sandbox: SandboxUnderTest, body: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {sandbox['publicApiToken']}", "Content-Type": "application/json"}
    for path in ("/sources", "/destinations", "/regulations", "/destination/filters/preview"):
        answer = sandbox.call("POST", path, body=body, headers=headers)
        assert (answer.status, answer.json["errors"][0]["type"]) == (status, "validation-failure")


def test_other_media_types_are_415(sandbox: SandboxUnderTest) -> None:
    headers = {"Authorization": f"Bearer {sandbox['publicApiToken']}", "Content-Type": "text/plain"}
    assert sandbox.call("POST", "/sources", body=b"{}", headers=headers).status == 415


# --- sources ----------------------------------------------------------------------------------------------------------


def test_a_source_lives_changes_and_goes(sandbox: SandboxUnderTest) -> None:
    source = a_source(sandbox)
    path = f"/sources/{source['id']}"
    assert data_of(api(sandbox, "GET", path))["source"] == source
    changed = data_of(api(sandbox, "PATCH", path, {"enabled": False, "name": "Shop of the web"}))["source"]
    assert (changed["enabled"], changed["name"], changed["slug"]) == (False, "Shop of the web", "web-shop")
    listed = data_of(api(sandbox, "GET", "/sources"))
    assert [each["slug"] for each in listed["sources"]] == ["shop-backend", "web-shop"]
    assert data_of(api(sandbox, "DELETE", path)) == {"status": "SUCCESS"}
    assert api(sandbox, "GET", path).status == 404


def test_a_source_that_is_gone_takes_its_key_and_its_destinations_along(sandbox: SandboxUnderTest) -> None:
    source = a_source(sandbox)
    a_destination(sandbox, source["id"])
    api(sandbox, "DELETE", f"/sources/{source['id']}")
    assert data_of(api(sandbox, "GET", "/destinations"))["destinations"] == []
    answer = sandbox.track(an_order(), headers={"Authorization": basic(source["writeKeys"][0])})
    assert (answer.status, "No sandbox owns this write key" in answer.hint) == (200, True)


def test_write_keys_are_added_and_removed(sandbox: SandboxUnderTest) -> None:
    source = a_source(sandbox)
    path = f"/sources/{source['id']}/writekey"
    first, second = data_of(api(sandbox, "POST", path))["source"]["writeKeys"]
    assert (len(first), first != second) == (32, True)
    data_of(api(sandbox, "DELETE", f"{path}/{first}"))
    sandbox.track(an_order(), headers={"Authorization": basic(first)})
    sandbox.track(an_order(), headers={"Authorization": basic(second)})
    assert len(sandbox.rows("segment/events")) == 1
    assert api(sandbox, "DELETE", f"{path}/{first}").status == 404


@pytest.mark.parametrize("changes", [{"slug": "shop-backend"}, {"name": "Shop backend"}])
def test_names_of_sources_are_unique(sandbox: SandboxUnderTest, changes: dict[str, str]) -> None:
    body = {"slug": "other", "enabled": True, "metadataId": HTTP_API, **changes}
    assert api(sandbox, "POST", "/sources", body).status == 409


@pytest.mark.parametrize(
    "changes", [{"metadataId": "nothing"}, {"enabled": "yes"}, {"slug": ""}, {"slug": 7}, {"settings": []}]
)
def test_a_source_that_is_wrong_is_422(sandbox: SandboxUnderTest, changes: dict[str, Any]) -> None:
    body = {"slug": "other", "enabled": True, "metadataId": HTTP_API, **changes}
    answer = api(sandbox, "POST", "/sources", body)
    assert (answer.status, next(iter(changes)) in answer.json["errors"][0]["message"]) == (422, True)
    assert len(data_of(api(sandbox, "GET", "/sources"))["sources"]) == 1


def test_lists_come_in_pages(sandbox: SandboxUnderTest) -> None:
    for number in range(4):
        a_source(sandbox, f"shop-{number}")
    seen: list[str] = []
    target = "/sources?pagination.count=2"
    while target:
        page = data_of(api(sandbox, "GET", target))
        seen += [source["slug"] for source in page["sources"]]
        cursor = page["pagination"].get("next")
        target = f"/sources?pagination.count=2&pagination.cursor={cursor}" if cursor else ""
    assert seen == ["shop-backend", "shop-0", "shop-1", "shop-2", "shop-3"]
    assert page["pagination"]["totalEntries"] == 5
    assert page["pagination"]["previous"] == base64.b64encode(b"2").decode()


@pytest.mark.parametrize(
    "query", ["pagination.count=0", "pagination.count=1001", "pagination.count=x", "pagination.cursor=%%"]
)
def test_a_page_that_is_none_is_422(sandbox: SandboxUnderTest, query: str) -> None:
    assert api(sandbox, "GET", f"/sources?{query}").status == 422


# --- destinations -----------------------------------------------------------------------------------------------------


def test_a_destination_lives_changes_and_goes(sandbox: SandboxUnderTest) -> None:
    made = a_destination(sandbox, a_source(sandbox)["id"])
    assert (made["enabled"], made["metadata"]["name"]) == (True, "Trustpilot")
    path = f"/destinations/{made['id']}"
    assert data_of(api(sandbox, "GET", path))["destination"] == made
    change = {"enabled": False, "settings": {"apiKey": "another"}}
    changed = data_of(api(sandbox, "PATCH", path, change))["destination"]
    assert (changed["enabled"], changed["settings"]) == (False, {"apiKey": "another"})
    assert data_of(api(sandbox, "DELETE", path)) == {"status": "SUCCESS"}
    assert api(sandbox, "GET", path).status == 404


def test_several_instances_of_one_destination_have_names_of_their_own(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    sandbox.control("PUT", "/segment/endpoints/Trustpilot", {"url": destination.url})
    source = a_source(sandbox)
    names = [a_destination(sandbox, source["id"])["name"] for _ in range(2)]
    assert names == ["Trustpilot", "Trustpilot 2"]
    headers = {"Authorization": basic(source["writeKeys"][0])}
    sandbox.track(an_order(), headers=headers)
    # The name in the integrations object means all instances.
    sandbox.track({**an_order(), "integrations": {"Trustpilot": False}}, headers=headers)
    rows = [(row["destination"], row["reason"]) for row in sandbox.rows("segment/deliveries")]
    stopped = "FILTERED_BY_INTEGRATIONS_OBJECT"
    assert rows == [(names[0], None), (names[1], None), (names[0], stopped), (names[1], stopped)]


def test_a_source_has_25_instances_at_most(sandbox: SandboxUnderTest) -> None:
    source = a_source(sandbox)
    for _ in range(25):
        a_destination(sandbox, source["id"])
    body = {"sourceId": source["id"], "metadataId": TRUSTPILOT, "settings": {"apiKey": "k"}}
    assert api(sandbox, "POST", "/destinations", body).status == 422


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"sourceId": "nothing"}, 404),
        ({"metadataId": "nothing"}, 422),
        ({"settings": {}}, 422),
        ({"settings": {"apiKey": ""}}, 422),
        ({"settings": {"apiKey": 7}}, 422),
        ({"enabled": "yes"}, 422),
    ],
)
def test_a_destination_that_is_wrong(sandbox: SandboxUnderTest, changes: dict[str, Any], status: int) -> None:
    source = a_source(sandbox)
    body = {"sourceId": source["id"], "metadataId": TRUSTPILOT, "settings": {"apiKey": "k"}, **changes}
    assert api(sandbox, "POST", "/destinations", body).status == status
    assert sandbox.rows("segment/destinations") == []


def test_what_was_connected_by_hand_is_listed_too(sandbox: SandboxUnderTest) -> None:
    sandbox.connect("http://127.0.0.1:9/")
    sandbox.control("PUT", "/segment/destinations/Own", {"url": "http://127.0.0.1:9/", "settings": {"apiKey": "k"}})
    listed = data_of(api(sandbox, "GET", "/destinations"))["destinations"]
    assert [(each["name"], each["metadata"]["status"]) for each in listed] == [
        ("Trustpilot", "PUBLIC"),
        ("Own", "PRIVATE_BUILDING"),
    ]


def test_custom_settings_go_in_a_header_and_the_key_does_not(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    settings = {"apiKey": "k", "customSettingOne": "custom setting value"}
    sandbox.control("PUT", "/segment/destinations/Own", {"url": destination.url, "settings": settings})
    sandbox.track(an_order())
    sandbox.settle()
    header = destination.received[0].headers["X-Segment-Settings"]
    assert json.loads(base64.b64decode(header)) == {"customSettingOne": "custom setting value"}


def test_the_settings_header_can_always_come_by_variant(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    sandbox.control("PATCH", "/variants", {"settings_header": "always"})
    sandbox.connect(destination.url)
    sandbox.track(an_order())
    sandbox.settle()
    assert base64.b64decode(destination.received[0].headers["X-Segment-Settings"]) == b"{}"


# --- filters ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def connected(sandbox: SandboxUnderTest, destination: StubDestination) -> dict[str, Any]:
    sandbox.connect(destination.url)
    [made] = data_of(api(sandbox, "GET", "/destinations"))["destinations"]
    assert isinstance(made, dict)
    return made


def test_a_filter_lives_changes_and_goes(sandbox: SandboxUnderTest, connected: dict[str, Any]) -> None:
    made = a_filter(sandbox, connected, {"type": "DROP"}, description="Nothing leaves")
    path = f"/destination/{connected['id']}/filters"
    assert data_of(api(sandbox, "GET", path))["filters"] == [made]
    sandbox.advance("1m")
    changed = data_of(api(sandbox, "PATCH", f"{path}/{made['id']}", {"enabled": False}))["filter"]
    assert (changed["enabled"], changed["if"]) == (False, made["if"])
    assert changed["updatedAt"] > changed["createdAt"] == made["createdAt"]
    assert data_of(api(sandbox, "GET", f"{path}/{made['id']}"))["filter"] == changed
    assert data_of(api(sandbox, "DELETE", f"{path}/{made['id']}")) == {"status": "SUCCESS"}
    assert api(sandbox, "GET", f"{path}/{made['id']}").status == 404


def test_what_a_filter_drops_does_not_leave(
    sandbox: SandboxUnderTest, destination: StubDestination, connected: dict[str, Any]
) -> None:
    a_filter(sandbox, connected, {"type": "DROP"}, **{"if": "contains(properties.email, '@example.com')"})
    sandbox.track(an_order())
    sandbox.track(an_order(email="ada@example.net"))
    sandbox.settle()
    assert [received.event["properties"]["email"] for received in destination.received] == ["ada@example.net"]
    assert sandbox.rows("segment/deliveries")[0]["reason"] == "FILTERED_BY_RULES"


def test_what_a_filter_cuts_is_gone_at_the_destination_and_there_at_segment(
    sandbox: SandboxUnderTest, destination: StubDestination, connected: dict[str, Any]
) -> None:
    a_filter(sandbox, connected, {"type": "DROP_PROPERTIES", "fields": {"properties": ["email"]}})
    sandbox.track(an_order())
    sandbox.control("PUT", "/snapshots/filtered")
    sandbox.settle()
    assert "email" not in destination.received[0].event["properties"]
    assert sandbox.rows("segment/events")[0]["message"]["properties"]["email"] == "ada@example.com"


def test_a_condition_nobody_can_read_is_kept_with_a_hint_and_keeps_everything_back(
    sandbox: SandboxUnderTest, destination: StubDestination, connected: dict[str, Any]
) -> None:
    body = {"sourceId": connected["sourceId"], "title": "Broken", "if": 'userId = oops"', "enabled": True}
    path = f"/destination/{connected['id']}/filters"
    answer = api(sandbox, "POST", path, {**body, "actions": [{"type": "DROP"}]})
    assert (answer.status, "No event reaches the destination" in answer.hint) == (200, True)
    sandbox.track(an_order())
    sandbox.settle()
    assert destination.received == []
    assert sandbox.rows("segment/deliveries")[0]["reason"] == "INTERNAL"


@pytest.mark.parametrize(
    ("actions", "changes"),
    [
        ([], {}),
        ([{"type": "DANCE"}], {}),
        ([{"type": "SAMPLE"}], {}),
        ([{"type": "SAMPLE", "percent": 1.5}], {}),
        ([{"type": "DROP_PROPERTIES"}], {}),
        ([{"type": "DROP_PROPERTIES", "fields": {"properties": "email"}}], {}),
        ([{"type": "DROP"}], {"title": "x" * 65}),
        ([{"type": "DROP"}], {"if": None}),
    ],
)
def test_a_filter_that_is_wrong_is_422(
    sandbox: SandboxUnderTest, connected: dict[str, Any], actions: list[Any], changes: dict[str, Any]
) -> None:
    body = {"sourceId": connected["sourceId"], "title": "t", "if": "true", "enabled": True}
    path = f"/destination/{connected['id']}/filters"
    assert api(sandbox, "POST", path, {**body, "actions": actions, **changes}).status == 422
    assert data_of(api(sandbox, "GET", path))["filters"] == []


def test_a_destination_has_ten_filters_at_most(sandbox: SandboxUnderTest, connected: dict[str, Any]) -> None:
    for _ in range(10):
        a_filter(sandbox, connected, {"type": "SAMPLE", "percent": 1})
    body = {"sourceId": connected["sourceId"], "title": "t", "if": "true", "enabled": True}
    path = f"/destination/{connected['id']}/filters"
    assert api(sandbox, "POST", path, {**body, "actions": [{"type": "DROP"}]}).status == 422


@pytest.mark.parametrize(
    ("condition", "actions", "result"),
    [
        ("type = 'track'", [{"type": "DROP"}], None),
        ("type = 'page'", [{"type": "DROP"}], {"type": "track", "properties": {"a": 1, "b": 2}}),
        (
            "true",
            [{"type": "ALLOW_PROPERTIES", "fields": {"properties": ["a"]}}],
            {"type": "track", "properties": {"a": 1}},
        ),
    ],
)
def test_a_filter_is_tried_on_a_payload(
    sandbox: SandboxUnderTest, condition: str, actions: list[Any], result: Any
) -> None:
    payload = {"type": "track", "properties": {"a": 1, "b": 2}}
    body = {"filter": {"if": condition, "actions": actions}, "payload": payload}
    assert data_of(api(sandbox, "POST", "/destination/filters/preview", body)) == {
        "inputPayload": payload,
        "result": result,
    }


@pytest.mark.parametrize("condition", ["", "type =", "type"])
def test_trying_a_condition_nobody_can_read_says_so(sandbox: SandboxUnderTest, condition: str) -> None:
    body = {"filter": {"if": condition, "actions": [{"type": "DROP"}]}, "payload": {"type": "track"}}
    answer = api(sandbox, "POST", "/destination/filters/preview", body)
    assert (answer.status, answer.json["errors"][0]["message"].startswith("if: ")) == (422, True)


# --- delivery overview ------------------------------------------------------------------------------------------------

STEPS = {
    "successfully-received": 2,
    "failed-on-ingest": 1,
    "filtered-at-source": 0,
    "filtered-at-destination": 1,
    "failed-delivery": 0,
    "successful-delivery": 1,
}


@pytest.mark.parametrize(("step", "total"), STEPS.items())
def test_the_delivery_overview_counts_each_step(
    sandbox: SandboxUnderTest, connected: dict[str, Any], step: str, total: int
) -> None:
    sandbox.track(an_order())
    sandbox.track({"userId": "u", "event": "E", "integrations": {"All": False}})
    sandbox.track({"userId": "u"})
    sandbox.settle()
    wanted = f"sourceId={connected['sourceId']}&destinationConfigId={connected['id']}&granularity=HOUR"
    now = sandbox.control("GET", "/clock")["now"]
    window = f"startTime={now[:11]}00:00:00Z&endTime={now[:11]}23:59:59Z"
    found = data_of(api(sandbox, "GET", f"/delivery-overview/{step}?{wanted}&{window}&groupBy.0=eventType"))
    assert found["total"] == total
    assert [(row["eventType"], row["total"]) for row in found["dataset"]] == ([("track", total)] if total else [])


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"sourceId": "nothing"}, 404),
        ({"destinationConfigId": "nothing"}, 404),
        ({"startTime": "yesterday"}, 422),
        ({"granularity": "WEEK"}, 422),
        ({"granularity": "MINUTE"}, 422),
        ({"endTime": "2026-01-01T00:00:00Z"}, 422),
        ({"groupBy": "eventName,eventType"}, 200),
        ({"groupBy": "nothing"}, 422),
        ({"startTime": ""}, 422),
    ],
)
def test_an_overview_of_nothing(
    sandbox: SandboxUnderTest, connected: dict[str, Any], changes: dict[str, str], status: int
) -> None:
    query = {
        "sourceId": connected["sourceId"],
        "destinationConfigId": connected["id"],
        "startTime": "2026-01-02T00:00:00Z",
        "endTime": "2026-01-03T00:00:00Z",
        "granularity": "DAY",
        **changes,
    }
    target = "&".join(f"{name}={value}" for name, value in query.items())
    assert api(sandbox, "GET", f"/delivery-overview/failed-delivery?{target}").status == status


def test_faults_strike_the_public_api_too(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/faults", {"operation": "listSources", "status": 429})
    assert api(sandbox, "GET", "/sources").status == 429
    assert api(sandbox, "GET", "/sources").status == 200


@pytest.mark.parametrize(("variant", "status"), [("public", "PUBLIC"), ("beta", "PUBLIC_BETA")])
def test_the_catalogue_says_what_the_seeds_say_of_trustpilot(
    sandbox: SandboxUnderTest, variant: str, status: str
) -> None:
    sandbox.control("PATCH", "/variants", {"destination_status": variant})
    [entry] = data_of(api(sandbox, "GET", "/catalog/destinations"))["destinationsCatalog"]
    one = data_of(api(sandbox, "GET", f"/catalog/destinations/{entry['id']}"))["destinationMetadata"]
    assert one == entry
    assert entry["status"] == status
    assert set(entry["supportedPlatforms"].values()) == {True}
    assert entry["options"][0]["description"].endswith("https://businessapp.b2b.trustpilot.com/#/ecommerce/segment")
    assert [contact["isPrimary"] for contact in entry["contacts"]] == [True]


def test_device_mode_is_refused(sandbox: SandboxUnderTest) -> None:
    [source] = data_of(api(sandbox, "GET", "/sources"))["sources"]
    settings = {"apiKey": "tpi-1", "connectionMode": "device"}
    body = {"sourceId": source["id"], "metadataId": "5c6e52858392d6000101d4c1", "settings": settings}
    answer = api(sandbox, "POST", "/destinations", body)
    assert answer.status == 422
    assert answer.hint == "settings.connectionMode: Trustpilot offers no device-mode connections; use cloud mode."
