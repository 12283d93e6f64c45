"""Results of the demo: the requirements, the gaps, and the evidence pack."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Any, Final

from tpmock.cli.demo import contract_run
from tpmock.cli.demo.context import DemoContext, Row, SceneResult
from tpmock.console.views import counted

#: Maximum number of case ids in a list.
_FEW: Final = 12
_WEAK: Final = ("observed", "assumed")


def begin(context: DemoContext) -> SceneResult:
    """Check that everything runs, and start the contract cases."""
    context.contract.begin()
    result = SceneResult()
    health = context.control.call("GET", "/health")
    result.note(f"The mock runs at {context.mock} ({health['status']}).", ok=health["status"] == "ok")
    ready = context.request("GET", f"{context.destination}/readyz").status_code == HTTPStatus.OK
    result.note(f"The integration runs at {context.destination}.", ok=ready)
    connected = context.control_api("GET", "/segment/destinations")["destinations"]
    result.note(f"Segment has {counted(len(connected), 'destination')}, connected to it.", ok=bool(connected))
    result.note("Every person, shop and order is invented. Nothing leaves this machine.")
    return result


def show_plan(context: DemoContext) -> SceneResult:
    """Show the requirements sheet of the partner program."""
    cases, sheet = (context.contract.result[name] for name in ("cases", "sheet"))
    result = SceneResult()
    counts = Counter(case["result"] for case in cases)
    said = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    failed = counts["failed"] + counts["not-run"]
    result.note(f"{len(cases)} cases against the same integration: {said}.", ok=failed == 0)
    rows = [(row["id"], row["text"], row["verdict"], row["why"] or _cases(row["cases"])) for row in sheet]
    result.table("The program's requirements", ("No.", "Requirement", "Verdict", "Why"), rows)
    people = [row for row in sheet if row["verdict"] == "needs a person"]
    result.note(f"{len(people)} requirements need a person; a program cannot verify them.")
    return result


def show_gaps(context: DemoContext) -> SceneResult:
    """Show what is not confirmed by official documentation."""
    result = SceneResult()
    calls = contract_run.calls_to_make()
    result.note(f"{len(calls)} read-only requests would settle most open questions; we ask to run them together.")
    rows = [(case["id"], _call(case), case["title"]) for case in calls]
    result.table("Requests that we ask to run on a test account", ("Case", "Call", "To see whether"), rows)
    coverage = context.control.call("GET", "/coverage")
    operations = [row for row in coverage["operations"] if row["api"] == "trustpilot"]
    answers = [answer for row in operations for answer in row["responses"]]
    counts = Counter(answer["evidence"] for answer in answers)
    bodies = Counter(answer["body"]["evidence"] for answer in answers if "body" in answer)
    sure = [(level, f"{counts[level]:,}", f"{bodies[level]:,}", meaning) for level, meaning in _levels(coverage)]
    result.table("Evidence of Trustpilot's responses", ("Evidence", "Statuses", "Bodies", "Meaning"), sure)
    weak = [row for row in operations if _why(row)[0] in _WEAK]
    result.note(f"{len(weak)} of {len(operations)} operations have a successful response that no official page shows.")
    shown = [(row["operationId"], f"{row['method']} {row['path']}", *_why(row)) for row in weak]
    headings = ("Operation", "Call", "Evidence", "Note")
    result.table("Observed or assumed, not officially documented", headings, shown, folded=True)
    assumed = [case for case in context.contract.result["cases"] if case["evidence"] == "assumed"]
    result.note(f"{len(assumed)} contract cases require more than the documentation.")
    rows = [(case["id"], case["title"], case["clause"]["url"]) for case in assumed]
    result.table("Assumed requirements", ("Case", "Title", "Nearest source"), rows, folded=True)
    return result


def show_pack(context: DemoContext) -> SceneResult:
    """Show the file, and how to verify it."""
    cases = context.contract.result["cases"]
    result = SceneResult()
    size = context.contract.pack.stat().st_size
    result.note(f"evidence.zip: {size:,} bytes, {len(cases)} cases with their transcripts.", ok=size > 0)
    result.note(f"SHA-256: {context.contract.digest}")
    result.note("Verify it on another machine with: tpmock evidence verify evidence.zip")
    result.note("Open without any tool: its index.html and sheet.html.")
    return result


def _cases(ids: list[str]) -> str:
    """Count the cases per chapter; list a few by their ids."""
    if len(ids) <= _FEW:
        return ", ".join(ids)
    chapters = Counter(case.partition("-")[0] for case in ids)
    return f"{len(ids)} cases: " + ", ".join(f"{name} {count}" for name, count in chapters.items())


def _levels(coverage: Row) -> list[tuple[str, str]]:
    return [(one["level"], one["meaning"]) for one in coverage["levels"]]


def _why(row: Row) -> tuple[str, str]:
    """Return the evidence level of an operation's success: of its body, or of its status without a body."""
    good = min(row["responses"], key=lambda answer: answer["status"])
    claim = good.get("body", good)
    return claim["evidence"], claim.get("note", "")


def _call(case: Row) -> str:
    for step in case.get("when", ()):
        call: Any = step.get("call") or step.get("token")
        if isinstance(call, dict) and "path" in call:
            return f"{call.get('method', 'GET')} {call['path']}"
    return "token requests"
