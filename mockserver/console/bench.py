"""What a test bench has: time, faults, switches, sandboxes, kept states, and a meter."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, flash, g, render_template, request
from werkzeug.wrappers import Response

from mockserver.console import misfortune
from mockserver.console.returning import back

TITLE: Final = "Bench"
pages = Blueprint("bench", __name__)

#: How much of what is due, and how many sandboxes are shown, unless more are asked for.
FEW: Final = 12
MANY: Final = 200

Row = dict[str, Any]


@pages.get("/")
def index() -> str:
    """Everything at once, each thing under its own heading."""
    call, home = g.door.control.call, f"/sandboxes/{g.sandbox['id']}"
    kinds = call("GET", "/fault-kinds")
    everywhere = call("GET", "/sandboxes")
    most = MANY if "all" in request.args else FEW
    return render_template(
        "bench.html",
        timeline=call("GET", f"{home}/timeline", query={"limit": most}),
        faults=call("GET", f"{home}/faults")["faults"],
        kinds=kinds["faultKinds"],
        words=kinds["words"],
        calls=_names_of_calls(call("GET", "/coverage")["operations"]),
        examples=misfortune.EXAMPLES,
        variants=_chosen(call("GET", f"{home}/variants")["variants"]),
        snapshots=call("GET", f"{home}/snapshots")["snapshots"],
        usage=call("GET", f"{home}/usage")["usage"],
        sandboxes=_near(everywhere["sandboxes"], most),
        existing=everywhere["total"],
    )


def _names_of_calls(operations: list[Row]) -> list[str]:
    """What a fault can strike, as suggestions."""
    served = [row["operationId"] for row in operations if row["api"] not in ("control", "segment-destination")]
    return [*misfortune.GOING_OUT, *served]


def _chosen(variants: list[Row]) -> Row:
    """Those that are asked for, the moved ones first."""
    word = request.args.get("variant", "").strip()
    found = [one for one in variants if word.lower() in f"{one['name']} {one['summary']} {one['values']}".lower()]
    found.sort(key=lambda one: one["value"] == one["default"])
    moved = sum(one["value"] != one["default"] for one in variants)
    return {"word": word, "found": found, "total": len(variants), "moved": moved}


def _near(sandboxes: list[Row], most: int) -> list[Row]:
    """The one that is open and the newest others, the newest first."""
    here = [row for row in sandboxes if row["id"] == g.sandbox["id"]]
    others = [row for row in reversed(sandboxes) if row["id"] != g.sandbox["id"]]
    return here + others[: most - 1]


# --- faults -----------------------------------------------------------------------------------------------------------


@pages.post("/faults")
def arm() -> Response:
    """Arm a fault, told in a line or member by member."""
    kinds = g.door.control.call("GET", "/fault-kinds")["faultKinds"]
    try:
        body = misfortune.told(request.form, kinds)
    except ValueError as error:
        flash(str(error), "problem")
        return back()
    made = g.door.control.call("POST", f"/sandboxes/{g.sandbox['id']}/faults", body)
    flash(f"Armed: {made['fault']}.", "done")
    return back()


@pages.post("/faults/disarm")
def disarm() -> Response:
    """Disarm one, or all."""
    path, number = f"/sandboxes/{g.sandbox['id']}/faults", request.form.get("fault", "")
    g.door.control.call("DELETE", f"{path}/{number}" if number else path)
    flash(f"Fault {number} is disarmed." if number else "No fault is armed any more.", "done")
    return back()


# --- switches and kept states -----------------------------------------------------------------------------------------


@pages.post("/variants")
def switch() -> Response:
    """Move one switch."""
    name, value = request.form.get("variant", ""), request.form.get("value", "")
    g.door.control.call("PATCH", f"/sandboxes/{g.sandbox['id']}/variants", {name: value})
    flash(f"{name} is {value} from now on.", "done")
    return back()


@pages.post("/snapshots")
def keep() -> Response:
    """Keep the present state, go back to a kept one, or forget it."""
    name, doing = request.form.get("name", "").strip(), request.form.get("do", "take")
    path = f"/sandboxes/{g.sandbox['id']}/snapshots/{name}"
    if not name:
        flash("A snapshot needs a name.", "problem")
    elif doing == "restore":
        g.door.control.call("POST", f"{path}/restore")
        flash(f"Everything is as it was when {name} was taken, the clock too. The journal begins anew.", "done")
    elif doing == "forget":
        g.door.control.call("DELETE", path)
        flash(f"{name} is forgotten.", "done")
    else:
        g.door.control.call("PUT", path)
        flash(f"Kept as {name}.", "done")
    return back()
