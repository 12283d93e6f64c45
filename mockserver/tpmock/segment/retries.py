"""The meaning of a destination's answer, and Segment's retry schedule. The sources disagree; variants choose."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal, get_args

from tpmock import spec
from tpmock.core.random_ids import RandomSource
from tpmock.outbound.http_client import HttpReply
from tpmock.outbound.sender import OutgoingRequest
from tpmock.segment.model import Attempt

API: Final = "segment-destination"
OPERATION: Final = "deliver"

#: Characters of an answer that are stored with the attempt.
ANSWER_KEPT: Final = 1_000

Verdict = Literal["delivered", "discarded", "retried"]

#: Segment retries for four hours with randomized exponential backoff (Destinations overview). Its steps are not
#: public: the first wait and the longest one are assumed.
WINDOW: Final = 4 * 3600
FIRST_WAIT: Final = 30.0
LONGEST_WAIT: Final = 3600.0
#: Six attempts over four hours (Delivery Overview, of functions): five waits, each twice as long as the one before.
SIX: Final = 6
_FIRST_OF_SIX: Final = WINDOW / (2 ** (SIX - 1) - 1)


def request(
    url: str, headers: Mapping[str, str], body: bytes, timeout: float, trace: str, *, itself: bool = False
) -> OutgoingRequest:
    """The request of one attempt, which may call Trustpilot for its order before it ends.

    :param itself: whether it is addressed to the mock itself
    """
    return OutgoingRequest(url, headers, body, timeout, API, OPERATION, trace, "messageId", asks=True, itself=itself)


@lru_cache(maxsize=8)
def _meanings(policy: str) -> Mapping[str, tuple[Verdict, str]]:
    """Return meaning and evidence level of each status by one policy, from the document, with ranges like ``5XX``."""
    responses = spec.load(API).operations[OPERATION].responses
    return {
        status: (_outcome(entry.extensions["x-delivery"], policy), entry.evidence.status.text)
        for status, entry in responses.items()
    }


def _outcome(said: Any, policy: str) -> Verdict:
    """Read a meaning: the document names one outcome, or the policies that retry where others stop."""
    if isinstance(said, str):
        return next(outcome for outcome in get_args(Verdict) if outcome == said)
    return "retried" if policy in said["retried"] else "discarded"


def classify(reply: HttpReply, policy: str) -> tuple[Verdict, str | None]:
    """Return the meaning of an answer, or of a missing answer, with its evidence level.

    :param policy: a value of the variant ``retry_policy``
    """
    if reply.status is None:
        return "retried", None
    meanings = _meanings(policy)
    return meanings.get(str(reply.status)) or meanings.get(f"{reply.status // 100}XX") or ("discarded", None)


def attempt(reply: HttpReply, started: float, url: str | None = None) -> Attempt:
    """Return the part of the answer that is stored."""
    answer = reply.body[:ANSWER_KEPT].decode("utf-8", "replace")
    return Attempt(started, reply.status, reply.error, _message(reply), reply.milliseconds, answer, url)


def _message(reply: HttpReply) -> str | None:
    """Return the message for the customer, when the answer is JSON and has one."""
    if "json" not in reply.header("content-type"):
        return None
    try:
        answer = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    said = answer.get("message") if isinstance(answer, dict) else None
    return said if isinstance(said, str) else None


def wait(schedule: str, tries: int, random: RandomSource) -> float | None:
    """Return the seconds until the next attempt, or None after the last.

    :param schedule: a value of the variant ``retry_schedule``
    :param tries: number of attempts so far
    """
    if schedule == "six-attempts":
        return None if tries >= SIX else math.ldexp(_FIRST_OF_SIX, tries - 1) * random.between(0.8, 1.0)
    return min(math.ldexp(FIRST_WAIT, tries - 1), LONGEST_WAIT) * random.between(0.5, 1.5)
