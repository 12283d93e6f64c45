"""What a destination's answer means, and when Segment tries again. The sources disagree; variants choose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal, get_args

from contracts import spec
from mockserver.chance import Chance

API: Final = "segment-destination"
OPERATION: Final = "deliver"

Outcome = Literal["delivered", "discarded", "retried"]

#: Segment retries for four hours with randomised exponential backoff (Destinations overview). Its steps are not
#: public: the first wait and the longest one are assumed.
WINDOW: Final = 4 * 3600
FIRST_WAIT: Final = 30.0
LONGEST_WAIT: Final = 3600.0
#: Six tries over four hours (Delivery Overview, of functions): five waits, each twice as long as the one before.
SIX: Final = 6
_FIRST_OF_SIX: Final = WINDOW / (2 ** (SIX - 1) - 1)


@lru_cache(maxsize=8)
def _meanings(policy: str) -> Mapping[str, tuple[Outcome, str]]:
    """What each status means by one policy and how sure we are, from the document; ranges such as ``5XX`` included."""
    responses = spec.load(API).operations[OPERATION].responses
    return {
        status: (_outcome(entry.extensions["x-delivery"], policy), entry.evidence.text)
        for status, entry in responses.items()
    }


def _outcome(said: Any, policy: str) -> Outcome:
    """The document names one outcome, or the policies that try again where the others give up."""
    if isinstance(said, str):
        return next(outcome for outcome in get_args(Outcome) if outcome == said)
    return "retried" if policy in said["retried"] else "discarded"


def meaning(status: int, policy: str) -> tuple[Outcome, str | None]:
    """What an answer means, and how sure we are.

    :param policy: a value of the variant ``retry_policy``
    """
    meanings = _meanings(policy)
    return meanings.get(str(status)) or meanings.get(f"{status // 100}XX") or ("discarded", None)


def wait(schedule: str, tries: int, chance: Chance) -> float | None:
    """Seconds until the next try, or None when there is none.

    :param schedule: a value of the variant ``retry_schedule``
    :param tries: how many there have been
    """
    if schedule == "six-attempts":
        return None if tries >= SIX else math.ldexp(_FIRST_OF_SIX, tries - 1) * chance.between(0.8, 1.0)
    return min(math.ldexp(FIRST_WAIT, tries - 1), LONGEST_WAIT) * chance.between(0.5, 1.5)
