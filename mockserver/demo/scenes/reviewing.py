"""A week later: mail, review, webhook, reply."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from mockserver.console.shown import moment
from mockserver.demo.stage import Cells, Outcome, Stage, Table, called

_REVIEW: Final = {"stars": 5, "title": "Came in two days", "text": "Well packed, and just what I ordered."}
_REPLY: Final = "Thank you, Grace. Enjoy it!"


def play(stage: Stage, choice: str) -> Outcome:  # noqa: ARG001 - there is nothing to choose
    """The buyer writes, the shop answers, the public reads."""
    order = stage.kept["order"]
    hook = f"{stage.place.demo}/webhook/{stage.run}"
    stage.bench("POST", "/webhook-subscriptions", {"event": "service-review-created", "url": hook})
    begun = stage.newest()
    stage.advance("7d")
    outcome = Outcome(orders=[order])
    mail = stage.invitations(order)[0]
    outcome.see(f"The mail of order {order} left at {moment(mail['sentAt'])}.", good=mail["state"] == "delivered")
    review = stage.bench("POST", "/reviews", {"invitation": order, **_REVIEW})
    stage.kept |= {"review": review["id"], "consumer": review["consumerId"]}
    stage.rest()
    outcome.see(f"The buyer wrote a review with {review['stars']} stars: {review['title']}.")
    outcome.see(f"Webhooks that came to {hook}: {len(stage.posted)}.", good=len(stage.posted) == 1)
    told = stage.address in str(stage.posted)
    outcome.see("The webhook holds no e-mail address." if not told else "The webhook tells the address.", good=not told)
    token = stage.access_token()
    replied = stage.trustpilot("POST", f"/v1/private/reviews/{review['id']}/reply", token, {"message": _REPLY})
    outcome.see("The reply is posted by the API.", good=replied.status_code == HTTPStatus.CREATED)
    public = stage.trustpilot("GET", f"/v1/reviews/{review['id']}").json()
    shown = (public.get("companyReply") or {}).get("text")
    outcome.see("The public sees the reply under the review.", good=shown == _REPLY)
    outcome.exchanges = stage.exchanges(begun)
    posts = [entry for entry in outcome.exchanges if entry["direction"] == "out" and entry["url"] == hook]
    rows: list[Cells] = [(moment(entry["at"]), entry["url"], str(entry["status"] or entry["error"])) for entry in posts]
    outcome.tables.append(Table("Webhooks", ("At", "To", "Answer"), rows))
    rows = [
        ("stars", str(public["stars"])),
        ("title", public["title"]),
        ("text", public["text"]),
        ("reply", str(shown)),
    ]
    outcome.tables.append(Table("What the public sees", ("Field", "Value"), rows))
    outcome.see(f"Calls for the reply: {len(called(outcome.exchanges, 'replyToServiceReview'))}.")
    return outcome
