"""The plain sentences that go beside Segment's answers, as :mod:`mockserver.hints` has them for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

PIXEL_UNREADABLE: Final = "data is no base64 of a JSON object, so nothing was taken; the image comes all the same."
WRONG_REGION_REFUSED: Final = (
    "This write key belongs to a workspace in the US; the European endpoint refuses it (variant workspace_region)."
)
WRONG_REGION_DROPPED: Final = (
    "This write key belongs to a European workspace: the US endpoint says 200 and drops (variant workspace_region)."
)
WRITE_KEY_REFUSED: Final = "No sandbox owns this write key, and the variant unknown_write_key refuses such keys."
TOKEN_REQUIRED: Final = (
    "This source takes events only with an OAuth token: Authorization: Bearer, writeKey in the body."
)
TOKEN_UNKNOWN: Final = "No sandbox knows this OAuth token: it was never issued here, or its sandbox was reset."
TOKEN_EXPIRED: Final = "This OAuth token has expired by the sandbox's clock: ask POST /token for another."
SETTINGS_UNKNOWN: Final = "No source has this write key, so analytics.js will not load: 'tpmock env' prints a key."
ASSERTION_UNREADABLE: Final = "client_assertion is no JWT: three parts with dots between, signed with RS256."
APP_UNKNOWN: Final = (
    "No OAuth application has the id in the claim sub: PUT /_mock/sandboxes/{id}/segment/oauth-apps/{name} makes one."
)
SIGNATURE_WRONG: Final = "The assertion was not signed with the private half of that public key (RS256)."
API_TOKEN_MISSING: Final = (
    "The Public API needs 'Authorization: Bearer ...' with publicApiToken; 'tpmock env' prints it."
)
API_TOKEN_UNKNOWN: Final = "No sandbox owns this Public API token. 'tpmock env' prints that of the default sandbox."
FQL_ADVICE: Final = "As long as a condition cannot be read, no event reaches the destination"


def rate_exceeded(most: int) -> str:
    """Above the rate that Segment advises."""
    return f"More than {most:,} requests came within one second (variant ingest_rate enforces that)."


def batch_dropped(count: int, reasons: Sequence[str]) -> str | None:
    """Some or all messages of a batch will not arrive."""
    if not reasons:
        return None
    code = "empty_batch_result" if len(reasons) == count else "multi_user_error"
    return f"Segment answers 200 and drops {len(reasons)} of {count} ({code}): {', '.join(sorted(set(reasons)))}."


def claim_wrong(name: str, given: object, wanted: str) -> str:
    """A claim of an assertion that does not fit."""
    return f"The claim {name} of the assertion is {given!r}; it must be {wanted}."


def key_unknown(given: object, known: Iterable[str]) -> str:
    """The application has no such key."""
    return f"The header kid of the assertion is {given!r}; the application has {', '.join(known) or 'no key'}."


def scope_unknown(given: str, known: Iterable[str]) -> str:
    """The application may not have that."""
    return f"scope was {given!r}; this application has {', '.join(known)}."


def form_wrong(name: str, wanted: str) -> str:
    """A field of the token form."""
    return f"{name} must be {wanted}."


def scope_missing(wanted: str) -> str:
    """The token is good for something else."""
    return f"This OAuth token was not issued for the scope {wanted}."


def nothing_of_that_id(kind: str, name: str) -> str:
    """The Public API was asked for something that is not there."""
    return f"This workspace has no {kind} {name!r}."


def fql_unreadable(reason: str) -> str:
    """A condition that was kept, and that keeps everything back."""
    return f"{FQL_ADVICE}: it {reason}."


def no_endpoint(integration: str) -> str:
    """A destination was connected of which nobody said where it listens."""
    return (
        f"The mock does not know where {integration} listens: tell it by PUT /_mock/sandboxes/{{id}}/segment/endpoints/"
        f"{integration}, else nothing is delivered (NO_ENDPOINT)."
    )
