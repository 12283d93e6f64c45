"""The checks about events and invitations."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tpmock.kit.cases.wording import counted, fits, masked, named, ranged, spelled
from tpmock.kit.vocabulary.checks import check, finding
from tpmock.kit.vocabulary.findings import ExchangeSummary, Finding
from tpmock.kit.vocabulary.observation import Item, Observation, ReceivedAnswer, is_success, kit_exchange

_FAILING = 400
_LONGEST_MESSAGE = 500
_NOT_FOR_PEOPLE = re.compile(
    r"Traceback \(most recent|<!doctype|<html|\bat [\w.$]+\(|Exception\b|0x[0-9a-f]{6,}", re.IGNORECASE
)

_INVITATIONS = "GET /_mock/sandboxes/{id}/invitations"
_DELIVERIES = "GET /_mock/sandboxes/{id}/segment/deliveries"
_TOO_MANY = "Invite once for each order id, and for Order Completed only (tpmock test explain invitation_count)."


@check
def _invitation(seen: Observation, args: Mapping[str, Any]) -> Iterator[Finding]:
    reference = str(args["referenceNumber"])
    made = [item for item in seen.invitations if str(item.get("referenceNumber")) == reference]
    others = sorted({str(item.get("referenceNumber")) for item in seen.invitations} - {reference})
    instead = f"; there are invitations for {', '.join(others)}" if others and not made else ""
    expected = f"exactly 1 invitation with referenceNumber {reference}"
    found = counted(len(made), "invitation") + instead
    advice, exchanges = _TOO_MANY if len(made) > 1 else "", _about_invitations(seen)
    yield finding(len(made) == 1, expected, found, advice=advice, exchanges=exchanges)
    for field, wanted in args.items() if made else ():
        actual = made[0].get(field)
        if str(actual) != str(wanted):
            where = f"{_INVITATIONS}, referenceNumber {reference}"
            advice = f"Take {field} from the order event; see the requirement of the case."
            yield finding(False, f"{field} {wanted!r}", f"{field} {actual!r}", where, advice, exchanges)  # noqa: FBT003 - see finding


@check
def _invitation_count(seen: Observation, args: int) -> Iterator[Finding]:
    references = [str(item.get("referenceNumber")) for item in seen.invitations]
    twice = sorted(reference for reference, count in Counter(references).items() if count > 1)
    found = counted(len(references), "invitation") + (f", several of them for {', '.join(twice)}" if twice else "")
    if references and len(references) != args and not twice:
        found += f": for {', '.join(references[:5])}"
    expected = counted(args, "invitation") + (", each for another order" if args > 1 else "")
    advice = _TOO_MANY if len(references) > args or twice else ""
    passed = len(references) == args and not twice
    yield finding(passed, expected, found, advice=advice, exchanges=_about_invitations(seen))


@check
def _answer(seen: Observation, args: Any) -> Iterator[Finding]:
    wrong = [answer for answer in seen.answers if not fits(answer.status, args)]
    expected = f"status {spelled(args)}" + (f" {len(seen.answers)} times" if len(seen.answers) > 1 else "")
    found = _said(wrong[0]) if wrong else counted(len(seen.answers), "expected answer")
    where = f"the subject's answer to {wrong[0].what}" if wrong else ""
    exchanges = tuple(kit_exchange(answer, _said(answer)) for answer in wrong)
    yield finding(bool(seen.answers) and not wrong, expected, found, where, exchanges=exchanges)


@check
def _answered_within(seen: Observation, args: int) -> Iterator[Finding]:
    slow = [answer for answer in seen.answers if answer.status is None or answer.seconds > args]
    found = f"{slow[0].seconds:.1f} s" if slow else "in time"
    where = f"the subject's answer to {slow[0].what}" if slow else ""
    yield finding(bool(seen.answers) and not slow, f"an answer within {args} s", found, where)


@check
def _message(seen: Observation, args: Mapping[str, Any]) -> Iterator[Finding]:
    names = args.get("names", [])
    words = [names] if isinstance(names, str) else names
    refusals = [answer for answer in seen.answers if answer.status is not None and answer.status >= _FAILING]
    if not refusals:
        yield finding(False, "a refusal with a message", "no refusal")  # noqa: FBT003 - see finding
    expected = "a JSON object with a readable message" + (f" that names {' and '.join(words)}" if words else "")
    for refusal in refusals:
        problem = _unreadable(refusal, words)
        where = f"the subject's answer {refusal.status} to {refusal.what}"
        exchanges = (kit_exchange(refusal, refusal.body[:200]),)
        yield finding(not problem, expected, problem or "such a message", where, exchanges=exchanges)


@check
def _no_personal_data(seen: Observation, _args: object) -> Iterator[Finding]:
    kinds = [("personal data of the event", seen.personal), ("a secret", seen.secrets)]
    repeated = [
        (place, kind, datum)
        for place, text in seen.messages()
        for kind, data in kinds
        for datum in data
        if datum.casefold() in text.casefold()
    ]
    place, kind, datum = repeated[0] if repeated else ("", "", "")
    found = f"{kind}: {masked(datum)}" if repeated else "none of it"
    yield finding(not repeated, "answers without personal data and secrets", found, place, exchanges=())


@check
def _delivery(seen: Observation, args: Mapping[str, Any]) -> Iterator[Finding]:
    parts = [f"{name} {spelled(value)}" for name, value in args.items() if name != "attempts"]
    if "attempts" in args:
        parts.append(f"{ranged(args['attempts'])} attempts")
    for sent in seen.sent:
        delivery = next((item for item in seen.deliveries if item["messageId"] == sent.message_id), None)
        problem = "no delivery at all" if delivery is None else _delivered_otherwise(delivery, args)
        where = f"{_DELIVERIES}, messageId {sent.message_id}"
        yield finding(not problem, "a delivery with " + ", ".join(parts), problem or "such a delivery", where)


@check
def _calls(seen: Observation, args: Mapping[str, Any]) -> Iterator[Finding]:
    operations = [args["operation"]] if isinstance(args["operation"], str) else args["operation"]
    made = len(seen.calls(operations))
    fine = args.get("at_least", 0) <= made <= args.get("at_most", made)
    expected = f"{ranged(args)} calls of {' and '.join(operations)}"
    yield finding(fine, expected, counted(made, "call"), exchanges=seen.exchanges(operations))


@check
def _truthful(seen: Observation, _args: object) -> Iterator[Finding]:
    claims = [
        (answer.order, f"the answer {answer.status} to {answer.what}")
        for answer in seen.answers
        if is_success(answer.status)
    ]
    done = {item["messageId"] for item in seen.deliveries if item["state"] == "delivered"}
    claims += [
        (sent.order, f"Segment's delivery of {sent.message_id}") for sent in seen.sent if sent.message_id in done
    ]
    empty = [(order, claim) for order, claim in claims if order is not None and order not in seen.references]
    found = f"no invitation for order {empty[0][0]}" if empty else "one for each"
    expected = "an invitation for every order that was answered 2xx"
    yield finding(not empty, expected, found, empty[0][1] if empty else "")


def _about_invitations(seen: Observation) -> tuple[ExchangeSummary, ...]:
    """Return the exchanges of an order: in from Segment or the kit, out to Trustpilot."""
    return (
        *seen.exchanges(()),
        *seen.exchanges(("deliver", "createAccessToken", "refreshAccessToken", "createEmailInvitations")),
    )


def _said(answer: ReceivedAnswer) -> str:
    return answer.error or f"{answer.status} {answer.body[:160]}".strip()


def _delivered_otherwise(delivery: Item, args: Mapping[str, Any]) -> str:
    """Return how a delivery differs from the expected one; empty when it does not."""
    attempts = delivery["attempts"]
    last = attempts[-1] if attempts else {"status": None, "error": None}
    states = args.get("state", delivery["state"])
    if delivery["state"] not in ([states] if isinstance(states, str) else states):
        return f"state {delivery['state']}" + (f" ({delivery['reason']})" if delivery.get("reason") else "")
    if "status" in args and not fits(last["status"], args["status"]):
        return f"last answer {last['status'] or last.get('error')}"
    tries = args.get("attempts", {})
    if not tries.get("at_least", 0) <= len(attempts) <= tries.get("at_most", len(attempts)):
        return counted(len(attempts), "attempt")
    return ""


def _unreadable(answer: ReceivedAnswer, words: Iterable[str]) -> str:
    """Return what is wrong with the message of an answer, as a half-sentence; empty when nothing is.

    :param words: what the message has to name
    """
    if answer.content_type.partition(";")[0].strip().casefold() != "application/json":
        return f"Content-Type {answer.content_type or 'missing'}"
    try:
        body = json.loads(answer.body)
    except ValueError:
        return f"a body that is not valid JSON: {answer.body[:80]!r}"
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str) or not message.strip():
        return f"no member message with a text: {answer.body[:80]!r}"
    if len(message) > _LONGEST_MESSAGE or _NOT_FOR_PEOPLE.search(message):
        return f"a message that is not written for people: {message[:80]!r}"
    missing = [word for word in words if not any(_plain(one) in _plain(message) for one in named(word))]
    return f"a message that does not name {' and '.join(missing)}: {message!r}" if missing else ""


def _plain(text: str) -> str:
    # order_id, order id and Order ID mean the same to a person, and so do e-mail and email.
    return re.sub(r"[^a-z0-9]", "", text.casefold())
