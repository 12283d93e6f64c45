"""Reasons why Segment drops a message after its answer 200: the codes of its Delivery Overview, "Failed on ingest"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tpmock.common.durations import seconds
from tpmock.segment.messages import TYPES
from tpmock.segment.model import Json, Source
from tpmock.segment.workspace import Workspace

#: Maximum length of a message id; one page says fewer than 100, the other at most (HTTP Tracking API, Spec: Common).
MESSAGE_ID_LENGTH: Final = 100
#: The track call for consent, with stricter checks of its context.
CONSENT_EVENT: Final = "Segment Consent Preference Updated"

Check = Callable[[Json], str | None]


def drop_reason(workspace: Workspace, source: Source, message: Json) -> str | None:
    """Return the reason, or None for a valid message. Valid messages are remembered, to find duplicates by id."""
    reason = flaw(message)
    if reason is None and not source.enabled:
        reason = "source_disabled"
    if reason is not None:
        return reason
    user = message.get("userId")
    if user in workspace.suppressed or user in workspace.suppressed_at.get(source.id, ()):
        # Segment does not report it; the code is ours.
        return "suppressed"
    return _duplicate(workspace, source, message)


def flaw(message: Json) -> str | None:
    """Return what is wrong with the message itself, independent of its source."""
    for check in _CHECKS:
        if (found := check(message)) is not None:
            return found
    return None


def _duplicate(workspace: Workspace, source: Source, message: Json) -> str | None:
    """Drop the second of two messages with one id. Segment has no code for it: it never appears."""
    scope = source.id if workspace.variants["dedupe_scope"] == "source" else ""
    key = (scope, message["messageId"])
    seen_at, now = workspace.seen.get(key), workspace.now()
    workspace.seen[key] = now
    if seen_at is None:
        return None
    return "duplicate" if now - seen_at < seconds(workspace.variants["dedupe_window"]) else None


def _type(message: Json) -> str | None:
    kind = message.get("type")
    if kind in (None, ""):
        return "missing_type"
    return None if isinstance(kind, str) and kind in TYPES else "invalid_type"


def _ids(message: Json) -> str | None:
    present = [message[name] for name in ("userId", "anonymousId") if name in message]
    if not present:
        return "no_user_anon_id"
    return None if all(isinstance(value, str) and value for value in present) else "id_not_string"


def _members(message: Json) -> str | None:
    for name in ("properties", "traits"):
        if message.get(name) is not None and not isinstance(message[name], dict):
            return f"{name}_not_object"
    return None


def _event_name(message: Json) -> str | None:
    if message["type"] != "track":
        return None
    if message.get("event") in (None, ""):
        return "event_not_defined"
    return None if isinstance(message["event"], str) else "event_not_string"


def _page_name(message: Json) -> str | None:
    if message["type"] not in ("page", "screen"):
        return None
    for name in ("name", "category"):
        value = message.get(name)
        if value is not None and (not isinstance(value, str) or not value):
            return f"{name}_not_string"
    return None


def _consent(message: Json) -> str | None:
    if message.get("event") != CONSENT_EVENT or message["type"] != "track":
        return None
    return _preferences(message["context"]) or _consent_words(message["context"])


def _preferences(context: Mapping[str, Any]) -> str | None:
    preferences = _inner(context, "consent").get("categoryPreferences")
    if preferences is None:
        return "consent_categorypreferences_should_exist"
    if not isinstance(preferences, dict):
        return "consent_categorypreferences_fields_should_be_object"
    if not all(isinstance(value, bool) for value in preferences.values()):
        return "consent_categorypreferences_fields_should_be_bool"
    return None


def _consent_words(context: Mapping[str, Any]) -> str | None:
    advertising = _inner(context, "device").get("advertisingId")
    if advertising is not None and not isinstance(advertising, str):
        return "device_advertisingid_should_be_string"
    version = _inner(context, "consent").get("version")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int | float)):
        return "consent_version_should_be_number"
    return None


def _inner(context: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = context.get(name)
    return inner if isinstance(inner, dict) else {}


#: In the order of the checks.
_CHECKS: Final[tuple[Check, ...]] = (
    *(_type, lambda message: None if len(message["messageId"]) <= MESSAGE_ID_LENGTH else "bad_request"),
    *(_ids, _members, _event_name, _page_name, _consent),
)
