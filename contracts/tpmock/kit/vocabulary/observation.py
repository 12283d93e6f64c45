"""Observations of a running case: plain data, so that checks are plain functions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from tpmock.kit.vocabulary.findings import ExchangeSummary

Item = Mapping[str, Any]

_LONGEST_NOTE = 160
# Shorter words, such as a two-letter surname, occur in many unrelated sentences.
_SHORTEST_DATUM = 4
_SUCCESS = range(200, 300)
_NOT_TRUSTPILOT = {"segment-tracking", "control"}

USER_AGENT = "tpmock-kit"
"""Mark of the kit's own calls in the journal."""


class KitRequest(msgspec.Struct, frozen=True):
    """A post that the kit made itself, as it was: to be redacted before it is shown."""

    url: str
    headers: Mapping[str, str]
    body: str
    operation: str | None = "deliver"


class ReceivedAnswer(msgspec.Struct, frozen=True):
    """What the subject answered to a post of the kit.

    :param status: None when no answer came; then ``error`` says why
    :param order: the order id of the posted event; None when it had none
    :param request: what was posted; None where only the answer is known
    :param retry_after: the header Retry-After; empty for none
    :param seconds: how long the answer, or the wait for it, took
    """

    status: int | None
    content_type: str = ""
    body: str = ""
    error: str = ""
    order: str | None = None
    what: str = "an event"
    request: KitRequest | None = None
    retry_after: str = ""
    seconds: float = 0.0

    def data(self) -> Any:
        """Return the body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Sent(msgspec.Struct, frozen=True):
    """An event that the case sent through Segment."""

    message_id: str
    order: str | None


class Observation(msgspec.Struct, kw_only=True):
    """All data that a check may use.

    ``answers`` and ``sent`` are of the case's "when"; ``invitations``, ``deliveries`` and ``journal`` are what the
    mock recorded in that time. ``references`` are the reference numbers of all invitations of the sandbox, however
    old; ``events`` are all events of the case, as they were posted or sent. ``stored`` is what the files of the
    subject held in the end, by name, and ``elsewhere`` is what it wrote outside its folder; both only read when a check
    asks for them. ``waited`` says how long the kit waited for the subject in real time.
    """

    answers: list[ReceivedAnswer] = msgspec.field(default_factory=list)
    sent: list[Sent] = msgspec.field(default_factory=list)
    events: list[Any] = msgspec.field(default_factory=list)
    personal: set[str] = msgspec.field(default_factory=set)
    secrets: set[str] = msgspec.field(default_factory=set)
    invitations: Sequence[Item] = msgspec.field(default_factory=list)
    references: set[str] = msgspec.field(default_factory=set)
    deliveries: Sequence[Item] = msgspec.field(default_factory=list)
    journal: Sequence[Item] = msgspec.field(default_factory=list)
    stored: Mapping[str, bytes] = msgspec.field(default_factory=dict)
    waited: str = ""
    elsewhere: Mapping[str, bytes] = msgspec.field(default_factory=dict)

    def calls(self, operations: Iterable[str] | None = None) -> list[Item]:
        """Return the subject's own calls to Trustpilot: of some operations, or all; without those that the kit made."""
        wanted = None if operations is None else set(operations)
        return [
            entry
            for entry in self.journal
            if entry["direction"] == "in"
            and entry["api"] not in _NOT_TRUSTPILOT
            and (wanted is None or entry["operation"] in wanted)
            and entry.get("request", {}).get("headers", {}).get("User-Agent") != USER_AGENT
        ]

    def messages(self) -> Iterator[tuple[str, str]]:
        """Yield all answers of the subject, to the kit and to Segment."""
        for answer in self.answers:
            yield f"the answer {answer.status} to {answer.what}", answer.body
        for delivery in self.deliveries:
            for attempt in delivery["attempts"]:
                yield f"the answer {attempt['status']} to Segment", attempt.get("message") or ""

    def exchanges(self, operations: Iterable[str] | None = None) -> tuple[ExchangeSummary, ...]:
        """Return the exchanges of some operations in short, or of all, the kit's own posts included."""
        wanted = None if operations is None else set(operations)
        recorded = [_exchange(entry) for entry in self.journal if wanted is None or entry["operation"] in wanted]
        notes = [(one, (one.error or one.body)[:_LONGEST_NOTE]) for one in self.answers]
        own = [kit_exchange(one, note) for one, note in notes] if wanted is None else []
        return (*own, *recorded)


def kit_exchange(answer: ReceivedAnswer, note: str) -> ExchangeSummary:
    """Return a post of the kit itself with its answer, in short."""
    return ExchangeSummary(None, f"the kit to the destination: {answer.what}", answer.status, note)


def is_success(status: int | None) -> bool:
    """Return whether Segment takes a status for a success."""
    return status in _SUCCESS


def order_of(event: object) -> str | None:
    """Return the order id of an Order Completed event as text; None for other events, and without a usable id."""
    if not isinstance(event, Mapping) or event.get("event") != "Order Completed":
        return None
    properties = event.get("properties")
    for name, value in properties.items() if isinstance(properties, Mapping) else ():
        usable = isinstance(value, str | int) and not isinstance(value, bool)
        if usable and name.replace("_", "").casefold() == "orderid":
            return str(value).strip() or None
    return None


def personal_data(event: object) -> Iterator[str]:
    """Yield the e-mail addresses and names of an event, from every place that Segment's specification has for them."""
    if not isinstance(event, Mapping):
        return
    context = event.get("context")
    traits = context.get("traits") if isinstance(context, Mapping) else None
    for place in (event.get("properties"), event.get("traits"), traits):
        for name in ("email", "name", "surname", "firstName", "lastName"):
            value = place.get(name) if isinstance(place, Mapping) else None
            if isinstance(value, str) and len(value.strip()) >= _SHORTEST_DATUM:
                yield value.strip()
    user_id = event.get("userId")
    if isinstance(user_id, str) and "@" in user_id:
        yield user_id.strip()


def _exchange(entry: Item) -> ExchangeSummary:
    arrow = "Segment to the destination" if entry["direction"] == "out" else f"to {entry['api']}"
    name = entry["operation"] or f"{entry['method']} {entry['url']}"
    parts = (entry.get("hint"), entry.get("error"), entry.get("fault") and "a fault of this case")
    note = " · ".join(str(part) for part in parts if part)
    return ExchangeSummary(entry["id"], f"{arrow}: {name}", entry["status"], note[:_LONGEST_NOTE])
