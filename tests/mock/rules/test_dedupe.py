"""Duplicates by message id, and what else stops a message: at Segment's edge and before a destination."""

from __future__ import annotations

from typing import Any, Final

import pytest
from tpmock.sandbox.sandbox import Sandbox
from tpmock.segment import delivery, ingest_checks
from tpmock.segment.model import Delivery, Destination, Event, Source
from tpmock.segment.workspace import Workspace

DAY: Final = 86_400.0


def message(message_id: str = "m-1", **changes: Any) -> dict[str, Any]:
    said = {
        "type": "track",
        "event": "Order Completed",
        "userId": "customer-1",
        "messageId": message_id,
        "context": {},
        "integrations": {},
    }
    return {**said, **changes}


def dropped(workspace: Workspace, message_id: str = "m-1", source: Source | None = None, **changes: Any) -> str | None:
    source = source or next(iter(workspace.sources.values()))
    return ingest_checks.drop_reason(workspace, source, message(message_id, **changes))


def another(workspace: Workspace) -> Source:
    source = Source(id="another", name="Another", slug="another", write_keys=["k" * 32], enabled=True)
    workspace.add_source(source)
    return source


# --- the window -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "after", "reason"),
    [
        ("P1D", 0.0, "duplicate"),
        ("P1D", DAY - 0.001, "duplicate"),
        ("P1D", DAY, None),
        ("P1D", DAY + 0.001, None),
        ("P170D", 170 * DAY - 0.001, "duplicate"),
        ("P170D", 170 * DAY, None),
    ],
)
def test_how_long_an_id_is_remembered(universe: Sandbox, window: str, after: float, reason: str | None) -> None:
    universe.variants["dedupe_window"] = window
    assert dropped(universe.workspace) is None
    universe.clock.move_to(universe.clock.now() + after)
    assert dropped(universe.workspace) == reason


def test_only_the_id_counts_never_the_content(workspace: Workspace) -> None:
    assert dropped(workspace, "m-1") is None
    assert dropped(workspace, "m-2") is None
    assert dropped(workspace, "M-1") is None
    assert dropped(workspace, "m-1", event="Something Else", userId="customer-2") == "duplicate"


@pytest.mark.parametrize(("scope", "reason"), [("source", None), ("everywhere", "duplicate")])
def test_whether_two_sources_share_ids(universe: Sandbox, scope: str, reason: str | None) -> None:
    universe.variants["dedupe_scope"] = scope
    assert dropped(universe.workspace) is None
    assert dropped(universe.workspace, source=another(universe.workspace)) == reason
    assert dropped(universe.workspace) == "duplicate"


def test_an_invalid_message_is_not_remembered(workspace: Workspace) -> None:
    assert dropped(workspace, userId=7) == "id_not_string"
    assert dropped(workspace) is None


def test_a_message_of_a_source_that_is_off_is_not_remembered(workspace: Workspace) -> None:
    source = next(iter(workspace.sources.values()))
    source.enabled = False
    assert dropped(workspace) == "source_disabled"
    source.enabled = True
    assert dropped(workspace) is None


@pytest.mark.parametrize(
    ("everywhere", "here", "reason"),
    [(["customer-1"], [], "suppressed"), ([], ["customer-1"], "suppressed"), (["customer-10"], ["customer"], None)],
)
def test_a_suppressed_user_is_dropped_by_the_whole_id(
    workspace: Workspace, everywhere: list[str], here: list[str], reason: str | None
) -> None:
    source = next(iter(workspace.sources.values()))
    workspace.suppressed |= dict.fromkeys(everywhere, 0.0)
    workspace.suppressed_at[source.id] = dict.fromkeys(here, 0.0)
    assert dropped(workspace) == reason
    assert dropped(workspace, "m-2", source=another(workspace)) == (reason if everywhere else None)


# --- one message ------------------------------------------------------------------------------------------------------

LONGEST: Final = "m" * 100
CONSENT: Final = "Segment Consent Preference Updated"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"messageId": LONGEST}, None),
        ({"messageId": LONGEST + "m"}, "bad_request"),
        ({"type": None}, "missing_type"),
        ({"type": ""}, "missing_type"),
        ({"type": "purchase"}, "invalid_type"),
        ({"type": 7}, "invalid_type"),
        ({"userId": ""}, "id_not_string"),
        ({"userId": 7}, "id_not_string"),
        ({"anonymousId": 7}, "id_not_string"),
        ({"anonymousId": "a"}, None),
        ({"properties": {}}, None),
        ({"properties": None}, None),
        ({"properties": []}, "properties_not_object"),
        ({"traits": "x"}, "traits_not_object"),
        ({"event": None}, "event_not_defined"),
        ({"event": ""}, "event_not_defined"),
        ({"event": 7}, "event_not_string"),
        ({"type": "identify", "event": None}, None),
        ({"type": "page", "event": None, "name": "Home"}, None),
        ({"type": "page", "event": None, "name": None}, None),
        ({"type": "page", "event": None, "name": ""}, "name_not_string"),
        ({"type": "page", "event": None, "name": 7}, "name_not_string"),
        ({"type": "screen", "event": None, "category": 7}, "category_not_string"),
        ({"type": "screen", "event": None, "category": "A"}, None),
        ({"name": 7}, None),
        # Several mistakes: the first check tells.
        ({"messageId": LONGEST + "m", "userId": 7}, "bad_request"),
        ({"userId": 7, "properties": []}, "id_not_string"),
        ({"properties": [], "event": None}, "properties_not_object"),
    ],
)
def test_what_is_wrong_with_a_message(changes: dict[str, Any], reason: str | None) -> None:
    assert ingest_checks.flaw(message(**changes)) == reason


def test_a_message_names_a_user_or_an_anonymous_id() -> None:
    said = message()
    del said["userId"]
    assert ingest_checks.flaw(said) == "no_user_anon_id"
    assert ingest_checks.flaw({**said, "anonymousId": "a"}) is None


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        ({"consent": {"categoryPreferences": {"A": True, "B": False}}}, None),
        ({"consent": {"categoryPreferences": {}}}, None),
        ({}, "consent_categorypreferences_should_exist"),
        ({"consent": 7}, "consent_categorypreferences_should_exist"),
        ({"consent": {"categoryPreferences": []}}, "consent_categorypreferences_fields_should_be_object"),
        ({"consent": {"categoryPreferences": {"A": 1}}}, "consent_categorypreferences_fields_should_be_bool"),
        ({"consent": {"categoryPreferences": {}, "version": 2}}, None),
        ({"consent": {"categoryPreferences": {}, "version": 2.5}}, None),
        ({"consent": {"categoryPreferences": {}, "version": True}}, "consent_version_should_be_number"),
        ({"consent": {"categoryPreferences": {}, "version": "2"}}, "consent_version_should_be_number"),
        ({"consent": {"categoryPreferences": {}}, "device": {"advertisingId": "x"}}, None),
        ({"consent": {"categoryPreferences": {}}, "device": {"advertisingId": 7}},
         "device_advertisingid_should_be_string"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_consent_message(context: dict[str, Any], reason: str | None) -> None:
    assert ingest_checks.flaw(message(event=CONSENT, context=context)) == reason
    assert ingest_checks.flaw(message(event="Order Completed", context=context)) is None
    assert ingest_checks.flaw(message(type="identify", event=CONSENT, context=context)) is None


# --- one destination --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("integrations", "enabled"),
    [
        ({}, True),
        ({"All": True}, True),
        ({"All": False}, False),
        ({"all": False}, False),
        ({"ALL": False}, False),
        ({"All": {}}, True),
        ({"Trustpilot": True}, True),
        ({"Trustpilot": False}, False),
        # An object holds options, empty or not: it counts as true.
        ({"Trustpilot": {}}, True),
        ({"All": False, "Trustpilot": {}}, True),
        ({"All": False, "Trustpilot": {"option": 1}}, True),
        ({"All": True, "Trustpilot": False}, False),
        # Names of destinations are case-sensitive.
        ({"trustpilot": False}, True),
        ({"All": False, "trustpilot": True}, False),
        ({"Other": False}, True),
    ],
)
def test_the_integrations_object_decides(workspace: Workspace, integrations: dict[str, Any], *, enabled: bool) -> None:
    event = Event(1, message(integrations=integrations), "Shop", 0.0, "trace")
    destination = Destination(
        name="Trustpilot", url="http://127.0.0.1:9", settings={}, enabled=True, id="d", integration="Trustpilot"
    )
    reason = delivery.filtered(workspace, Delivery(2, event, destination, 0.0))
    assert reason == (None if enabled else "FILTERED_BY_INTEGRATIONS_OBJECT")
