"""What makes the message of an answer readable for a person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from contracts.kit.observation import Answer

_LONGEST = 500
_NOT_FOR_PEOPLE = re.compile(
    r"Traceback \(most recent|<!doctype|<html|\bat [\w.$]+\(|Exception\b|0x[0-9a-f]{6,}", re.IGNORECASE
)


def unreadable(answer: Answer, words: Iterable[str]) -> str:
    """What is wrong with the message of an answer, as a half-sentence; empty when nothing is.

    :param words: what the message has to name.
    """
    if answer.content_type.partition(";")[0].strip().casefold() != "application/json":
        return f"Content-Type {answer.content_type or 'missing'}"
    try:
        body = json.loads(answer.body)
    except ValueError:
        return f"a body that is no JSON: {answer.body[:80]!r}"
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str) or not message.strip():
        return f"no member message with a text: {answer.body[:80]!r}"
    if len(message) > _LONGEST or _NOT_FOR_PEOPLE.search(message):
        return f"a message that is not meant for people: {message[:80]!r}"
    missing = [word for word in words if _plain(word) not in _plain(message)]
    return f"a message that does not name {' and '.join(missing)}: {message!r}" if missing else ""


def _plain(text: str) -> str:
    # order_id, order id and Order ID name the same thing to a person, and so do e-mail and email.
    return re.sub(r"[^a-z0-9]", "", text.casefold())
