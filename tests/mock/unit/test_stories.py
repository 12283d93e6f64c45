"""Why was nothing sent? Every ending has its sentence."""

from __future__ import annotations

from typing import Any

import pytest
from tpmock.control import trace_story
from tpmock.journal.traces import Fact, Step, Trace

CALL = ("POST", "/v1/private/business-units/x/email-invitations")


def a_trace(*told: tuple[Any, ...]) -> Trace:
    steps = [Step(number, 0.0, what, "orderId", None, tuple(facts)) for number, (what, *facts) in enumerate(told)]
    return Trace("trace-1", 0.0, ["orderId:1"], steps)


RECEIVED = ("event-received", "track", "Order Completed", None)
DELIVERED = ("delivery-delivered", "Trustpilot", None, 200, "Thanks", None)
RETRY = ("delivery-awaiting-retry", "Trustpilot", "errors.awaiting-retry.503", 503, None, 60.0)
INVITED = ("call", "createEmailInvitations", *CALL, 202, None, None)
QUEUED = ("invitation-queued", "m", "service", 120.0, None)
PRODUCT_QUEUED = ("invitation-queued", "p", "product", 180.0, None)
ARRIVED = ("invitation-delivered", "m", "service", 120.0, None)
UNANSWERED = ("call", "createEmailInvitations", *CALL, None, "ECONNRESET", "Fault 1 of this sandbox.")
REFUSED = ("call", "createEmailInvitations", *CALL, 403, None, "No role.")


NOT_TAKEN = (
    "The destination Trustpilot did not accept it (503: the destination is temporarily unavailable); "
    "Segment retries at 1970-01-01T00:01:00Z."
)
IN_QUEUE = "Queued: The service invitation is queued until 1970-01-01T00:02:00Z."
PRODUCT_IN_QUEUE = "The product invitation is queued until 1970-01-01T00:03:00Z."
NOTHING = "Nothing was sent. "
#: Events of a trace, and their sentences.
ENDINGS: list[tuple[list[tuple[Any, ...]], str]] = [
    ([], "Nothing that leads to an invitation happened."),
    (
        [("event-dropped", "track", None, "event_not_defined")],
        NOTHING + "Segment dropped the event: the track call has no event name (event_not_defined).",
    ),
    ([("event-dropped", "track", None, "a_new_code")], NOTHING + "Segment dropped the event: a_new_code."),
    ([RECEIVED], "On its way: Segment accepted the event: track Order Completed, and delivers it."),
    ([RECEIVED, ("not-connected", "shop")], NOTHING + "No destination is connected to the source shop."),
    (
        [RECEIVED, ("delivery-filtered", "Trustpilot", "UNSUPPORTED_EVENT_TYPE", None, None, None)],
        NOTHING + "Segment did not send the event to the destination Trustpilot: "
        "this destination does not accept calls of this type (UNSUPPORTED_EVENT_TYPE).",
    ),
    (
        [RECEIVED, ("delivery-discarded", "Trustpilot", "errors.discarded.400", 400, "No email.", None)],
        NOTHING + "The destination Trustpilot rejected it (400: No email.); "
        "Segment discards it as errors.discarded.400.",
    ),
    ([RECEIVED, RETRY], NOTHING + NOT_TAKEN),
    (
        [RECEIVED, DELIVERED],
        NOTHING + "The destination Trustpilot accepted it (200: Thanks), "
        "and no call that names this order asked Trustpilot for an invitation.",
    ),
    ([RECEIVED, REFUSED, RETRY], NOTHING + "Trustpilot refused the invitation with 403: No role. " + NOT_TAKEN),
    (
        [RECEIVED, UNANSWERED, DELIVERED],
        NOTHING + "Trustpilot gave no answer (ECONNRESET): Fault 1 of this sandbox.",
    ),
    ([RECEIVED, REFUSED, DELIVERED], NOTHING + "Trustpilot refused the invitation with 403: No role."),
    ([RECEIVED, REFUSED, RETRY, INVITED, QUEUED, DELIVERED], IN_QUEUE),
    (
        [INVITED, QUEUED, PRODUCT_QUEUED, ARRIVED],
        f"Delivered, and no review yet: The service invitation was delivered; {PRODUCT_IN_QUEUE}",
    ),
    (
        [QUEUED, ("invitation-not-delivered", "m", "service", 120.0, "bounced")],
        "Not delivered: The service invitation was not delivered (bounced).",
    ),
    (
        [QUEUED, ("invitation-deleted", "m", "service", 120.0, None)],
        "Deleted: The service invitation was deleted with the invitation data.",
    ),
    (
        [("link-made", "l", "product")],
        "Not reviewed yet: A link for a product review was created; Trustpilot does not send it.",
    ),
    (
        [QUEUED, ARRIVED, ("review-written", "r", "service", 4), ("review-revised", "r", "service", 2)],
        "Reviewed: The service review was revised; it has 2 stars now.",
    ),
    ([RECEIVED, QUEUED, ("event-dropped", "track", None, "duplicate")], IN_QUEUE),
]


@pytest.mark.parametrize(("told", "outcome"), ENDINGS)
def test_the_outcome_says_how_far_it_came_and_why_no_further(told: list[tuple[Any, ...]], outcome: str) -> None:
    assert trace_story.outcome(a_trace(*told)) == outcome


@pytest.mark.parametrize("what", trace_story.kinds())
def test_every_kind_of_step_has_its_sentence(what: str) -> None:
    facts: tuple[Fact, ...] = tuple(5.0 if name.endswith("At") else "x" for name in trace_story.kinds()[what].facts)
    sentence = trace_story.sentence(Step(1, 0.0, what, "cause", None, facts))
    assert len(sentence) > 10
    assert sentence[-1] != "."
