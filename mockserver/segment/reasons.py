"""Why an event did not arrive, in Segment's codes and in plain sentences: the one table of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Step = Literal[
    "successfully-received",
    "failed-on-ingest",
    "filtered-at-source",
    "filtered-at-destination",
    "pending",
    "failed-delivery",
    "successful-delivery",
]

#: A message that Segment takes with 200 and drops (Delivery Overview, "Failed on ingest").
INGEST: Final[Mapping[str, str]] = {
    "bad_request": "The message is no object, or its messageId is longer than 100 characters.",
    "missing_type": "The message says not which call it is.",
    "invalid_type": "The type of the message is none of track, identify, page, screen, group and alias.",
    "project_not_found": "No source has this write key.",
    "empty_batch": "The batch holds no messages.",
    "empty_batch_result": "Nothing of the batch was left after its messages were read.",
    "multi_user_error": "One or more messages of the batch are bad; the good ones were taken.",
    "source_disabled": "The source is switched off.",
    "no_user_anon_id": "The message has neither a userId nor an anonymousId.",
    "id_required": "The message has neither a userId nor an anonymousId.",
    "id_not_string": "The userId or anonymousId is empty or no text.",
    "event_not_defined": "A track call needs the name of its event.",
    "event_not_string": "The name of the event is no text.",
    "properties_not_object": "properties must be an object.",
    "traits_not_object": "traits must be an object.",
    "name_not_string": "The name of the page or screen is empty or no text.",
    "category_not_string": "The category of the page or screen is empty or no text.",
    "consent_categorypreferences_should_exist": "A consent event needs context.consent.categoryPreferences.",
    "consent_categorypreferences_fields_should_be_object": "context.consent.categoryPreferences must be an object.",
    "consent_categorypreferences_fields_should_be_bool": "Every category of a consent event is either true or false.",
    "device_advertisingid_should_be_string": "context.device.advertisingId must be a text.",
    "consent_version_should_be_number": "context.consent.version must be a number.",
    "unknown_source": "No source has this write key.",
    "duplicate": "A message of this messageId came before, within Segment's memory of at least 24 hours.",
    "suppressed": "This user is suppressed: Segment drops whatever comes of them.",
    "locked_workspace": "The workspace is locked.",
    "batch_too_long": "A batch holds 2,500 messages at most; this one stood behind them.",
}
#: What a source's own settings stop.
SOURCE: Final[Mapping[str, str]] = {
    "event_setting": "The source's settings switch this event off.",
    "schema_violation": "The message breaks the tracking plan of the source.",
    "common_schema_violation": "The message breaks the rules that the tracking plan has for all messages.",
    "unplanned": "The tracking plan of the source does not know this event.",
    "unplanned_and_schema_violation": "The tracking plan does not know this event, and the message breaks it too.",
}
#: What never leaves for a destination.
FILTERED: Final[Mapping[str, str]] = {
    "FILTERED_BY_RULES": "A destination filter stops it.",
    "FILTERED_BY_INTEGRATIONS_OBJECT": (
        "The integrations object of the message switches this destination off. Names in it are case-sensitive: "
        "Trustpilot, not trustpilot."
    ),
    "UNKNOWN_INTEGRATION": "The integrations object of the message names a destination that does not exist.",
    "MESSAGE_SENT_CLIENT_SIDE": "The message was sent to the destination by the device itself.",
    "UNSUPPORTED_EVENT_TYPE": "This destination does not take calls of this type.",
    "INVALID_SETTINGS": "A setting that the destination needs is missing or wrong.",
    "NO_MATCHING_MAPPING": "No mapping of the destination is triggered by it.",
    "FILTERED_AT_MAPPING": "A mapping stops it.",
    "FILTERED_BY_END_USER_CONSENT": "The user has not consented to this destination.",
    "FUNCTIONS_LOCK_OUT": "The function fails so often that it is held back.",
    "INTERNAL": "A filter could not be decided, and what it may hide must not leave.",
    "NO_ENDPOINT": (
        "Nobody has told the mock where this destination listens. Segment knows that of every vendor; the code is the "
        "mock's own."
    ),
    "DESTINATION_DISABLED": (
        "The destination is switched off or disconnected. Segment shows nothing for that; the code is the mock's own."
    ),
}
#: What was sent, or tried to be, and did not get there.
FAILED: Final[Mapping[str, str]] = {
    "400": "The destination calls it malformed.",
    "401": "The destination says that the API Key is wrong, expired or withdrawn.",
    "403": "The destination knows the API Key but does not permit this.",
    "404": "There is nothing at the destination's address.",
    "408": "The destination took too long by its own account.",
    "410": "The destination says that what was there is gone.",
    "422": "The destination cannot do anything with the content.",
    "423": "The destination says that something is locked.",
    "429": "The destination's rate limit is reached.",
    "500": "The destination failed.",
    "501": "The destination does not support this call.",
    "502": "A proxy before the destination got no good answer from it.",
    "503": "The destination is down for now.",
    "504": "A proxy before the destination waited in vain.",
    "ETIMEDOUT": "The destination did not answer in time. It may have got the event all the same.",
    "ECONNREFUSED": "Nothing listens at the destination's address.",
    "ECONNRESET": "The connection broke, or what came back is no HTTP. The destination may have got the event.",
    "ECONNABORTED": "The connection was given up.",
    "ENOTFOUND": "The destination's host name does not exist.",
    "EAI_AGAIN": "The destination's host name cannot be looked up at the moment.",
    "EHOSTUNREACH": "No way leads to the destination's host.",
    "CERT_HAS_EXPIRED": "The destination's certificate has expired.",
    "DEPTH_ZERO_SELF_SIGNED_CERT": "The destination's certificate is self-signed, which Segment does not accept.",
    "SELF_SIGNED_CERT_IN_CHAIN": "The destination's certificate hangs on a self-signed one.",
    "ERR_TLS_CERT_ALTNAME_INVALID": "The destination's certificate is for another name.",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE": "Nobody vouches for the destination's certificate.",
    "INVALID_SETTINGS": "A setting that the destination needs is missing or wrong.",
    "MESSAGE_REJECTED": "The message lacks something that the destination needs.",
    "UNSUPPORTED_EVENT_TYPE": "The function has no handler for calls of this type, or does not want this event.",
    "BAD_REQUEST": "The function failed on this message.",
    "RETRY": "The function asked to be called again later.",
    "FUNCTION_UNAVAILABLE": (
        "Destination functions are run by Node.js, which is not on this machine's PATH. Install Node 18 or newer."
    ),
}

_DISCARDED: Final = "errors.discarded."
_AWAITING: Final = "errors.awaiting-retry."


def discarded(code: str) -> str:
    """The code of what is not tried again, as Event Delivery shows it."""
    return f"{_DISCARDED}{code}"


def awaiting_retry(code: str) -> str:
    """The code of what is tried again."""
    return f"{_AWAITING}{code}"


def bare(reason: str) -> str:
    """A reason as the Delivery Overview has it: without the prefix that says what happens next, and in its spelling."""
    code = reason.removeprefix(_DISCARDED).removeprefix(_AWAITING)
    return "EREFUSED" if code == "ECONNREFUSED" else code


def step_of(reason: str) -> Step:
    """At which step of the pipeline an event with this reason stopped."""
    if reason.startswith((_DISCARDED, _AWAITING)):
        return "failed-delivery"
    if reason in FILTERED:
        return "filtered-at-destination"
    return "filtered-at-source" if reason in SOURCE else "failed-on-ingest"


def sentence(reason: str, *, over: bool = False) -> str:
    """What a reason means.

    :param reason: of a dropped event or of a delivery
    :param over: whether it is not tried again any more
    """
    if reason.startswith(_DISCARDED):
        return f"{_failed(reason.removeprefix(_DISCARDED))} It is not tried again."
    if reason.startswith(_AWAITING):
        then = "Segment gave up after four hours." if over else "Segment tries again for up to four hours."
        return f"{_failed(reason.removeprefix(_AWAITING))} {then}"
    return _known(reason) or f"Segment stopped it: {reason}."


def clause(reason: str) -> str:
    """What a reason means, to stand within a sentence, with its code; an unknown one stands alone."""
    plain = _known(reason)
    return reason if plain is None else f"{plain[0].lower()}{plain[1:].removesuffix('.')} ({reason})"


def plain(reason: str) -> str:
    """What a reason means, to stand behind its code: without a capital and a full stop; empty for an unknown one."""
    found = _known(reason.removeprefix(_DISCARDED).removeprefix(_AWAITING))
    return "" if found is None else f"{found[0].lower()}{found[1:].removesuffix('.')}"


def _known(reason: str) -> str | None:
    return next((table[reason] for table in (INGEST, SOURCE, FILTERED, FAILED) if reason in table), None)


def _failed(code: str) -> str:
    return FAILED.get(code, f"The destination answered {code}.")
