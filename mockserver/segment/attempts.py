"""What comes back from a destination: what it means, and what is kept of it."""

from __future__ import annotations

import json
from typing import Final

from mockserver.courier import Reply
from mockserver.segment import retries
from mockserver.segment.model import Attempt
from mockserver.segment.workspace import Workspace

#: How much of an answer is kept with the attempt, in characters.
ANSWER_KEPT: Final = 1_000


def judged(workspace: Workspace, reply: Reply) -> tuple[retries.Outcome, str | None]:
    """What an answer means here, and how sure we are."""
    if reply.status is None:
        return "retried", None
    return retries.meaning(reply.status, workspace.variants["retry_policy"])


def attempt(reply: Reply, started: float, url: str | None = None) -> Attempt:
    """What came back, as it is kept."""
    answer = reply.body[:ANSWER_KEPT].decode("utf-8", "replace")
    return Attempt(started, reply.status, reply.error, _message(reply), reply.milliseconds, answer, url)


def code(one: Attempt) -> str:
    """By what Segment names it: the status, or what failed."""
    return str(one.status) if one.error is None else one.error


def _message(reply: Reply) -> str | None:
    """The sentence for the customer, when the answer is JSON and has one."""
    if "json" not in reply.header("content-type"):
        return None
    try:
        answer = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    said = answer.get("message") if isinstance(answer, dict) else None
    return said if isinstance(said, str) else None
