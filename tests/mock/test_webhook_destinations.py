"""Webhooks destinations: the event as it is, signed, to up to five addresses of which one is enough."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from tpmock.segment.webhooks import signature

from tests.support.programs import NODE
from tests.support.sandboxes import SandboxUnderTest, an_order
from tests.support.stub_destination import Say, StubDestination


@pytest.fixture
def second() -> Iterator[StubDestination]:
    with StubDestination() as stub:
        yield stub


def hook(sandbox: SandboxUnderTest, url: str, **options: Any) -> None:
    sandbox.control("PUT", "/segment/destinations/Webhooks", {"url": url, "webhook": options})


def test_the_event_comes_as_it_is_with_the_users_headers(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    hook(sandbox, destination.url, headers={"X-Shop": "mine"})
    for kind in ("track", "identify", "page", "screen", "group", "alias"):
        sandbox.track({"userId": "u", "event": "E", "previousId": "v"}, f"/v1/{kind}")
    sandbox.settle()
    assert {entry.event["type"] for entry in destination.received} == {
        "track",
        "identify",
        "page",
        "screen",
        "group",
        "alias",
    }
    headers = destination.received[0].headers
    assert (headers["User-Agent"], headers["Content-Type"], headers["X-Shop"]) == (
        "Segment.io/1.0",
        "application/json",
        "mine",
    )
    assert "Authorization" not in headers
    assert "X-Signature" not in headers


def test_the_signature_fits_the_body_as_javascript_writes_it(
    sandbox: SandboxUnderTest, destination: StubDestination
) -> None:
    hook(sandbox, destination.url, secret="between-us")
    sandbox.track(an_order(total=25.0, discount=2.5, name="Zoë 🌱", odd="\ud800"))
    sandbox.settle()
    [received] = destination.received
    script = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8'))))"
    written = subprocess.run(  # noqa: S603 - our own words
        [NODE, "-e", script],
        input=json.dumps(received.event).encode(),
        capture_output=True,
        check=True,
        timeout=20,
    ).stdout
    wanted = hmac.new(b"between-us", written, hashlib.sha1).hexdigest()
    assert received.headers["X-Signature"] == wanted
    assert signature("between-us", written) == wanted


def test_one_success_among_several_is_enough(
    sandbox: SandboxUnderTest, destination: StubDestination, second: StubDestination
) -> None:
    destination.say = [Say(500)]
    hook(sandbox, destination.url, urls=[second.url])
    sandbox.track(an_order())
    sandbox.advance("4h")
    [row] = sandbox.rows("segment/deliveries")
    assert (row["state"], row["reason"]) == ("delivered", None)
    assert [(attempt["status"], attempt["url"]) for attempt in row["attempts"]] == [
        (500, destination.url),
        (200, second.url),
    ]
    assert len(destination.received) == 1


def test_without_any_success_all_are_tried_again(
    sandbox: SandboxUnderTest, destination: StubDestination, second: StubDestination
) -> None:
    destination.say = [Say(400)]
    second.say = [Say(503), Say(200)]
    hook(sandbox, destination.url, urls=[second.url])
    sandbox.track(an_order())
    sandbox.settle()
    [row] = sandbox.rows("segment/deliveries")
    assert (row["state"], row["reason"]) == ("awaiting-retry", "errors.awaiting-retry.503")
    sandbox.advance("10m")
    [row] = sandbox.rows("segment/deliveries")
    assert (row["state"], len(destination.received), len(second.received)) == ("delivered", 2, 2)


def test_what_is_shown_of_it_holds_no_secret(sandbox: SandboxUnderTest, destination: StubDestination) -> None:
    hook(sandbox, destination.url, secret="between-us", headers={"X-Token": "hidden-value"})
    shown = json.dumps(sandbox.rows("segment/destinations"))
    assert "between-us" not in shown
    assert "hidden-value" not in shown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "http://127.0.0.1:1/", "webhook": {"urls": ["http://127.0.0.1:1/"] * 5}}, "webhook.urls"),
        ({"url": "http://127.0.0.1:1/", "webhook": {"headers": {"X": "a\r\nY: b"}}}, "webhook.headers"),
        ({"url": "http://127.0.0.1:1/", "webhook": {"urls": ["http://:1/"]}}, "not a usable address"),
        ({"webhook": {}}, "url"),
    ],
)
def test_what_cannot_work_is_refused(sandbox: SandboxUnderTest, changes: dict[str, Any], words: str) -> None:
    answer = sandbox.call("PUT", f"/_mock/sandboxes/{sandbox.id}/segment/destinations/W", data=changes)
    assert answer.status == 400
    assert words in answer.json["detail"]
