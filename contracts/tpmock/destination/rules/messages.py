"""Every message that Segment, and through it the customer, can get: the file ``messages.json`` beside this one.

A message has a name for logs and metrics, a status, a text with places in braces that are filled in, and advice: what
the operator should know or do. The README lists them from the file.

Segment gives each status a meaning (direct destinations: 200 processed, 202 taken but not finished, 400 the client's
fault, 401 key no longer valid, 403 permission missing, 501 call type not supported, 503 down for now) and shows
``message`` in its debugger. It retries 429 and 5xx except 501, and gives up on every other refusal, so the status also
decides whether the order comes back.

For refusals of a shop that is being connected Trustpilot documents causes: a partner must say that a paid plan is
needed (its page of partner errors, 403), and an admin switches partner permissions on in the account's settings (seed
003, step 4).

No message carries an e-mail address, a name, a secret, or a word taken from the event that could be one of these.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Message:
    """A message for the customer: a text with places in braces, and advice for the operator."""

    status: HTTPStatus
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class DestinationReply:
    """An answer to Segment.

    :param message: one or two sentences for the customer; an empty one makes an empty body
    :param wait: seconds to wait before a retry, sent in ``Retry-After``; None for no such header
    """

    status: int
    message: str
    name: str = field(default="", compare=False)
    wait: int | None = field(default=None, compare=False)


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The event ends here, for a reason that its sender may see; ``reply`` is that answer."""

    def __init__(self, reply: DestinationReply) -> None:
        super().__init__(reply.message)
        self.reply = reply


def say(name: str, **places: object) -> DestinationReply:
    """Return the reply of a name, with its places filled in."""
    message = MESSAGES[name]
    wait = places.get("wait")
    return DestinationReply(
        message.status, message.text.format(**places), name, wait if isinstance(wait, int) else None
    )


def refuse(name: str, **places: object) -> Refusal:
    """Return the reply of a name as an exception to raise."""
    return Refusal(say(name, **places))


MESSAGES: dict[str, Message] = {
    name: Message(HTTPStatus(said["status"]), said["text"], said["advice"])
    for group in json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8")).values()
    for name, said in group.items()
}
"""Every message by its name."""
