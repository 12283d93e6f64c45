"""Erasure of people in a workspace."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from tpmock.core.json_text import to_json
from tpmock.journal.erasure import Redactor
from tpmock.segment import audiences
from tpmock.segment.model import Delivery, Event
from tpmock.segment.workspace import Workspace


def about(workspace: Workspace, redactor: Redactor) -> list[Event]:
    """Return the events that name a person."""
    return redactor.among(_events(workspace), lambda event: (to_json(event.message).decode(),))


def erase(workspace: Workspace, redactor: Redactor, ids: Collection[int], traces: Collection[str]) -> None:
    """Erase a person in events, deliveries, audiences and the results of regulations.

    Deliveries in flight do not change: their receiver must get what was sent.

    :param ids: of the events that name the person
    :param traces: those of the person, which are erased completely
    """
    on_its_way = {delivery.event.id for delivery in workspace.under_way.values()}

    def concerns(event: Event) -> bool:
        return event.id in ids or event.trace in traces

    for event in filter(concerns, _events(workspace)):
        if event.id not in on_its_way:
            event.message = redactor.json(event.message)
    named = {delivery.id for delivery in redactor.among(workspace.deliveries.values(), _texts)}
    for delivery in workspace.deliveries.values():
        if delivery.id not in workspace.under_way and (delivery.id in named or concerns(delivery.event)):
            _erase_outcome(redactor, delivery)
    for audience in workspace.audiences.values():
        users = audiences.users(audience)
        said = {user: (to_json([user, *audience.emails.get(user, ())]).decode(),) for user in users}
        for user in redactor.among(users, said.__getitem__):
            workspace.audiences.forget(audience, user)
    for regulation in workspace.regulations.values():
        for part in regulation.parts:
            part.error = part.error and redactor.text(part.error)


def _texts(delivery: Delivery) -> list[str]:
    """Return all answers to a delivery."""
    return [text for one in delivery.attempts for text in (one.error, one.message, one.answer, one.url) if text]


def _erase_outcome(redactor: Redactor, delivery: Delivery) -> None:
    """Return the filtered event of a delivery and the answers."""
    if delivery.message is not None:
        delivery.message = redactor.json(delivery.message)
    delivery.attempts = [
        replace(
            attempt,
            error=attempt.error and redactor.text(attempt.error),
            message=attempt.message and redactor.text(attempt.message),
            answer=redactor.text(attempt.answer),
            url=attempt.url and redactor.url(attempt.url),
        )
        for attempt in delivery.attempts
    ]


def _events(workspace: Workspace) -> Iterator[Event]:
    """Return all remembered events, including those that only a delivery holds."""
    yield from workspace.events.values()
    for delivery in workspace.deliveries.values():
        if delivery.event.id not in workspace.events:
            yield delivery.event
