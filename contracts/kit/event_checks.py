"""The checks about events and invitations; see :mod:`contracts.kit.judging`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.kit.findings import Exchange, Finding
from contracts.kit.judging import check, finding_of
from contracts.kit.observation import Answer, Item, Observation, is_success
from contracts.kit.readable import unreadable
from contracts.kit.wording import counted, fits, masked, ranged, spelled

_FAILING = 400

_INVITATIONS = "GET /_mock/sandboxes/{id}/invitations"
_DELIVERIES = "GET /_mock/sandboxes/{id}/segment/deliveries"
_ANSWERS = "the subject's answers"
_TOO_MANY = "Invite once for each order id, and for Order Completed only (tpmock test --explain invitation_count)."
_TOO_FEW = "Follow the exchanges from the event to Trustpilot's answer: the last refusal or hint is the reason."
_SAY_WHY = 'Answer {"message": "..."} in one plain sentence that names the field or setting at fault.'


@check
def _invitation(seen: Observation, told: Mapping[str, Any]) -> Iterator[Finding]:
    """Exactly one invitation with this reference number was made, and its fields are the order's.

    Why it matters: the reference number is how a review finds its way back to the order, and the e-mail address is
    where the mail goes. Two invitations are two mails to one buyer.

    How to fix: send referenceNumber = the order id as text, consumerEmail = the buyer's address, consumerName =
    name and surname with one space between; and remember, in storage that outlives the process, which orders were
    invited.
    """
    reference = str(told["referenceNumber"])
    made = [item for item in seen.invitations if str(item.get("referenceNumber")) == reference]
    others = sorted({str(item.get("referenceNumber")) for item in seen.invitations} - {reference})
    found = counted(len(made), "invitation") + (
        f"; there are invitations for {', '.join(others)}" if others and not made else ""
    )
    yield finding_of(
        passed=len(made) == 1,
        expected=f"exactly 1 invitation with referenceNumber {reference}",
        found=found,
        where=_INVITATIONS,
        advice=_TOO_MANY if len(made) > 1 else _TOO_FEW,
        exchanges=_about_invitations(seen),
    )
    for field, expected in told.items() if made else ():
        actual = made[0].get(field)
        if str(actual) != str(expected):
            yield finding_of(
                passed=False,
                expected=f"{field} {expected!r}",
                found=f"{field} {actual!r}",
                where=f"{_INVITATIONS}, referenceNumber {reference}",
                advice=f"Take {field} from the order event; see the requirement of the case.",
                exchanges=_about_invitations(seen),
            )


@check
def _invitation_count(seen: Observation, told: int) -> Iterator[Finding]:
    """So many invitations were made in this case, and no two for the same order.

    Why it matters: an invitation is a mail to a person. One that should not exist cannot be called back; one that
    is missing is a review that will never be written.

    How to fix: invite for Order Completed events with an order id and an e-mail address only, and once for each
    order id, however often and however close together the event arrives: claim the order id in one atomic write
    before calling Trustpilot.
    """
    references = [str(item.get("referenceNumber")) for item in seen.invitations]
    twice = sorted(reference for reference, count in Counter(references).items() if count > 1)
    found = counted(len(references), "invitation") + (f", several of them for {', '.join(twice)}" if twice else "")
    if references and len(references) != told and not twice:
        found += f": for {', '.join(references[:5])}"
    yield finding_of(
        passed=len(references) == told and not twice,
        expected=counted(told, "invitation") + (", each for another order" if told > 1 else ""),
        found=found,
        where=_INVITATIONS,
        advice=_TOO_MANY if len(references) > told or twice else _TOO_FEW,
        exchanges=_about_invitations(seen),
    )


@check
def _answer(seen: Observation, told: Any) -> Iterator[Finding]:
    """Every answer to the kit's own posts has the right status.

    Why it matters: Segment knows nothing but the status. 2xx means done; 400, 401, 403 mean that the event is
    thrown away and the customer reads why; 429 and 5xx except 501 mean that Segment tries again for four hours. A
    wrong status loses an order or repeats it.

    How to fix: 200 for what was processed, including orders that were dealt with before; 400 for an order that can
    never work; 401 for a wrong integration key; 501 for a type of call that is not supported; 429 or 503 for what
    may work later.
    """
    wrong = [answer for answer in seen.answers if not fits(answer.status, told)]
    first = wrong[0] if wrong else None
    yield finding_of(
        passed=bool(seen.answers) and not wrong,
        expected=f"status {spelled(told)}" + (f" {len(seen.answers)} times" if len(seen.answers) > 1 else ""),
        found=_said(first) if first else counted(len(seen.answers), "fitting answer"),
        where=f"the subject's answer to {first.what}" if first else "the subject's answers",
        advice="Answer with the status that tells Segment what became of the event (tpmock test --explain answer).",
        exchanges=tuple(
            Exchange(None, f"the kit to the destination: {answer.what}", answer.status, _said(answer))
            for answer in wrong
        ),
    )


@check
def _message(seen: Observation, told: Mapping[str, Any]) -> Iterator[Finding]:
    """Every refusal carries {"message": "..."} as application/json, readable, and naming what the case asks for.

    Why it matters: Segment shows exactly this text in Event Delivery. It is the only thing the customer ever learns
    about a lost order.

    How to fix: answer every 4xx and 5xx with a JSON object whose member message is one or two plain sentences that
    name the field or the setting at fault; no HTML, no stack trace.
    """
    names = told.get("names", [])
    words = [names] if isinstance(names, str) else names
    refusals = [answer for answer in seen.answers if answer.status is not None and answer.status >= _FAILING]
    if not refusals:
        yield finding_of(
            passed=False, expected="a refusal with a message", found="no refusal", where=_ANSWERS, advice=_SAY_WHY
        )
    for refusal in refusals:
        problem = unreadable(refusal, words)
        yield finding_of(
            passed=not problem,
            expected="a JSON object with a readable message" + (f" that names {' and '.join(words)}" if words else ""),
            found=problem or "such a message",
            where=f"the subject's answer {refusal.status} to {refusal.what}",
            advice=_SAY_WHY,
            exchanges=(
                Exchange(None, f"the kit to the destination: {refusal.what}", refusal.status, refusal.body[:200]),
            ),
        )


@check
def _no_personal_data(seen: Observation, told: bool) -> Iterator[Finding]:  # noqa: ARG001, FBT001 - every check takes what it is told
    """No answer of the subject repeats an e-mail address, a name or a secret.

    Why it matters: Segment stores these texts and shows them to everybody in the workspace. Personal data does not
    belong there, and neither do keys.

    How to fix: name the field, never its value. Do not pass on texts of exceptions or of Trustpilot unread.
    """
    kinds = [("personal data of the event", seen.personal), ("a secret", seen.secrets)]
    told_off = [
        (place, kind, datum)
        for place, text in seen.messages()
        for kind, data in kinds
        for datum in data
        if datum.casefold() in text.casefold()
    ]
    place, kind, datum = told_off[0] if told_off else ("the subject's answers", "", "")
    yield finding_of(
        passed=not told_off,
        expected="answers without personal data and secrets",
        found=f"{kind}: {masked(datum)}" if told_off else "none of it",
        where=place,
        advice="Name the field, never its value.",
        exchanges=(),
    )


@check
def _delivery(seen: Observation, told: Mapping[str, Any]) -> Iterator[Finding]:
    """Segment's delivery of every event of the case ended in this way.

    Why it matters: what may work later has to be tried again, what can never work has to be discarded with a
    reason, and nothing may be thrown away that could still become an invitation.

    How to fix: answer 429 or 503 when Trustpilot is limiting or down, 400, 401 or 403 when trying again is
    pointless, 2xx when it is done; answer within Segment's time-out.
    """
    for sent in seen.sent:
        delivery = next((item for item in seen.deliveries if item["messageId"] == sent.message_id), None)
        problem = "no delivery at all" if delivery is None else _delivered_otherwise(delivery, told)
        parts = [f"{name} {spelled(value)}" for name, value in told.items() if name != "attempts"]
        if "attempts" in told:
            parts.append(f"{ranged(told['attempts'])} attempts")
        yield finding_of(
            passed=not problem,
            expected="a delivery with " + ", ".join(parts),
            found=problem or "such a delivery",
            where=f"{_DELIVERIES}, messageId {sent.message_id}",
            advice="Answer with the status that tells Segment what to do next (tpmock test --explain answer).",
        )


@check
def _calls(seen: Observation, told: Mapping[str, Any]) -> Iterator[Finding]:
    """So many calls of these operations together reached Trustpilot in this case.

    Why it matters: Trustpilot limits calls, and limits token calls hard. An access token lives for 100 hours; a
    call for each event is a call too many, and a refusal that is final stays final however often it is asked for.

    How to fix: keep the access token until shortly before it expires, share it between requests, ask for a new one
    once when Trustpilot answers 401, and do not repeat what was refused with another 4xx.
    """
    operations = [told["operation"]] if isinstance(told["operation"], str) else told["operation"]
    made = seen.calls(operations)
    fine = told.get("at_least", 0) <= len(made) <= told.get("at_most", len(made))
    yield finding_of(
        passed=fine,
        expected=f"{ranged(told)} calls of {' and '.join(operations)}",
        found=counted(len(made), "call"),
        where="GET /_mock/sandboxes/{id}/journal",
        advice="Look at what made these calls (tpmock test --explain calls).",
        exchanges=seen.exchanges(operations),
    )


@check
def _truthful(seen: Observation, told: bool) -> Iterator[Finding]:  # noqa: ARG001, FBT001 - every check takes what it is told
    """Whatever was answered with 2xx has an invitation.

    Why it matters: after a 2xx Segment never sends the event again. An order that was taken and then lost is lost
    for good, and nobody learns of it.

    How to fix: answer 2xx only after Trustpilot has taken the invitation; 429 or 503 when it may work later, 4xx
    when it cannot.
    """
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
    yield finding_of(
        passed=not empty,
        expected="an invitation for every order that was answered with 2xx",
        found=f"no invitation for order {empty[0][0]}" if empty else "one for each",
        where=empty[0][1] if empty else _INVITATIONS,
        advice="Answer 2xx only after Trustpilot has taken the invitation.",
    )


def _about_invitations(seen: Observation) -> tuple[Exchange, ...]:
    """The way of an order: in from Segment or the kit, out to Trustpilot."""
    return (
        *seen.exchanges(()),
        *seen.exchanges(("deliver", "createAccessToken", "refreshAccessToken", "createEmailInvitations")),
    )


def _said(answer: Answer) -> str:
    return answer.error or f"{answer.status} {answer.body[:160]}".strip()


def _delivered_otherwise(delivery: Item, told: Mapping[str, Any]) -> str:
    """In what a delivery differs from what it should be; empty when in nothing."""
    attempts = delivery["attempts"]
    last = attempts[-1] if attempts else {"status": None, "error": None}
    if "state" in told and delivery["state"] not in (
        [told["state"]] if isinstance(told["state"], str) else told["state"]
    ):
        return f"state {delivery['state']}" + (f" ({delivery['reason']})" if delivery.get("reason") else "")
    if "status" in told and not fits(last["status"], told["status"]):
        return f"last answer {last['status'] or last.get('error')}"
    tries = told.get("attempts", {})
    if not tries.get("at_least", 0) <= len(attempts) <= tries.get("at_most", len(attempts)):
        return counted(len(attempts), "attempt")
    return ""
