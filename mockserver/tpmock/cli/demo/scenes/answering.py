"""Questions of an engineer, each answered by what the programs do."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from tpmock.cli.demo import contract_run
from tpmock.cli.demo.artefacts import Cells, Code, Counts, Fields, Grid, SceneResult, Tone
from tpmock.cli.demo.context import DESTINATION, WORDS, DemoContext
from tpmock.cli.demo.scenes.pieces import funnel, review_card
from tpmock.cli.demo.scenes.stores import metrics, stores
from tpmock.console.views import counted

#: Order numbers of this scene.
_FAIR: Final = (30, 31, 32)
_PRODUCTS: Final = 33
_REFUSED: Final = 34
#: What is different about the buyers of the first question.
_UNLIKE: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("a small order", {"revenue": 4.9}),
    ("a large order", {"revenue": 4900.0}),
    ("a buyer who complained", {"complaint": True}),
)
_SECRETS: Final = ("apiSecret", "partnerApiSecret", "password", "partnerPassword", "integrationKey")
_LAMP: Final = {
    "product_id": "lamp-1",
    "sku": "LAMP-1",
    "name": "Desk lamp",
    "url": "https://shop.example.com/lamp",
    "image_url": "https://shop.example.com/lamp.png",
    "brand": "Lumen",
}
#: Maximum number of lines of metrics on a slide.
_LINES: Final = 9


def play(context: DemoContext) -> SceneResult:
    """Answer each question with a slide of its own."""
    result = context.begin()
    for name, question in WORDS["questions"].items():
        result.slide(question)
        _ANSWERS[name](context, result)
    result.exchanges = context.exchanges()
    return result


def _fair(context: DemoContext, result: SceneResult) -> None:
    """Send orders of buyers who differ, and compare their invitations."""
    rows: list[Cells] = []
    alike: set[str] = set()
    for number, (what, changes) in zip(_FAIR, _UNLIKE, strict=True):
        order = context.order(number, email=f"buyer-{number}.{context.run}@example.com", **changes)
        found = context.invitations(order)
        templates = ", ".join(str(one.get("serviceReviewInvitation", {}).get("templateId", "")) for one in found)
        rows.append((what[0].upper() + what[1:], order, counted(len(found), "invitation"), templates))
        alike.add(f"{len(found)} {templates}")
    result.show(Grid("", ("Buyer", "Order", "Invited", "Template"), rows))
    result.note("Every buyer is invited once, with the same template.", ok=len(alike) == 1 and alike.pop()[:2] == "1 ")
    result.note("Guidelines forbid to choose whom to invite, and incentives for a review.")
    result.table("Fair invitations", ("Buyer", "Order", "Invited", "Template"), rows)


def _products(context: DemoContext, result: SceneResult) -> None:
    """Send an order with a product; show what was asked for, and what the public sees of the shop."""
    order = context.order(_PRODUCTS, email=f"buyer-p.{context.run}@example.com", products=[_LAMP])
    kinds = [str(one["type"]) for one in context.invitations(order)]
    unit = context.known["businessUnitId"]
    shop = context.trustpilot("GET", f"/v1/business-units/{unit}").json()
    reviews = context.trustpilot("GET", f"/v1/business-units/{unit}/reviews?perPage=1").json()["reviews"]
    score = shop["score"]
    shown = [("shop", shop["displayName"]), ("TrustScore", str(score["trustScore"])), ("stars", str(score["stars"]))]
    total = shop["numberOfReviews"]["total"]
    result.show(Fields("What a showcase shows", [*shown, ("reviews", f"{total:,}")]))
    if reviews:
        result.show(review_card("Its newest review, unedited", reviews[0]))
    said = " and ".join(kinds) or "nothing"
    result.note(f"An order with a product asked for: {said}.", ok="service" in kinds)
    if "showcase" in context.claims:
        own = context.act("showcase", {"domain": context.known["domain"]})
        same = own.status_code == HTTPStatus.OK and own.json().get("total") == total
        result.note("The program's showcase shows the same number of reviews.", ok=same)
    else:
        result.note("The program claims no showcase; these are the API's figures.")


def _secrets(context: DemoContext, result: SceneResult) -> None:
    """Search all that is kept for the secrets that the program was given."""
    secrets = {name: str(context.known[name]) for name in _SECRETS}
    if "integrationKey" in context.kept:
        secrets["the customer's key"] = str(context.kept["integrationKey"])
    rows: list[Cells] = []
    tones: list[Tone] = []
    for place, text in stores(context):
        found = [name for name, secret in secrets.items() if secret in text]
        rows.append((place, f"{len(text):,}", ", ".join(found) or "none"))
        tones.append("bad" if found else "good")
    headings = ("Where", "Characters searched", "Secrets in clear text")
    result.show(Grid("", headings, rows, tones))
    result.note(f"{counted(len(secrets), 'secret')} searched for, in all that is kept.", ok="bad" not in tones)
    result.table("Secrets at rest", headings, rows)


def _monitoring(context: DemoContext, result: SceneResult) -> None:
    """Show the program's own metrics, and what Segment measures of it."""
    lines = [
        line for line in metrics(context).splitlines() if line and not line.startswith(("#", "process_", "python_"))
    ]
    lines = [line for line in lines if "_bucket" not in line and "_created" not in line]
    if lines:
        result.show(Code(f"{context.destination}/metrics", "\n".join(lines[:_LINES])))
        result.note(f"The program serves {counted(len(lines), 'metric')} of its own.", ok=True)
    else:
        result.note("The program serves no metrics at /metrics; its logs and Segment remain.")
    if context.destination:
        seen = context.control_api("GET", f"/segment/destinations/{DESTINATION}/event-delivery")
        counts: list[tuple[int, str, Tone]] = [
            (seen["delivered"], "delivered", "good"),
            (seen["notDelivered"], "not delivered", "bad" if seen["notDelivered"] else "calm"),
            (round(seen["p95LatencyMilliseconds"] or 0), "ms for 95 % of them", "calm"),
        ]
        result.show(Counts("Segment's Event Delivery page", counts))


def _merchant(context: DemoContext, result: SceneResult) -> None:
    """Show Segment's pages as the merchant sees them."""
    if not context.destination:
        result.note("Orders do not come by Segment; the merchant sees nothing there.")
        return
    context.order(_REFUSED, email=None)
    result.show(funnel(context, "Delivery Overview"))
    errors = context.control_api("GET", f"/segment/destinations/{DESTINATION}/event-delivery")["errors"]
    rows: list[Cells] = [_error(one) for one in errors]
    result.show(Grid("Event Delivery: errors with their reasons", ("Reason", "Events"), rows[:4]))
    result.note("Each event that was not delivered has a reason there.", ok=all(reason for reason, _ in rows))


def _error(one: dict[str, Any]) -> Cells:
    return f"{one['code']}: {one['description']}", str(one["count"])


def _support(context: DemoContext, result: SceneResult) -> None:  # noqa: ARG001 - the form of an answer
    """Name what people have to show."""
    people = [row for row in contract_run.requirements() if row.get("person")]
    rows: list[Cells] = [(row["id"], row["text"], row["person"]) for row in people]
    result.show(Grid("", ("No.", "Requirement", "What a person shows"), rows))
    result.note("No program can answer this: say the name, the address and the hours aloud.")


_ANSWERS: Final[dict[str, Callable[[DemoContext, SceneResult], None]]] = {
    "fair": _fair,
    "products": _products,
    "secrets": _secrets,
    "monitoring": _monitoring,
    "merchant": _merchant,
    "support": _support,
}
