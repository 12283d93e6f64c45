"""Faults: built by picking or from a line, and the active ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import g, render_template, request
from tpmock.common.control_client import RefusedError
from tpmock.console.controls import fault_form
from tpmock.console.controls.blueprint import pages
from tpmock.console.views import Row, control, done, problem
from werkzeug.wrappers import Response

#: Field values of a fresh form.
_FRESH: Final = {"operation": "createEmailInvitations", "effect": "status", "amount": "429", "count": "2"}
#: APIs whose operations no fault applies to.
_NOT_APPLICABLE: Final = ("control", "segment-destination")


@pages.get("/faults")
def faults() -> str:
    """Show the form with the line of its values, and the active faults."""
    kinds = _kinds()
    given = request.args.to_dict() if "effect" in request.args else dict(_FRESH)
    line, failed = _line(given, kinds["faultKinds"])
    return render_template(
        "controls-faults.html",
        faults=control("GET", "/faults")["faults"],
        kinds=kinds["faultKinds"],
        words=kinds["words"],
        requests=_operations(g.client.control.call("GET", "/coverage")["operations"]),
        examples=fault_form.EXAMPLES,
        given=given,
        amount=fault_form.amount_of(given.get("effect", ""), kinds["faultKinds"]),
        line=line,
        failed=failed,
    )


def _line(given: Mapping[str, str], kinds: Sequence[Row]) -> tuple[str, str]:
    """Return the line of a fault, or an error message; nothing is added."""
    try:
        checked = control("POST", "/faults", {**fault_form.body(given, kinds), "dryRun": True})
    except (ValueError, RefusedError) as error:
        return "", str(error)
    return str(checked["fault"]), ""


def _operations(operations: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Return the requests that a fault can apply to, by API: what the mock sends first."""
    outgoing = [{"name": name, "about": about} for name, about in fault_form.OUTGOING.items()]
    groups: dict[str, list[Row]] = {"": [{"name": "any", "about": "every request"}], "outbound": outgoing}
    for row in operations:
        if row["api"] not in _NOT_APPLICABLE:
            about = f"{row['method']} {row['path']}"
            groups.setdefault(row["api"], []).append({"name": row["operationId"], "about": about})
    return list(groups.items())


def _kinds() -> dict[str, Any]:
    kinds: dict[str, Any] = g.client.control.call("GET", "/fault-kinds")
    return kinds


@pages.post("/faults")
def add_fault() -> Response:
    """Add a fault, from a line or from fields."""
    try:
        body: dict[str, Any] = fault_form.body(request.form, _kinds()["faultKinds"])
    except ValueError as error:
        return problem(str(error))
    return done(f"Added: {control('POST', '/faults', body)['fault']}.")


@pages.post("/faults/remove")
def remove_faults() -> Response:
    """Remove one fault, or all."""
    number = request.form.get("fault", "")
    control("DELETE", f"/faults/{number}" if number else "/faults")
    return done(f"Fault {number} was removed." if number else "All faults were removed.")
