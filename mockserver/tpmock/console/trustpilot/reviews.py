"""Service and product reviews: write as the consumer, reply and report as the company."""

from __future__ import annotations

from typing import Final

from flask import abort, render_template, request, url_for
from tpmock.console import trustpilot_calls
from tpmock.console.paging import page_of
from tpmock.console.states import PRODUCT_REVIEWS
from tpmock.console.trustpilot.blueprint import names_of, pages, units
from tpmock.console.views import Row, control, done, filled, form, search
from werkzeug.wrappers import Response

_COLLECTIONS: Final = {"service": "reviews", "product": "product-reviews"}
#: Filters, by their control API names.
_FILTERS: Final = {
    "service": ("businessUnitId", "stars", "referenceId", "reported"),
    "product": ("businessUnitId", "stars", "referenceId", "sku", "state"),
}


@pages.get("/reviews", defaults={"kind": "service"})
@pages.get("/product-reviews", defaults={"kind": "product"})
def reviews(kind: str) -> str:
    """List the reviews, newest first."""
    wanted = filled(search(*_FILTERS[kind]))
    rows, paging = page_of(_COLLECTIONS[kind], **wanted)
    everyone = units()
    return render_template(
        "trustpilot-reviews.html",
        kind=kind,
        reviews=rows,
        paging=paging,
        wanted=wanted,
        states=PRODUCT_REVIEWS,
        units=everyone,
        names=names_of(everyone),
    )


@pages.post("/reviews")
def write() -> Response:
    """Write an organic review."""
    form = {name: value.strip() for name, value in request.form.items() if name != "back" and value.strip()}
    body: Row = {**form, "stars": int(form["stars"]) if form.get("stars", "").isdecimal() else form.get("stars")}
    written = control("POST", "/reviews", body)
    return done("The review was written.", url_for("trustpilot.review", review_id=written["id"]))


@pages.get("/reviews/<review_id>")
def review(review_id: str) -> str:
    """Show a review with its actions."""
    one = _known(review_id)
    within = url_for("trustpilot.reviews", kind=one["type"])
    names = names_of(units())
    return render_template("trustpilot-review.html", review=one, names=names, states=PRODUCT_REVIEWS, within=within)


@pages.post("/reviews/<review_id>/reply")
def reply(review_id: str) -> Response:
    """Reply as the company, with Trustpilot's own API."""
    one, text = _known(review_id), form("message")["message"]
    if one["type"] == "service":
        trustpilot_calls.call("replyToServiceReview", {"message": text}, reviewId=review_id)
    else:
        begun = trustpilot_calls.call("createProductReviewConversation", {}, reviewId=review_id)
        trustpilot_calls.call("createComment", {"content": text}, conversationId=begun["conversationId"])
    return done("The reply was posted.")


@pages.post("/reviews/<review_id>/unreply")
def unreply(review_id: str) -> Response:
    """Delete the reply to a service review."""
    trustpilot_calls.call("deleteServiceReviewReply", reviewId=review_id)
    return done("The reply was deleted.")


@pages.post("/reviews/<review_id>/tag")
def tag(review_id: str) -> Response:
    """Add a tag, with Trustpilot's own API."""
    one = form("group", "value")
    trustpilot_calls.call("addServiceReviewTags", {"tags": [one]}, reviewId=review_id)
    return done(f"Tagged {one['group']}: {one['value']}.")


@pages.post("/reviews/<review_id>/untag")
def untag(review_id: str) -> Response:
    """Remove a tag, with Trustpilot's own API."""
    one = {name: request.form.get(name, "") for name in ("group", "value")}
    trustpilot_calls.call("deleteServiceReviewTag", query=one, reviewId=review_id)
    return done(f"Tag removed from {one['group']}: {one['value']}.")


@pages.post("/reviews/<review_id>/report")
def report(review_id: str) -> Response:
    """Report it, or withdraw the report."""
    reason = form("reason")["reason"]
    visibility = request.form.get("visibility", "visible")
    body = {"reasons": [reason], "reviewVisibility": visibility} if reason else None
    control("PATCH", f"/reviews/{review_id}", {"report": body})
    return done("The review was reported." if reason else "The report was withdrawn.")


@pages.post("/reviews/<review_id>/state")
def move(review_id: str) -> Response:
    """Publish, unpublish or archive a product review."""
    moved = control("PATCH", f"/reviews/{review_id}", {"state": request.form.get("state", "")})
    return done(f"The review is {moved['state']} now.")


@pages.post("/reviews/<review_id>/delete")
def delete(review_id: str) -> Response:
    """Delete a review as its author."""
    one = _known(review_id)
    control("DELETE", f"/reviews/{review_id}")
    return done("The review was deleted.", url_for("trustpilot.reviews", kind=one["type"]))


def _known(review_id: str) -> Row:
    found = [row for name in _COLLECTIONS.values() for row in control("GET", f"/{name}", id=review_id)[name]]
    if not found:
        abort(404, f"There is no review {review_id!r} in this sandbox.")
    return dict(found[0])
