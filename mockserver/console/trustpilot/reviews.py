"""What was written about companies and products: written as the consumer, answered and judged as the company."""

from __future__ import annotations

from typing import Any, Final

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from mockserver.console import calling
from mockserver.console.paging import paging
from mockserver.console.returning import back
from mockserver.console.states import PRODUCT_REVIEWS
from mockserver.console.trustpilot.room import Row, control, listed, pages, units

_COLLECTIONS: Final = {"service": "reviews", "product": "product-reviews"}
#: What can be filtered by, by the names of the control API.
_FILTERS: Final = {
    "service": ("businessUnitId", "stars", "referenceId", "reported"),
    "product": ("businessUnitId", "stars", "referenceId", "sku", "state"),
}


@pages.get("/reviews", defaults={"kind": "service"})
@pages.get("/product-reviews", defaults={"kind": "product"})
def reviews(kind: str) -> str:
    """The newest first."""
    given = {name: request.args.get(name, "").strip() for name in _FILTERS[kind]}
    wanted = {name: value for name, value in given.items() if value}
    here, collection = paging(), _COLLECTIONS[kind]
    found = control("GET", f"/{collection}", **wanted, **here.query)
    everyone = units()
    return render_template(
        "trustpilot-reviews.html",
        kind=kind,
        reviews=found[collection][::-1],
        paging=here.of(found["total"]),
        wanted=wanted,
        states=PRODUCT_REVIEWS,
        units=everyone,
        names={unit["id"]: unit["displayName"] for unit in everyone},
    )


@pages.post("/reviews")
def write() -> Response:
    """Write one as a consumer whom nobody invited."""
    form = {name: value.strip() for name, value in request.form.items() if name != "back" and value.strip()}
    body: Row = {**form, "stars": int(form["stars"]) if form.get("stars", "").isdecimal() else form.get("stars")}
    written = control("POST", "/reviews", body)
    flash("The review is written.", "done")
    return redirect(url_for("trustpilot.review", review_id=written["id"]), 303)


@pages.get("/reviews/<review_id>")
def review(review_id: str) -> str:
    """One, and what can be done about it."""
    one = _known(review_id)
    names = {unit["id"]: unit["displayName"] for unit in units()}
    within = url_for("trustpilot.reviews", kind=one["type"])
    return render_template("trustpilot-review.html", review=one, names=names, states=PRODUCT_REVIEWS, within=within)


@pages.post("/reviews/<review_id>/reply")
def reply(review_id: str) -> Response:
    """Answer as the company, by Trustpilot's own API."""
    one, text = _known(review_id), request.form.get("message", "").strip()
    if one["type"] == "service":
        calling.call("replyToServiceReview", {"message": text}, reviewId=review_id)
    else:
        begun = calling.call("createProductReviewConversation", {}, reviewId=review_id)
        calling.call("createComment", {"content": text}, conversationId=begun["conversationId"])
    flash("The company has answered.", "done")
    return back()


@pages.post("/reviews/<review_id>/unreply")
def unreply(review_id: str) -> Response:
    """Take the answer to a service review back."""
    calling.call("deleteServiceReviewReply", reviewId=review_id)
    flash("The answer is taken back.", "done")
    return back()


@pages.post("/reviews/<review_id>/tag")
def tag(review_id: str) -> Response:
    """Add a tag, by Trustpilot's own API."""
    one = {name: request.form.get(name, "").strip() for name in ("group", "value")}
    calling.call("addServiceReviewTags", {"tags": [one]}, reviewId=review_id)
    flash(f"Tagged {one['group']}: {one['value']}.", "done")
    return back()


@pages.post("/reviews/<review_id>/untag")
def untag(review_id: str) -> Response:
    """Take a tag away, by Trustpilot's own API."""
    one = {name: request.form.get(name, "") for name in ("group", "value")}
    calling.call("deleteServiceReviewTag", query=one, reviewId=review_id)
    flash(f"No longer tagged {one['group']}: {one['value']}.", "done")
    return back()


@pages.post("/reviews/<review_id>/report")
def report(review_id: str) -> Response:
    """Have it reported, or the report withdrawn."""
    reason = request.form.get("reason", "").strip()
    hidden = request.form.get("visibility", "visible")
    told: Any = {"reasons": [reason], "reviewVisibility": hidden} if reason else None
    control("PATCH", f"/reviews/{review_id}", {"report": told})
    flash("The review is reported." if reason else "The report is withdrawn.", "done")
    return back()


@pages.post("/reviews/<review_id>/state")
def move(review_id: str) -> Response:
    """Publish, hold back or put away a product review."""
    moved = control("PATCH", f"/reviews/{review_id}", {"state": request.form.get("state", "")})
    flash(f"The review is {moved['state']} now.", "done")
    return back()


@pages.post("/reviews/<review_id>/delete")
def delete(review_id: str) -> Response:
    """Its writer takes it back."""
    one = _known(review_id)
    control("DELETE", f"/reviews/{review_id}")
    flash("Its writer took the review back.", "done")
    return redirect(url_for("trustpilot.reviews", kind=one["type"]), 303)


def _known(review_id: str) -> Row:
    found = [row for collection in _COLLECTIONS.values() for row in listed(collection, id=review_id)]
    if not found:
        abort(404, f"There is no review {review_id!r} in this sandbox.")
    return found[0]
