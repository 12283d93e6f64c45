"""Page "Controls": clock, faults, variants, sandboxes, snapshots, memory and usage."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, g, render_template, request
from tpmock.console import fault_form
from tpmock.console.views import Row, control, done, form, problem, row_limit, search
from werkzeug.wrappers import Response

TITLE: Final = "Controls"
pages = Blueprint("controls", __name__)

#: Default number of timeline entries and sandboxes shown.
FEW: Final = 12
MANY: Final = 200

#: Labels of dropped things whose control API name needs one.
_KINDS: Final = {"messageIds": "message ids", "audiences": "profiles of audiences"}


@pages.get("/")
def index() -> str:
    """Show the page, with a section for each control."""
    call = g.client.control.call
    kinds = call("GET", "/fault-kinds")
    most = row_limit(FEW, MANY)
    everywhere = call("GET", "/sandboxes", None, {"limit": most})
    sandbox = control("GET", "")
    return render_template(
        "controls.html",
        memory=sandbox["memory"],
        gone=[(_KINDS.get(name, name), count) for name, count in sandbox["dropped"].items() if count],
        timeline=control("GET", "/timeline", limit=most),
        faults=control("GET", "/faults")["faults"],
        kinds=kinds["faultKinds"],
        words=kinds["words"],
        calls=_names_of_calls(call("GET", "/coverage")["operations"]),
        examples=fault_form.EXAMPLES,
        variants=_matching_variants(control("GET", "/variants")["variants"]),
        snapshots=control("GET", "/snapshots")["snapshots"],
        usage=control("GET", "/usage")["usage"],
        sandboxes=_near(everywhere["sandboxes"], most),
        existing=everywhere["total"],
    )


def _names_of_calls(operations: list[Row]) -> list[str]:
    """Return the suggestions for a fault's operation."""
    served = [row["operationId"] for row in operations if row["api"] not in ("control", "segment-destination")]
    return [*fault_form.GOING_OUT, *served]


def _matching_variants(variants: list[Row]) -> Row:
    """Return the matching variants, changed ones first."""
    word = search("variant")["variant"]
    found = [one for one in variants if word.lower() in f"{one['name']} {one['summary']} {one['values']}".lower()]
    found.sort(key=lambda one: one["value"] == one["default"])
    moved = sum(one["value"] != one["default"] for one in variants)
    return {"word": word, "found": found, "total": len(variants), "moved": moved}


def _near(sandboxes: list[Row], most: int) -> list[Row]:
    """Return the open sandbox and the newest others, newest first."""
    others = [row for row in reversed(sandboxes) if row["id"] != g.sandbox["id"]]
    return [g.sandbox, *others[: most - 1]]


@pages.post("/faults")
def add_fault() -> Response:
    """Add a fault, from a line or from fields."""
    kinds = g.client.control.call("GET", "/fault-kinds")["faultKinds"]
    try:
        body: dict[str, Any] = fault_form.body(request.form, kinds)
    except ValueError as error:
        return problem(str(error))
    return done(f"Added: {control('POST', '/faults', body)['fault']}.")


@pages.post("/faults/remove")
def remove_faults() -> Response:
    """Remove one fault, or all."""
    number = request.form.get("fault", "")
    control("DELETE", f"/faults/{number}" if number else "/faults")
    return done(f"Fault {number} was removed." if number else "All faults were removed.")


@pages.post("/variants")
def set_variant() -> Response:
    """Set one variant."""
    name, value = form("variant", "value").values()
    control("PATCH", "/variants", {name: value})
    return done(f"{name} is {value}.")


@pages.post("/snapshots")
def change_snapshot() -> Response:
    """Take a snapshot, restore one, or delete it."""
    name, action = form("name", "do").values()
    path = f"/snapshots/{name}"
    if not name:
        return problem("Enter a name for the snapshot.")
    if action == "restore":
        control("POST", f"{path}/restore")
        return done(f"The snapshot {name} was restored, including the clock. The journal was cleared.")
    if action == "forget":
        control("DELETE", path)
        return done(f"{name} was deleted.")
    control("PUT", path)
    return done(f"Saved as {name}.")
