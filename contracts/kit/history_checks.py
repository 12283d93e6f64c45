"""The checks that hold whatever happens, for histories nobody has thought of; see :mod:`contracts.kit.judging`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus

from contracts.kit import orders
from contracts.kit.findings import Finding
from contracts.kit.judging import check, finding_of
from contracts.kit.observation import Item, Observation
from contracts.kit.wording import counted, masked

_INVITATIONS = "GET /_mock/sandboxes/{id}/invitations"
_FAILING = 500
_WAY = ("deliver", "createEmailInvitations")


@check
def _once(seen: Observation, told: bool) -> Iterator[Finding]:  # noqa: ARG001, FBT001 - every check takes what it is told
    """No order was invited twice, however many orders there were and whatever happened to them.

    Why it matters: an invitation is a mail to a person. Segment repeats, reorders and replays events, and a shop sends
    the same order in several of them; the buyer must not notice.

    How to fix: claim the order id in one atomic write, in storage that outlives the process, before calling Trustpilot;
    do not send again what may have arrived.
    """
    count = Counter(str(item.get("referenceNumber")) for item in seen.invitations)
    twice = {reference: number for reference, number in count.items() if number > 1}
    found = ", ".join(f"{number} for {reference}" for reference, number in sorted(twice.items()))
    yield finding_of(
        passed=not twice,
        expected="at most 1 invitation for each order",
        found=found or "at most 1",
        where=_INVITATIONS,
        advice="Remember by order id who was invited (tpmock test --explain once).",
        exchanges=(*seen.exchanges(()), *seen.exchanges(_WAY)),
    )


@check
def _orders_only(seen: Observation, told: bool) -> Iterator[Finding]:  # noqa: ARG001, FBT001 - every check takes what it is told
    """Every invitation comes from a completed order of the case that has this order id and this e-mail address.

    Why it matters: an invitation without an order behind it is a mail to somebody who bought nothing, and its review
    can be matched to nothing.

    How to fix: invite for Order Completed events with an order id and an address only; make nothing up.
    """
    known = [orders.read(event) for event in seen.events]
    wrong = [item for item in seen.invitations if not any(_fits(item, order) for order in known)]
    yield finding_of(
        passed=not wrong,
        expected="invitations for completed orders with an order id and an e-mail address",
        found=f"an invitation {_described(wrong[0], known)}" if wrong else "such invitations, or none",
        where=_INVITATIONS,
        advice="Make nothing up, and invite for nothing else (tpmock test --explain orders_only).",
        exchanges=(*seen.exchanges(()), *seen.exchanges(_WAY)),
    )


@check
def _no_failure(seen: Observation, told: bool) -> Iterator[Finding]:  # noqa: ARG001, FBT001 - every check takes what it is told
    """No event was answered with a 5xx, or with nothing at all; 501, for a type of call, is an answer.

    Why it matters: after a 5xx Segment sends the same event again for four hours. An event that can never work is then
    refused again and again, and the failure hides those that matter.

    How to fix: answer 400 with a message to what cannot be read, whatever it is; keep 5xx for what may work later.
    """
    failed = [
        f"{answer.error or answer.status} to {answer.what}" for answer in seen.answers if _is_failure(answer.status)
    ]
    failed += [
        f"{attempt.get('error') or attempt['status']} to Segment"
        for delivery in seen.deliveries
        for attempt in delivery["attempts"]
        if _is_failure(attempt["status"])
    ]
    yield finding_of(
        passed=not failed,
        expected="an answer below 500, or 501, to every event",
        found=f"{failed[0]}, {counted(len(failed), 'failure')} in all" if failed else "such answers",
        where="the subject's answers",
        advice="Refuse what cannot be read with 400 and a message (tpmock test --explain no_failure).",
    )


def _is_failure(status: int | None) -> bool:
    return status is None or (status >= _FAILING and status != HTTPStatus.NOT_IMPLEMENTED)


def _fits(item: Item, order: orders.Orders) -> bool:
    reference, address = str(item.get("referenceNumber") or "").strip(), str(item.get("consumerEmail") or "").strip()
    return reference in order.references and address.casefold() in order.addresses


def _described(item: Item, known: list[orders.Orders]) -> str:
    """What is wrong about an invitation."""
    reference = str(item.get("referenceNumber") or "").strip()
    if not reference:
        return "without an order id"
    if not any(reference in order.references for order in known):
        return f"for {reference}, which no completed order of the case has as its id"
    return f"for {reference} to {masked(str(item.get('consumerEmail')))}, an address that the order does not have"
