"""Checks of the invariants, for generated histories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus

from tpmock.kit.cases import orders
from tpmock.kit.cases.wording import counted, masked
from tpmock.kit.vocabulary.checks import check, finding
from tpmock.kit.vocabulary.findings import Finding
from tpmock.kit.vocabulary.observation import Item, Observation

_FAILING = 500
_WAY = ("deliver", "createEmailInvitations")


@check
def _once(seen: Observation, _args: object) -> Iterator[Finding]:
    count = Counter(str(item.get("referenceNumber")) for item in seen.invitations)
    twice = {reference: number for reference, number in count.items() if number > 1}
    found = ", ".join(f"{number} for {reference}" for reference, number in sorted(twice.items()))
    exchanges = (*seen.exchanges(()), *seen.exchanges(_WAY))
    yield finding(not twice, "at most 1 invitation for each order", found or "at most 1", exchanges=exchanges)


@check
def _orders_only(seen: Observation, _args: object) -> Iterator[Finding]:
    known = [orders.read(event) for event in seen.events]
    wrong = [item for item in seen.invitations if not any(_fits(item, order) for order in known)]
    found = f"an invitation {_described(wrong[0], known)}" if wrong else "such invitations, or none"
    expected = "invitations for completed orders with an order id and an e-mail address"
    yield finding(not wrong, expected, found, exchanges=(*seen.exchanges(()), *seen.exchanges(_WAY)))


@check
def _no_failure(seen: Observation, _args: object) -> Iterator[Finding]:
    failed = [
        f"{answer.error or answer.status} to {answer.what}" for answer in seen.answers if _is_failure(answer.status)
    ]
    failed += [
        f"{attempt.get('error') or attempt['status']} to Segment"
        for delivery in seen.deliveries
        for attempt in delivery["attempts"]
        if _is_failure(attempt["status"])
    ]
    found = f"{failed[0]}, {counted(len(failed), 'failure')} in all" if failed else "such answers"
    yield finding(not failed, "an answer below 500, or 501, to every event", found)


def _is_failure(status: int | None) -> bool:
    return status is None or (status >= _FAILING and status != HTTPStatus.NOT_IMPLEMENTED)


def _fits(item: Item, order: orders.Orders) -> bool:
    reference, address = str(item.get("referenceNumber") or "").strip(), str(item.get("consumerEmail") or "").strip()
    return reference in order.references and address.casefold() in order.addresses


def _described(item: Item, known: list[orders.Orders]) -> str:
    """Return what is wrong about an invitation."""
    reference = str(item.get("referenceNumber") or "").strip()
    if not reference:
        return "without an order id"
    if not any(reference in order.references for order in known):
        return f"for {reference}, which no completed order of the case has as its id"
    return f"for {reference} to {masked(str(item.get('consumerEmail')))}, an address that the order does not have"
