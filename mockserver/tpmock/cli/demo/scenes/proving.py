"""Results of the demo: the requirements, the gaps, and the evidence pack."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Any, Final

from tpmock.cli.demo import contract_run
from tpmock.cli.demo.artefacts import Code, Counts, Fields, Grid, SceneResult, Tone
from tpmock.cli.demo.context import DemoContext, Row
from tpmock.console.views import counted

_WEAK: Final = ("observed", "assumed")
_TONES: Final[dict[str, Tone]] = {"passed": "good", "failed": "bad", "warning": "warn", "not-run": "warn"}


def begin(context: DemoContext) -> SceneResult:
    """Check that everything runs, and start the contract cases."""
    context.contract.begin()
    result = SceneResult()
    running = context.programs.running
    places = [("Trustpilot, Segment", context.mock), ("the integration", context.destination or "run for each order")]
    claims = ", ".join(sorted(context.claims))
    about = [("name", context.programs.subject.name), ("it claims", claims), ("contract cases", context.contract.said)]
    result.slide("", Fields("The programs of this demo", places), Fields("The integration", about))
    health = context.control.call("GET", "/health")
    result.note("The mock runs.", ok=health["status"] == "ok")
    if context.destination:
        answer = context.request("GET", context.destination)
        result.note("The integration runs.", ok=answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR)
        connected = context.control_api("GET", "/segment/destinations")["destinations"]
        result.note("Segment is connected to it.", ok=[one["url"] for one in connected] == [running.url])
    return result


def show_cases(context: DemoContext) -> SceneResult:
    """Show the results of the contract cases. The list of requirements beside it is the pages' own."""
    cases = context.contract.result["cases"]
    result = SceneResult()
    counts = Counter(str(case["result"]) for case in cases)
    rows: list[tuple[int, str, Tone]] = [
        (count, name.replace("-", " "), _TONES.get(name, "calm")) for name, count in counts.most_common()
    ]
    result.slide("The contract cases, against the same program", Counts(context.contract.said, rows))
    failed = [case for case in cases if case["result"] == "failed"]
    result.note(f"{counted(len(cases), 'case')}; failed: {len(failed)}.", ok=not failed)
    left = counts["not-run"]
    result.note(f"Could not be run: {left}.", ok=not left)
    if failed:
        grid = Grid(
            "Failed", ("Case", "Title"), [(case["id"], case["title"]) for case in failed], ["bad"] * len(failed)
        )
        result.show(grid)
        result.table("Failed cases", ("Case", "Title"), grid.rows)
    return result


def show_gaps(context: DemoContext) -> SceneResult:
    """Show what is not confirmed by official documentation."""
    result = SceneResult()
    calls = contract_run.calls_to_make()
    rows = [(case["id"], _call(case), case["title"]) for case in calls]
    headings = ("Case", "Call", "To see whether")
    result.slide("Calls that we ask to make together, on a test account", Grid("", headings, rows))
    result.note(f"{len(calls)} calls that only read would settle most open questions.")
    result.table("Requests that we ask to run on a test account", headings, rows)
    coverage = context.control.call("GET", "/coverage")
    operations = [row for row in coverage["operations"] if row["api"] == "trustpilot"]
    answers = [answer for row in operations for answer in row["responses"]]
    counts = Counter(answer["evidence"] for answer in answers)
    bodies = Counter(answer["body"]["evidence"] for answer in answers if "body" in answer)
    sure = [(level, f"{counts[level]:,}", f"{bodies[level]:,}", meaning) for level, meaning in _levels(coverage)]
    headings4 = ("Evidence", "Statuses", "Bodies", "Meaning")
    result.slide("How sure we are of Trustpilot's answers", Grid("", headings4, sure))
    result.table("Evidence of Trustpilot's responses", headings4, sure)
    weak = [row for row in operations if _why(row)[0] in _WEAK]
    result.note(f"{len(weak)} of {len(operations)} operations have a successful response that no official page shows.")
    shown = [(row["operationId"], f"{row['method']} {row['path']}", *_why(row)) for row in weak]
    result.table("Observed or assumed, not officially documented", ("Operation", "Call", "Evidence", "Note"), shown)
    assumed = [case for case in context.contract.result["cases"] if case["evidence"] == "assumed"]
    result.note(f"{counted(len(assumed), 'contract case')} require more than the documentation.")
    assumptions = [(case["id"], case["title"], case["clause"]["url"]) for case in assumed]
    result.table("Assumed requirements", ("Case", "Title", "Nearest source"), assumptions)
    return result


def show_pack(context: DemoContext) -> SceneResult:
    """Show the file, and how to verify it."""
    cases = context.contract.result["cases"]
    result = SceneResult()
    size = context.contract.pack.stat().st_size
    digest = context.contract.digest
    about = [("file", "evidence.zip"), ("size", f"{size:,} bytes"), ("cases", f"{len(cases):,}, with transcripts")]
    result.slide(
        "One file that another machine can verify, without this program",
        Fields("The evidence pack", about),
        Code("Verify it, or open index.html and sheet.html", "tpmock evidence verify evidence.zip\npython3 verify.py"),
        Code("SHA-256", "\n".join(digest[begin : begin + 16] for begin in range(0, len(digest), 16))),
    )
    result.note(f"The file is there, with {counted(len(cases), 'case')}.", ok=size > 0)
    return result


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
