"""Webhooks destinations: the event as it is, to up to five addresses, signed with a shared secret (Webhooks)."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from mockserver.clock import seconds
from mockserver.courier import Reply
from mockserver.outbound import Letter
from mockserver.segment import attempts, retries
from mockserver.segment.model import Attempt, Destination, Event, Json, WebhookOptions
from mockserver.segment.workspace import Workspace
from mockserver.timeline import Work

#: Addresses of one destination, its own included.
MOST_URLS: Final = 5
#: Seconds for an answer; an article of the support says about ten.
TIMEOUT: Final = 5.0
#: All calls there are, and deletions.
TYPES: Final = ("track", "identify", "page", "screen", "group", "alias", "delete")
#: Integers beyond this are written with an exponent by JavaScript.
_LONGEST_INTEGER: Final = 1e21
_LONE: Final = re.compile("[\ud800-\udfff]")

#: Told, under the lock, of all attempts of one try, what they mean together, and which of them decided.
Finish = Callable[[Sequence[Attempt], retries.Outcome, Attempt], None]


def send(workspace: Workspace, event: Event, destination: Destination, finish: Finish) -> Work:
    """Work that posts an event to all addresses, one after the other. One success is enough."""
    made: list[Attempt] = []
    outcomes: list[retries.Outcome] = []
    letters = letters_for(workspace, event, destination)

    def done(url: str, reply: Reply, started: float) -> str | None:
        made.append(attempts.attempt(reply, started, url))
        outcome, evidence = attempts.judged(workspace, reply)
        outcomes.append(outcome)
        if len(made) == len(letters):
            decisive: retries.Outcome = min(outcomes, key=("delivered", "retried", "discarded").index)
            finish(made, decisive, made[outcomes.index(decisive)])
        return evidence

    works = [workspace.outbound.send(letter, partial(done, letter.url)) for letter in letters]

    def work() -> None:
        for each in works:
            each()

    return work


def letters_for(workspace: Workspace, event: Event, destination: Destination) -> list[Letter]:
    """What goes to each address."""
    options = destination.webhook or WebhookOptions()
    body = _stringified(event.message)
    headers = {**options.headers, "User-Agent": "Segment.io/1.0", "Content-Type": "application/json"}
    if options.secret:
        headers["X-Signature"] = signature(options.secret, body)
    return [
        Letter(
            url=url,
            headers=headers,
            body=body,
            timeout=min(TIMEOUT, seconds(workspace.variants["delivery_timeout"])),
            api=retries.API,
            operation=retries.OPERATION,
            trace=event.trace,
            join="messageId",
            asks=True,
        )
        for url in (destination.url, *options.more_urls)
    ]


def signature(secret: str, body: bytes) -> str:
    """The header ``X-Signature``: HMAC-SHA1 in hexadecimal."""
    return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def _stringified(message: Json) -> bytes:
    """As ``JSON.stringify`` writes it, for whoever verifies parses the body and writes it again."""
    text = json.dumps(_as_javascript_has_it(message), ensure_ascii=False, separators=(",", ":"))
    # JSON.stringify escapes what UTF-8 cannot hold.
    return text.encode() if text.isascii() or not _LONE.search(text) else _LONE.sub(_escaped, text).encode()


def _escaped(lone: re.Match[str]) -> str:
    return f"\\u{ord(lone[0]):04x}"


def _as_javascript_has_it(value: Any) -> Any:
    """JavaScript knows no difference between 25.0 and 25."""
    if isinstance(value, dict):
        return {name: _as_javascript_has_it(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_javascript_has_it(part) for part in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _LONGEST_INTEGER:
        return int(value)
    return value
