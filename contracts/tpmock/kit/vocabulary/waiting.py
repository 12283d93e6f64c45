"""Real time for a subject with a clock of its own, which the kit cannot move (decision 0340).

Four hours of Segment's retries are played in a moment. A subject that waits before it calls Trustpilot again, as a
``Retry-After`` asks it to, would refuse all of them. Where it claims to wait, the kit waits too, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from tpmock.common import real_time
from tpmock.kit.cases.wording import counted
from tpmock.kit.subjects.mock_client import Item, SandboxClient
from tpmock.kit.subjects.subjects import Pace
from tpmock.kit.vocabulary.observation import ReceivedAnswer

_FAILING = 500
_BETWEEN_LOOKS = 0.02
# A queue that never stops calling, while a fault lasts, is left alone after this many times its longest silence.
_LONGEST_UNREST = 10


class Waiting(msgspec.Struct):
    """The waits of one case.

    :param last_entry: the last entry of the journal before the case
    :ivar waited: the real waits, in seconds
    """

    sandbox: SandboxClient
    pace: Pace
    last_entry: int
    waited: list[float] = msgspec.field(default_factory=list)
    _answers: list[ReceivedAnswer] = msgspec.field(default_factory=list)
    _looked_at: int = 0

    def before_retry(self, answers: list[ReceivedAnswer]) -> None:
        """Wait as long as the subject's last refusals ask for, if there are any since the last wait.

        :param answers: the answers to the kit's own posts so far
        """
        if not self.pace.patience:
            return
        journal = self.sandbox.journal(self.last_entry)
        self.last_entry = max((entry["id"] for entry in journal), default=self.last_entry)
        delivered = [entry for entry in journal if entry["operation"] == "deliver" and entry["direction"] == "out"]
        asked = [_asked(entry) for entry in delivered if is_retried(entry["status"])]
        asked += [_number(one.retry_after) for one in self._new(answers) if is_retried(one.status)]
        if asked:
            patience = self.pace.patience
            seconds = max(patience if one is None else min(one, patience) for one in asked)
            real_time.pause(seconds)
            self.waited.append(seconds)

    def _new(self, answers: list[ReceivedAnswer]) -> list[ReceivedAnswer]:
        # The steps of "given" have their own list.
        first = self._looked_at if answers is self._answers else 0
        self._answers, self._looked_at = answers, len(answers)
        return answers[first:]

    def for_queue(self) -> None:
        """Wait until the subject has made no call to Trustpilot for as long as its queue may be silent."""
        quiet = self.pace.quiet
        if not quiet:
            return
        now = real_time.monotonic()
        silent_since, until, newest = now, now + _LONGEST_UNREST * quiet, -1
        while now < until and now - silent_since < quiet:
            calls = [entry["id"] for entry in self.sandbox.journal(max(newest, self.last_entry)) if is_call(entry)]
            if calls and max(calls) > newest:
                newest, silent_since = max(calls), now
            real_time.pause(_BETWEEN_LOOKS)
            now = real_time.monotonic()

    def said(self) -> str:
        """Return the real waits as a sentence for reports; empty when there were none."""
        if not self.waited:
            return ""
        return (
            f"The kit waited {counted(len(self.waited), 'time')} in real time before a retry, {sum(self.waited):g} s "
            f"in all: as long as the subject's Retry-After said, at most {self.pace.patience:g} s (own-patience)."
        )


def is_retried(status: int | None) -> bool:
    """Return whether an answer asks Segment to try again."""
    return status is not None and (
        status == HTTPStatus.TOO_MANY_REQUESTS or (status >= _FAILING and status != HTTPStatus.NOT_IMPLEMENTED)
    )


def is_call(entry: Mapping[str, object]) -> bool:
    """Return whether a journal entry is a call to Trustpilot."""
    return entry["direction"] == "in" and entry["api"] == "trustpilot"


def refused_by_itself(journal: Iterable[Mapping[str, Any]]) -> int:
    """Return how many deliveries the subject refused for now without a call to Trustpilot, at least."""
    entries = list(journal)
    refused = sum(1 for entry in entries if entry["operation"] == "deliver" and is_retried(entry["status"]))
    return max(0, refused - sum(1 for entry in entries if is_call(entry)))


def _asked(entry: Item) -> float | None:
    headers = (entry.get("response") or {}).get("headers") or {}
    return next((_number(str(value)) for name, value in headers.items() if name.lower() == "retry-after"), None)


def _number(text: str) -> float | None:
    # A date is as good as none: the kit's clock and the subject's may differ.
    return float(text) if text.isdecimal() else None
