"""Orders under a shop's Integration Key: by plugins, by pages, and by Segment's own destination."""

from __future__ import annotations

import re
from contextlib import closing
from typing import Any

import pytest
from tpmock.sandbox import world_file
from tpmock.sandbox.world_file import WorldFile
from tpmock.server.app import MockApp, MockSettings

from tests.support.doors import Answer, InProcess, Judge
from tests.support.invited import answer_page, path_of, private
from tests.support.sandboxes import SandboxUnderTest, an_order

SHOP = {"Origin": "https://shop.example.com/"}
PRODUCT = {"sku": "ABC-1234", "name": "Metal Toy Car", "productUrl": "https://shop.example.com/car", "gtin": ""}


def a_shop_order(**changes: Any) -> dict[str, Any]:
    """What the script in a page sends, with changes; None leaves out."""
    order = {
        "recipientEmail": "ada@example.com",
        "recipientName": "Ada Example",
        "referenceId": "1001",
        "source": "InvitationScript",
        **changes,
    }
    return {name: value for name, value in order.items() if value is not None}


def send(sandbox: SandboxUnderTest, body: Any, path: str = "invitation", key: str | None = None) -> Answer:
    return sandbox.call("POST", f"/api/{key or sandbox['integrationKey']}/{path}", data=body, headers=SHOP)


def vary(sandbox: SandboxUnderTest, **variants: str) -> None:
    sandbox.control("PATCH", "/variants", variants)


def test_an_order_becomes_an_ordinary_invitation_and_a_review(sandbox: SandboxUnderTest) -> None:
    answer = send(sandbox, a_shop_order())
    assert (answer.status, answer.json) == (201, [])
    assert "Queued until" in answer.hint
    [queued] = sandbox.rows("invitations")
    told = {name: queued[name] for name in ("referenceNumber", "consumerName", "consumerEmail", "source", "state")}
    assert told == {
        "referenceNumber": "1001",
        "consumerName": "Ada Example",
        "consumerEmail": "ada@example.com",
        "source": "InvitationScript",
        "state": "queued",
    }
    assert queued["businessUnitId"] == sandbox["businessUnitId"]
    sandbox.advance("1h")
    [mail] = sandbox.rows("invitations")
    assert mail["state"] == "delivered"
    assert answer_page(sandbox, path_of(mail)).status in (200, 302)
    assert sandbox.rows("reviews")[-1]["referenceId"] == "1001"


def test_a_call_and_its_invitation_are_one_trace(sandbox: SandboxUnderTest) -> None:
    send(sandbox, a_shop_order())
    [mail] = sandbox.rows("invitations")
    [entry] = sandbox.control("GET", "/journal?operation=sendShopOrder")["journal"]
    assert entry["trace"] == mail["trace"] is not None
    assert sandbox["integrationKey"] not in entry["url"]


def test_each_sandbox_is_found_by_its_own_key(sandbox: SandboxUnderTest) -> None:
    other = sandbox.call("POST", "/_mock/sandboxes", data={}).json
    send(sandbox, a_shop_order(), key=other["credentials"]["integrationKey"])
    assert sandbox.rows("invitations") == []
    listed = sandbox.call("GET", f"/_mock/sandboxes/{other['id']}/invitations").json
    assert listed["total"] == 1


def test_a_key_of_no_unit_is_404_with_a_hint(sandbox: SandboxUnderTest) -> None:
    answer = send(sandbox, a_shop_order(), key="oT7mQx2LkV9sBnR5")
    assert answer.status == 404
    # Without a sandbox's key the default sandbox answers.
    assert "oT7mQx2LkV9sBnR4 is that of trustpilotdemo.com" in answer.hint


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recipientEmail": None}, "recipientEmail"),
        ({"recipientEmail": "nobody"}, "recipientEmail"),
        ({"referenceId": None}, "referenceId"),
        ({"referenceId": ""}, "referenceId"),
        ({"products": {"sku": "a"}}, "products"),
        ({"payloadType": "Other"}, "payloadType"),
    ],
)
def test_an_order_that_cannot_be_read_is_refused(sandbox: SandboxUnderTest, changes: dict[str, Any], said: str) -> None:
    answer = send(sandbox, a_shop_order(**changes))
    assert answer.status == 400
    assert said in answer.hint
    assert sandbox.rows("invitations") == []


@pytest.mark.parametrize("number", [1001, "1001"])
def test_an_order_number_may_be_a_number(sandbox: SandboxUnderTest, number: object) -> None:
    assert send(sandbox, a_shop_order(referenceId=number)).status == 201
    assert sandbox.rows("invitations")[0]["referenceNumber"] == "1001"


@pytest.mark.parametrize(
    "body",
    [
        a_shop_order(payloadType="OrderStatusUpdate"),
        {"error": {"message": "no order"}},
        {"payloadType": "OrderStatusUpdate"},
    ],
)
def test_a_change_of_status_and_an_error_invite_nobody(sandbox: SandboxUnderTest, body: dict[str, Any]) -> None:
    answer = send(sandbox, body)
    assert (answer.status, answer.json) == (201, [])
    assert "no invitation was created" in answer.hint
    assert sandbox.rows("invitations") == []


def test_a_plugin_sends_again_with_products_after_202(sandbox: SandboxUnderTest) -> None:
    vary(sandbox, script_product_reviews="on")
    first = send(sandbox, a_shop_order())
    assert (first.status, sandbox.rows("invitations")) == (202, [])
    assert "products" in first.hint
    assert send(sandbox, a_shop_order(products=[PRODUCT], productSkus=["ABC-1234"])).status == 201
    service, product = sandbox.rows("invitations")
    assert (service["type"], product["type"]) == ("service", "product")
    assert product["productReviewInvitation"] == {"products": [PRODUCT]}


def test_products_nobody_asks_about_are_reported(sandbox: SandboxUnderTest) -> None:
    answer = send(sandbox, a_shop_order(products=[PRODUCT]))
    assert answer.status == 201
    assert "script_product_reviews" in answer.hint
    assert [mail["type"] for mail in sandbox.rows("invitations")] == ["service"]


@pytest.mark.parametrize("status", ["251", "252", "253"])
@pytest.mark.parametrize("path", ["invitation", "batchinvitations", "settings"])
def test_a_blocked_plugin_gets_its_domain_back(sandbox: SandboxUnderTest, status: str, path: str) -> None:
    vary(sandbox, script_blocked=status)
    body = {"invitations": [a_shop_order()]} if path == "batchinvitations" else a_shop_order()
    answer = send(sandbox, body, path)
    assert (answer.status, answer.json) == (int(status), ["shop.example.com"])
    assert sandbox.rows("invitations") == []


def test_a_batch_is_taken_but_for_the_orders_in_the_answer(sandbox: SandboxUnderTest) -> None:
    orders = [a_shop_order(referenceId=name) for name in ("a", "b")]
    bad = [a_shop_order(referenceId="c", recipientEmail="nobody"), {"referenceId": 7}]
    answer = send(sandbox, {"invitations": [*orders, *bad], "type": "WITHOUT_PRODUCT_DATA"}, "batchinvitations")
    assert answer.status == 201
    assert [refused["referenceId"] for refused in answer.json] == ["c", "7"]
    assert "recipientEmail" in answer.json[0]["error"]
    mails = sandbox.rows("invitations")
    assert [mail["referenceNumber"] for mail in mails] == ["a", "b"]
    for mail in mails:
        steps = sandbox.control("GET", f"/traces/{mail['trace']}")
        assert "sendShopOrders" in str(steps)


def test_a_batch_without_products_is_taken_as_a_whole_or_not_at_all(sandbox: SandboxUnderTest) -> None:
    vary(sandbox, script_product_reviews="on")
    orders = [a_shop_order(products=[PRODUCT]), a_shop_order(referenceId="b")]
    assert send(sandbox, {"invitations": orders}, "batchinvitations").status == 202
    assert sandbox.rows("invitations") == []


def test_what_plugins_tell_besides_is_taken(sandbox: SandboxUnderTest) -> None:
    assert send(sandbox, {"source": "Magento2", "0": {"general": {}}}, "settings").json == {}
    assert sandbox.call("POST", "/api/log", data={"message": "broken"}).json == {}
    assert send(sandbox, {}, "settings", key="nothing").status == 404


def test_the_interface_has_a_host_of_its_own(sandbox: SandboxUnderTest) -> None:
    path = f"/api/{sandbox['integrationKey']}/invitation"
    for host, status in (
        ("invitejs.trustpilot.com", 201),
        ("invitejs.trustpilot.localhost:8080", 201),
        ("api.trustpilot.com", 404),
    ):
        assert sandbox.call("POST", path, data=a_shop_order(), headers={"Host": host}).status == status


def test_faults_hit_orders_of_plugins_too(sandbox: SandboxUnderTest) -> None:
    sandbox.control("POST", "/faults", {"fault": "sendShopOrder 429"})
    assert [send(sandbox, a_shop_order()).status for _ in range(2)] == [429, 201]
    assert send(sandbox, a_shop_order(recipientEmail="fault-429@example.com")).status == 429


def keys_of(sandbox: SandboxUnderTest, sandbox_id: str = "") -> dict[str, str | None]:
    rows = sandbox.call("GET", f"/_mock/sandboxes/{sandbox_id or sandbox.id}/business-units").json["business-units"]
    return {unit["id"]: unit["integrationKey"] for unit in rows}


SECOND, UNCLAIMED = "5a0000000000000000000005", "5a0000000000000000000004"


def test_each_claimed_unit_has_a_key_of_its_own(sandbox: SandboxUnderTest) -> None:
    keys = keys_of(sandbox)
    assert keys.pop(sandbox["businessUnitId"]) == sandbox["integrationKey"]
    assert keys.pop(UNCLAIMED) is None
    assert all(key is not None and re.fullmatch("[A-Za-z0-9]{16}", key) for key in keys.values())
    assert len(set(keys.values())) == len(keys) == 4


def test_an_order_under_the_key_of_a_second_unit_invites_for_that_unit(sandbox: SandboxUnderTest) -> None:
    assert send(sandbox, a_shop_order(), key=keys_of(sandbox)[SECOND]).status == 201
    assert [row["businessUnitId"] for row in sandbox.rows("invitations")] == [SECOND]


def test_no_two_sandboxes_share_a_key(sandbox: SandboxUnderTest) -> None:
    other = sandbox.call("POST", "/_mock/sandboxes", data={"seed": 1}).json["id"]
    again = sandbox.call("POST", "/_mock/sandboxes", data={"seed": 1}).json["id"]
    keys = [key for one in (sandbox.id, other, again) for key in keys_of(sandbox, one).values() if key is not None]
    assert len(keys) == len(set(keys)) == 15


def test_keys_stay_when_a_sandbox_is_reset_or_restored(sandbox: SandboxUnderTest) -> None:
    keys = keys_of(sandbox)
    sandbox.control("PUT", "/snapshots/kept")
    sandbox.control("POST", "/reset")
    assert keys_of(sandbox) == keys
    sandbox.control("POST", "/snapshots/kept/restore")
    assert keys_of(sandbox) == keys
    assert send(sandbox, a_shop_order(), key=keys[SECOND]).status == 201


def test_a_world_file_names_the_keys_of_its_units() -> None:
    shipped = world_file.default()
    units = [
        {**unit, "integration_key": "${second}" if unit["id"] == SECOND else None}
        for unit in shipped.content["business_units"]
    ]
    world = WorldFile(
        {**shipped.own, "second": "shopTwoKey000000"}, shipped.shared, {**shipped.content, "business_units": units}
    )
    with closing(InProcess(MockApp(MockSettings(worlds={"default": world})))) as door:
        default = SandboxUnderTest(door, Judge(), sandbox_id="default")
        keys = keys_of(default)
        assert (keys[SECOND], keys[default["businessUnitId"]]) == ("shopTwoKey000000", default["integrationKey"])
        assert send(default, a_shop_order(), key="shopTwoKey000000").status == 201
        assert [row["businessUnitId"] for row in default.rows("invitations")] == [SECOND]


# --- browsers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/key/invitation", "POST"),
        ("/v1/business-units/find", "GET"),
        ("/v1/private/business-units/507f191e810c19729de860ea/invitation-links", "POST"),
    ],
)
def test_a_browser_may_ask_before_it_calls_trustpilot(sandbox: SandboxUnderTest, path: str, method: str) -> None:
    asked = {"Origin": "https://shop.example.com", "Access-Control-Request-Method": method}
    answer = sandbox.call("OPTIONS", path, headers=asked)
    assert (answer.status, answer.body) == (200, b"")
    told = answer.headers
    assert told["Access-Control-Allow-Origin"] == "*"
    assert told["Access-Control-Allow-Methods"] == "GET, DELETE, POST, PUT, PATCH"
    assert {"Authorization", "ApiKey", "Content-Type"} <= set(told["Access-Control-Allow-Headers"].split(", "))
    assert told["Access-Control-Max-Age"] == "3628800"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/business-units/find?name=trustpilotdemo.com", 200), ("/v1/categories", 401), ("/v1/x", 404)],
)
def test_pages_read_answers_refusals_and_hints_of_trustpilot(sandbox: SandboxUnderTest, path: str, status: int) -> None:
    key = {"apikey": sandbox["apiKey"]} if status == 200 else {}
    answer = sandbox.call("GET", path, headers={"Origin": "https://shop.example.com", **key})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
    assert "X-Mock-Hint" in answer.headers["Access-Control-Expose-Headers"]


def test_pages_for_people_are_open_to_no_other_page(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call("GET", "/evaluate-link/nothing")
    assert answer.status == 404
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_answer_with_a_link_has_the_recorded_headers(sandbox: SandboxUnderTest) -> None:
    answer = private(sandbox, "POST", "invitation-links", {"email": "ada@example.com", "name": "Ada"})
    told = answer.headers
    assert told["Content-Type"] == "application/json; charset=utf-8"
    assert (told["Cache-Control"], told["Vary"], told["X-Robots-Tag"]) == ("no-cache", "Authorization", "noindex")
    assert told["Access-Control-Allow-Methods"] == "GET, DELETE, POST, PUT, PATCH"
    assert "observed; TPRUBY" in answer.headers["X-Mock-Evidence"]


# --- Segment ----------------------------------------------------------------------------------------------------------


def connect_by_key(sandbox: SandboxUnderTest, key: str | None = None) -> Any:
    settings = {"settings": {"apiKey": key or sandbox["integrationKey"]}}
    return sandbox.control("PUT", "/segment/destinations/Trustpilot", settings)


def the_delivery(sandbox: SandboxUnderTest) -> dict[str, Any]:
    sandbox.settle()
    return sandbox.rows("segment/deliveries")[-1]


def test_the_key_entered_as_api_key_is_enough_for_an_invitation(sandbox: SandboxUnderTest) -> None:
    connect_by_key(sandbox)
    sandbox.track(an_order(order_id="50314b", email="ada@example.com", name="Ada", surname="Example"))
    assert the_delivery(sandbox)["state"] == "delivered"
    [mail] = sandbox.rows("invitations")
    told = {name: mail[name] for name in ("referenceNumber", "consumerEmail", "consumerName", "source")}
    assert told == {
        "referenceNumber": "50314b",
        "consumerEmail": "ada@example.com",
        "consumerName": "Ada Example",
        "source": "Segment",
    }
    [event] = sandbox.rows("segment/events")
    assert event["trace"] == mail["trace"]
    directions = [entry["direction"] for entry in sandbox.control("GET", f"/journal?trace={mail['trace']}")["journal"]]
    assert sorted(directions) == ["in", "in", "out"]


def test_products_of_an_event_are_asked_about_where_the_shop_wants_that(sandbox: SandboxUnderTest) -> None:
    vary(sandbox, script_product_reviews="on")
    connect_by_key(sandbox)
    products = [
        {"sku": "45790-32", "name": "Monopoly", "url": "https://a.test", "image_url": "https://b.test", "price": 19}
    ]
    sandbox.track(an_order(products=[*products, "rubbish"]))
    sandbox.settle()
    asked = sandbox.rows("invitations")[-1]["productReviewInvitation"]["products"]
    assert asked == [
        {"sku": "45790-32", "name": "Monopoly", "productUrl": "https://a.test", "imageUrl": "https://b.test"}
    ]


@pytest.mark.parametrize("event", ["Order Refunded", "order completed"])
def test_only_order_completed_goes_to_the_interface(sandbox: SandboxUnderTest, event: str) -> None:
    connect_by_key(sandbox)
    sandbox.track({**an_order(), "event": event})
    delivery = the_delivery(sandbox)
    assert (delivery["state"], delivery["reason"]) == ("filtered", "UNSUPPORTED_EVENT_TYPE")


@pytest.mark.parametrize(("missing", "key"), [("email", None), ("order_id", None), (None, "not-a-key-of-any-unit")])
def test_an_order_that_the_interface_refuses_is_discarded(
    sandbox: SandboxUnderTest, missing: str | None, key: str | None
) -> None:
    connect_by_key(sandbox, key)
    order = an_order()
    order["properties"].pop(missing, None)
    sandbox.track(order)
    delivery = the_delivery(sandbox)
    assert (delivery["state"], delivery["attempts"][0]["status"]) == ("discarded", 404 if key else 400)
    assert sandbox.rows("invitations") == []


@pytest.mark.parametrize(("fault", "error"), [("sendShopOrder cut", "ECONNRESET"), ("deliver refused", "ECONNREFUSED")])
def test_a_broken_connection_to_the_interface_is_tried_again(sandbox: SandboxUnderTest, fault: str, error: str) -> None:
    connect_by_key(sandbox)
    sandbox.control("POST", "/faults", {"fault": fault})
    sandbox.track(an_order())
    waiting = the_delivery(sandbox)
    assert (waiting["state"], waiting["attempts"][0]["error"]) == ("awaiting-retry", error)
    sandbox.advance("1h")
    assert the_delivery(sandbox)["state"] == "delivered"
    assert len(sandbox.rows("invitations")) == 1


def test_an_address_of_its_own_wins_over_the_key(sandbox: SandboxUnderTest) -> None:
    connect_by_key(sandbox)
    sandbox.control("PUT", "/segment/endpoints/Trustpilot", {"url": "http://127.0.0.1:9/"})
    sandbox.track(an_order())
    assert the_delivery(sandbox)["attempts"][0]["error"] == "ECONNREFUSED"


def test_a_destination_of_another_name_needs_an_address(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.call(
        "PUT", f"/_mock/sandboxes/{sandbox.id}/segment/destinations/Mine", data={"settings": {"apiKey": "k"}}
    )
    assert answer.status == 400
    assert "has no address of Mine" in answer.json["detail"]
