"""``tpmock event trigger`` against a running mock: every event has an effect that can be seen."""

from __future__ import annotations

import json
from functools import partial

import pytest
import yaml
from tpmock import spec
from tpmock.common import package_data

from tests.mock.commands.conftest import Run
from tests.support.sandboxes import SandboxUnderTest

SAMPLES = yaml.safe_load(package_data.path("texts", "sample-events.yaml").read_bytes())
CAUSED = yaml.safe_load(package_data.path("texts", "triggers.yaml").read_bytes())
WEBHOOKS = [name for name, row in CAUSED.items() if row.get("webhook")]


@pytest.fixture
def trigger(run: Run) -> Run:
    return partial(run, "event", "trigger")


def segment_events(sandbox: SandboxUnderTest) -> list[str]:
    """What came in at Segment, oldest first: the event of a track call, the type of another."""
    rows = sorted(sandbox.rows("segment/events"), key=lambda row: int(row["id"]))
    return [row["event"] or row["type"] for row in rows]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_event_reaches_segment(trigger: Run, sandbox: SandboxUnderTest, name: str) -> None:
    done = trigger(name)
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"Triggered {name}: ")
    assert segment_events(sandbox) == [SAMPLES[name].get("event", SAMPLES[name]["type"])]


def test_an_order_has_a_number_of_its_own_each_time(trigger: Run) -> None:
    said = [trigger("order").output for _ in range(2)]
    assert [line.split()[2:4] for line in said] == [["order", "order-1;"], ["order", "order-2;"]]
    assert "'tpmock trace order-1'" in said[0]


@pytest.mark.parametrize("name", [name for name in CAUSED if name not in WEBHOOKS])
def test_engage_tells_segment(trigger: Run, sandbox: SandboxUnderTest, name: str) -> None:
    assert trigger(name).output == f"Triggered {name}: 1 event reached Segment.\n"
    assert segment_events(sandbox) == ["identify"]


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_webhook_is_posted_to_its_subscribers(trigger: Run, sandbox: SandboxUnderTest, name: str) -> None:
    unheard = trigger(name)
    assert unheard.exit_code == 0, unheard.output
    assert "no webhook: subscribe first with 'tpmock webhook add URL'" in unheard.output
    sandbox.control("POST", "/webhook-subscriptions", {"event": name, "url": "http://127.0.0.1:9/"})
    done = trigger(name)
    assert done.output.endswith("; 'tpmock webhook list' shows what was posted.\n")
    assert [row["event"] for row in sandbox.rows("webhooks")] == [name]


def test_every_webhook_of_trustpilot_can_be_triggered() -> None:
    [schema] = spec.load("control").operations["createWebhookSubscription"].body.values()
    assert schema.document["properties"]["event"]["enum"] == WEBHOOKS


def test_every_call_of_the_tracking_api_can_be_triggered() -> None:
    calls = {operation.id for operation in spec.load("segment-tracking").operations.values()}
    assert {"track", "identify", "page", "screen", "group", "alias"} <= calls
    assert {row["type"] for row in SAMPLES.values()} == {"track", "identify", "page", "screen", "group", "alias"}


def test_all_are_listed(trigger: Run) -> None:
    lines = trigger("--list").output.splitlines()
    assert [line.split()[0] for line in lines] == ["event", *SAMPLES, *CAUSED]
    kinds = json.loads(trigger("--list", "--json").output)["kinds"]
    assert kinds[0] == {"event": "order", "sends": "track call to Segment"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["service-review-create"], "Did you mean 'service-review-created'?"),
        (["zzz"], "There are order, "),
        ([], "Give the NAME of an event; --list shows all."),
    ],
)
def test_a_wrong_name_is_reported(trigger: Run, words: list[str], said: str) -> None:
    done = trigger(*words)
    assert done.exit_code == 2
    assert said in done.output
