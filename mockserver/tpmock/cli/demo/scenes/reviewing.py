"""A week later: email, review, webhook, reply."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from tpmock.cli.demo.context import DemoContext, SceneResult, called
from tpmock.console.filters import moment

_REVIEW: Final = {"stars": 5, "title": "Came in two days", "text": "Well packed, and just what I ordered."}
_REPLY: Final = "Thank you, Grace. Enjoy it!"


def play(context: DemoContext) -> SceneResult:
    """Write a review as the buyer, reply as the shop, and read both as the public."""
    order = context.kept["order"]
    hook = f"{context.url}/webhook/{context.run}"
    context.control_api("POST", "/webhook-subscriptions", {"event": "service-review-created", "url": hook})
    result = context.begin(order)
    context.advance("7d")
    mail = context.invitations(order)[0]
    result.note(f"The email of order {order} was sent at {moment(mail['sentAt'])}.", ok=mail["state"] == "delivered")
    review = context.control_api("POST", "/reviews", {"invitation": order, **_REVIEW})
    context.kept |= {"review": review["id"], "consumer": review["consumerId"]}
    context.rest()
    result.note(f"The buyer wrote a review with {review['stars']} stars: {review['title']}.")
    result.note(f"Webhooks received at {hook}: {len(context.posted)}.", ok=len(context.posted) == 1)
    leaked = context.address in str(context.posted)
    result.note(
        "The webhook holds no e-mail address." if not leaked else "The webhook holds the e-mail address.", ok=not leaked
    )
    token = context.access_token()
    replied = context.trustpilot("POST", f"/v1/private/reviews/{review['id']}/reply", token, {"message": _REPLY})
    result.note("The reply was posted with the API.", ok=replied.status_code == HTTPStatus.CREATED)
    public = context.trustpilot("GET", f"/v1/reviews/{review['id']}").json()
    shown = (public.get("companyReply") or {}).get("text")
    result.note("The reply is public under the review.", ok=shown == _REPLY)
    result.exchanges = context.exchanges()
    posts = [entry for entry in result.exchanges if entry["direction"] == "out" and entry["url"] == hook]
    rows = [(moment(entry["at"]), entry["url"], entry["status"] or entry["error"]) for entry in posts]
    result.table("Webhooks", ("At", "To", "Answer"), rows)
    seen = [(name, public[name]) for name in ("stars", "title", "text")]
    result.table("What the public sees", ("Field", "Value"), [*seen, ("reply", shown)])
    result.note(f"Requests for the reply: {len(called(result.exchanges, 'replyToServiceReview'))}.")
    return result
