"""Destination functions: the user's JavaScript, run by the Node of this machine as Segment runs it."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tpmock.outbound.function_runner import PACKAGES_VARIABLE
from tpmock.server.app import MockApp, MockSettings

from tests.support.doors import InProcess, Judge, OverSocket
from tests.support.sandboxes import SandboxUnderTest, an_order

CODE = """
async function onTrack(event, settings) {
  const { kind } = event.properties
  console.log('seen', kind)
  if (kind === 'unsupported') throw new EventNotSupported('not this one')
  if (kind === 'payload') throw new InvalidEventPayload('no e-mail')
  if (kind === 'settings') throw new ValidationError('no key')
  if (kind === 'retry') throw new RetryError('later')
  if (kind === 'defect') return nothingOfThatName
  if (kind === 'hangs') await new Promise(() => {})
  if (kind === 'loops') while (true) {}
  if (kind === 'abroad') await fetch('https://example.com/')
  if (kind === 'https') {
    const path = `/v1/business-units/find?name=${settings.domain}`
    const answer = await new Promise((done, failed) => {
      const headers = { apikey: settings.apiKey }
      https.get({ hostname: 'api.trustpilot.com', path, headers }, done).on('error', failed)
    })
    if (answer.statusCode !== 200) throw new InvalidEventPayload(String(answer.statusCode))
  }
  if (kind === 'trustpilot') {
    const answer = await fetch(`https://api.trustpilot.com/v1/business-units/find?name=${settings.domain}`,
      { headers: { apikey: settings.apiKey } })
    if (answer.status !== 200) throw new InvalidEventPayload(String(answer.status))
  }
}
"""
BATCHES = """
async function onBatch(events, settings) {
  if (events.length > 20) throw new Error('too many')
  return events.map((event) => ({ status: event.properties.status, errormessage: 'so it is' }))
}
"""


def connect(sandbox: SandboxUnderTest, code: str, **settings: Any) -> None:
    body = {"function": {"code": code, "settings": settings}}
    sandbox.control("PUT", "/segment/destinations/My Function (My Workspace)".replace(" ", "%20"), body)


def told(sandbox: SandboxUnderTest, **properties: Any) -> dict[str, Any]:
    sandbox.track(an_order(**properties))
    sandbox.settle()
    row: dict[str, Any] = sandbox.rows("segment/deliveries")[-1]
    return row


@pytest.mark.parametrize(
    ("kind", "state", "reason", "message"),
    [
        ("fine", "delivered", None, None),
        ("unsupported", "discarded", "errors.discarded.UNSUPPORTED_EVENT_TYPE", "not this one"),
        ("payload", "discarded", "errors.discarded.MESSAGE_REJECTED", "no e-mail"),
        ("settings", "discarded", "errors.discarded.INVALID_SETTINGS", "no key"),
        ("retry", "awaiting-retry", "errors.awaiting-retry.RETRY", "later"),
        ("defect", "discarded", "errors.discarded.BAD_REQUEST", "ReferenceError: nothingOfThatName is not defined"),
        ("hangs", "awaiting-retry", "errors.awaiting-retry.ETIMEDOUT", "The function took longer than 0.3 s."),
        ("loops", "awaiting-retry", "errors.awaiting-retry.ETIMEDOUT", "The function took longer than 0.3 s."),
    ],
)
def test_how_a_handler_ends_is_what_becomes_of_the_event(
    sandbox: SandboxUnderTest, kind: str, state: str, reason: str | None, message: str | None
) -> None:
    sandbox.control("PATCH", "/variants", {"delivery_timeout": "PT0.3S"})
    connect(sandbox, CODE)
    row = told(sandbox, kind=kind)
    assert (row["state"], row["reason"], row["attempts"][0]["message"]) == (state, reason, message)


def test_a_type_without_a_handler_is_not_supported(sandbox: SandboxUnderTest) -> None:
    connect(sandbox, CODE)
    sandbox.track({"userId": "u"}, "/v1/identify")
    sandbox.settle()
    [row] = sandbox.rows("segment/deliveries")
    assert row["reason"] == "errors.discarded.UNSUPPORTED_EVENT_TYPE"
    assert row["attempts"][0]["message"] == "The function has no onIdentify."


def test_fetch_reaches_this_machine_only(sandbox: SandboxUnderTest) -> None:
    connect(sandbox, CODE)
    row = told(sandbox, kind="abroad")
    assert row["state"] == "discarded"
    assert "this machine only, not example.com" in row["attempts"][0]["message"]


@pytest.mark.parametrize("kind", ["trustpilot", "https"])
def test_the_vendors_hosts_are_the_mock(kind: str) -> None:
    # Only over a socket can a function reach the mock.
    with closing(OverSocket()) as door:
        sandbox = SandboxUnderTest(door, Judge())
        connect(sandbox, CODE, apiKey=sandbox["apiKey"], domain=sandbox["domain"])
        assert told(sandbox, kind=kind)["state"] == "delivered"
        [entry] = sandbox.control("GET", "/journal?operation=findBusinessUnit")["journal"]
        assert entry["status"] == 200


def test_a_mock_takes_the_packages_of_the_named_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "node_modules" / "lodash"
    package.mkdir(parents=True)
    (package / "index.js").write_text("exports.get = (thing, name) => thing[name]", encoding="utf-8")
    monkeypatch.setenv(PACKAGES_VARIABLE, str(tmp_path))
    code = "function onTrack(event) { if (_.get(event.properties, 'order_id') !== '7') throw new Error('no') }"
    with closing(OverSocket()) as door:
        sandbox = SandboxUnderTest(door, Judge())
        connect(sandbox, code)
        assert told(sandbox, order_id="7")["state"] == "delivered"


def test_a_batch_has_an_outcome_for_each_event(sandbox: SandboxUnderTest) -> None:
    connect(sandbox, BATCHES)
    sandbox.control("POST", "/clock/freeze")
    for status in (200, 400, 429, 500):
        sandbox.track(an_order(status=status))
    sandbox.settle()
    assert {row["state"] for row in sandbox.rows("segment/deliveries")} == {"pending"}
    sandbox.advance("10s")
    rows = sandbox.rows("segment/deliveries")
    assert [row["state"] for row in rows] == ["delivered", "discarded", "awaiting-retry", "awaiting-retry"]
    assert rows[1]["reason"] == "errors.discarded.400"
    assert rows[1]["attempts"][0]["message"] == "so it is"


def test_a_full_batch_goes_at_once(sandbox: SandboxUnderTest) -> None:
    connect(sandbox, BATCHES)
    sandbox.control("POST", "/clock/freeze")
    batch = {"batch": [an_order(order_id=str(number), status=200) for number in range(45)]}
    sandbox.track(batch, "/v1/batch")
    sandbox.settle()
    states = [row["state"] for row in sandbox.rows("segment/deliveries")]
    assert (states.count("delivered"), states.count("pending")) == (40, 5)
    sandbox.advance("10s")
    assert {row["state"] for row in sandbox.rows("segment/deliveries")} == {"delivered"}


def test_what_is_gathered_survives_a_restore(sandbox: SandboxUnderTest) -> None:
    connect(sandbox, BATCHES)
    sandbox.control("POST", "/clock/freeze")
    sandbox.track(an_order(status=200))
    sandbox.settle()
    sandbox.control("PUT", "/snapshots/gathered")
    sandbox.control("POST", "/snapshots/gathered/restore")
    sandbox.advance("10s")
    assert [row["state"] for row in sandbox.rows("segment/deliveries")] == ["delivered"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("async function onTrack( {", "SyntaxError"),
        ("const x = 1", "has none of onTrack"),
        ("throw new Error('at once')", "at once"),
        ("require('fs')", "require is not defined"),
    ],
)
def test_code_that_cannot_work_is_refused_at_once(sandbox: SandboxUnderTest, code: str, words: str) -> None:
    path = f"/_mock/sandboxes/{sandbox.id}/segment/destinations/F"
    answer = sandbox.call("PUT", path, data={"function": {"code": code}})
    assert answer.status == 400
    assert words in answer.json["detail"]


def test_without_node_it_says_so() -> None:
    with closing(InProcess(MockApp(MockSettings(node=None, allow_functions=True)))) as door:
        sandbox = SandboxUnderTest(door, Judge())
        path = f"/_mock/sandboxes/{sandbox.id}/segment/destinations/F"
        answer = sandbox.call("PUT", path, data={"function": {"code": "function onTrack() {}"}})
    assert answer.status == 400
    assert "Install Node" in answer.json["detail"]


def test_functions_are_refused_unless_they_are_allowed() -> None:
    with closing(InProcess(MockApp(MockSettings()))) as door:
        sandbox = SandboxUnderTest(door, Judge())
        path = f"/_mock/sandboxes/{sandbox.id}/segment/destinations/F"
        answer = sandbox.call("PUT", path, data={"function": {"code": "function onTrack() {}"}})
        assert answer.status == 400
        assert "--allow-functions" in answer.json["detail"]
        assert "F" not in [one["name"] for one in sandbox.rows("segment/destinations")]


def test_a_function_of_a_state_file_does_not_run_where_functions_are_not_allowed(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with closing(InProcess(MockApp(MockSettings(state=state, allow_functions=True)))) as door:
        sandbox = SandboxUnderTest(door, Judge())
        connect(sandbox, CODE)
    with closing(InProcess(MockApp(MockSettings(state=state)))) as door:
        order = {"userId": "u", **an_order()}
        headers = {"Authorization": f"Basic {b64encode((sandbox['writeKey'] + ':').encode()).decode()}"}
        door.send("POST", "/v1/track", {**headers, "Content-Type": "application/json"}, json.dumps(order).encode())
        base = f"/_mock/sandboxes/{sandbox.id}"
        door.send("POST", f"{base}/settle", {"Content-Type": "application/json"}, b"{}")
        rows = json.loads(door.send("GET", f"{base}/segment/deliveries", {}, b"").body)["deliveries"]
    [row] = [one for one in rows if one["destination"].startswith("My Function")]
    assert (row["state"], row["reason"]) == ("discarded", "errors.discarded.FUNCTION_NOT_ALLOWED")
    assert "--allow-functions" in row["attempts"][0]["message"]
