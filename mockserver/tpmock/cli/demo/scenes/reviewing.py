"""A week later: email, review, webhook, reply."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final

import requests
from tpmock.cli.demo.artefacts import Code, SceneResult
from tpmock.cli.demo.context import DemoContext, Row
from tpmock.cli.demo.scenes.pieces import mail, review_card
from tpmock.console.filters import moment

_REVIEW: Final = {"stars": 5, "title": "Came in two days", "text": "Well packed, and just what I ordered."}
_REPLY: Final = "Thank you, Grace. Enjoy it!"
#: Maximum number of lines of a body that fit on a slide.
_LINES: Final = 40


def play(context: DemoContext) -> SceneResult:
    """Write a review as the buyer, reply as the shop, and read both as the public."""
    order = context.made("order")
    hook = f"{context.url}/webhook/{context.run}"
    context.control_api("POST", "/webhook-subscriptions", {"event": "service-review-created", "url": hook})
    result = context.begin(order)
    context.advance("7d")
    invitation = context.invitations(order)[0]
    letter = context.mail(invitation)
    review = context.control_api("POST", "/reviews", {"invitation": order, **_REVIEW})
    context.kept |= {"review": review["id"], "consumer": review["consumerId"]}
    context.rest()
    replied = _reply(context, review["id"])
    public = context.trustpilot("GET", f"/v1/reviews/{review['id']}").json()
    arrived = f"Arrived at {moment(invitation['sentAt'])}" if invitation["sentAt"] else "Not sent"
    card = review_card("What the public sees", public)
    result.slide("From the email to a review, and to a reply", mail(arrived, letter), card, flows=True)
    result.note(f"The email of order {order} was sent when it was due.", ok=invitation["state"] == "delivered")
    result.note("The reply was posted with the API.", ok=replied.status_code in (HTTPStatus.OK, HTTPStatus.CREATED))
    result.note("The reply is public under the review.", ok=card.reply == _REPLY)
    _show_webhook(context, result)
    result.exchanges = context.exchanges()
    posts = [entry for entry in result.exchanges if entry["direction"] == "out" and entry["url"] == hook]
    rows = [(moment(entry["at"]), entry["url"], entry["status"] or entry["error"]) for entry in posts]
    result.table("Webhooks", ("At", "To", "Answer"), rows)
    return result


def _reply(context: DemoContext, review: str) -> requests.Response:
    """Reply by the program's own action if it claims so, or else as the business does."""
    if "reply" in context.claims:
        return context.act("reply", {"review": review, "text": _REPLY})
    token = context.access_token()
    return context.trustpilot("POST", f"/v1/private/reviews/{review}/reply", token, {"message": _REPLY})


def _show_webhook(context: DemoContext, result: SceneResult) -> None:
    """Show the first body that arrived, without what does not fit."""
    posted: list[Row] = context.posted
    result.slide("A webhook reports the review as soon as it is published")
    if posted:
        result.show(Code("The body that arrived", _excerpt(posted[0])))
    result.note(f"Webhooks received: {len(posted)}.", ok=len(posted) == 1)
    leaked = context.address in str(posted)
    said = "The webhook holds the e-mail address." if leaked else "The webhook holds no e-mail address."
    result.note(said, ok=not leaked)


def _excerpt(body: Any) -> str:
    lines = json.dumps(body, indent=2, ensure_ascii=False).splitlines()
    if len(lines) <= _LINES:
        return "\n".join(lines)
    return "\n".join([*lines[:_LINES], f"… {len(lines) - _LINES} more lines"])
