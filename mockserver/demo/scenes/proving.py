"""What the story proves: the requirements one by one, the gaps, and the pack."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from mockserver.demo import judging
from mockserver.demo.stage import Cells, Outcome, Row, Stage, Table

#: So many cases are told by their ids.
_FEW: Final = 12
_WEAK: Final = ("observed", "assumed")


def begin(stage: Stage, choice: str) -> Outcome:  # noqa: ARG001 - there is nothing to choose
    """See that everything runs, and let the contract cases begin."""
    stage.judge.begin()
    outcome = Outcome()
    health = stage.control.call("GET", "/health")
    outcome.see(f"The mock runs at {stage.place.mock} ({health['status']}).", good=health["status"] == "ok")
    ready = stage.ready()
    outcome.see(f"The integration runs at {stage.place.destination}.", good=ready)
    connected = stage.bench("GET", "/segment/destinations")["destinations"]
    outcome.see(
        f"Segment has {len(connected)} destination{'s' * (len(connected) != 1)}, wired to it.", good=bool(connected)
    )
    outcome.see("Every person, shop and order is invented. Nothing leaves this machine.")
    return outcome


def show_plan(stage: Stage, choice: str) -> Outcome:  # noqa: ARG001 - there is nothing to choose
    """The sheet of the programme's requirements."""
    result = stage.judge.result
    outcome = Outcome()
    counts = Counter(case["result"] for case in result["cases"])
    said = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    failed = counts["failed"] + counts["not-run"]
    outcome.see(f"{len(result['cases'])} cases against the same integration: {said}.", good=failed == 0)
    rows = [(row["id"], row["text"], row["verdict"], row["why"] or _cases(row["cases"])) for row in result["sheet"]]
    outcome.tables.append(Table("The programme's requirements", ("No.", "Requirement", "Verdict", "Why"), rows))
    people = [row for row in result["sheet"] if row["verdict"] == "needs a person"]
    outcome.see(f"{len(people)} requirements need a person; no program can prove them.")
    return outcome


def show_gaps(stage: Stage, choice: str) -> Outcome:  # noqa: ARG001 - there is nothing to choose
    """What rests on less than Trustpilot's word."""
    outcome = Outcome()
    calls = judging.calls_to_make()
    outcome.see(f"{len(calls)} calls that only read would settle the most; we ask to make them together.")
    rows: list[Cells] = [(case["id"], _call(case), case["title"]) for case in calls]
    outcome.tables.append(Table("What we ask to run on a test account", ("Case", "Call", "To see whether"), rows))
    coverage = stage.control.call("GET", "/coverage")
    operations = [row for row in coverage["operations"] if row["api"] == "trustpilot"]
    counts = Counter(answer["evidence"] for row in operations for answer in row["responses"])
    rows = [(one["level"], f"{counts[one['level']]:,}", one["meaning"]) for one in coverage["levels"]]
    outcome.tables.append(Table("What Trustpilot's answers here rest on", ("Evidence", "Answers", "Meaning"), rows))
    weak = [row for row in operations if _success(row)["evidence"] in _WEAK]
    outcome.see(f"{len(weak)} of {len(operations)} operations have a good answer that no official page shows.")
    rows = [(row["operationId"], f"{row['method']} {row['path']}", *_why(row)) for row in weak]
    headings = ("Operation", "Call", "Evidence", "Note")
    outcome.tables.append(Table("Seen or assumed, never on an official page", headings, rows, folded=True))
    assumed = [case for case in stage.judge.result["cases"] if case["evidence"] == "assumed"]
    outcome.see(f"{len(assumed)} contract cases ask for more than any page does.")
    rows = [(case["id"], case["title"], case["clause"]["url"]) for case in assumed]
    outcome.tables.append(Table("Requirements that we assume", ("Case", "Title", "Nearest source"), rows, folded=True))
    return outcome


def show_pack(stage: Stage, choice: str) -> Outcome:  # noqa: ARG001 - there is nothing to choose
    """The file, and how it is checked elsewhere."""
    cases = stage.judge.result["cases"]
    outcome = Outcome()
    size = stage.judge.pack.stat().st_size
    outcome.see(f"evidence.zip: {size:,} bytes, {len(cases)} cases with their transcripts.", good=size > 0)
    outcome.see(f"SHA-256: {stage.judge.digest}")
    outcome.see("Checked elsewhere with: tpmock evidence verify evidence.zip")
    outcome.see("Opened without anything: index.html and sheet.html in it.")
    return outcome


def _cases(ids: list[str]) -> str:
    """So many cases of each chapter; a few by their ids."""
    if len(ids) <= _FEW:
        return ", ".join(ids)
    chapters = Counter(case.partition("-")[0] for case in ids)
    return f"{len(ids)} cases: " + ", ".join(f"{name} {count}" for name, count in chapters.items())


def _success(row: Row) -> Row:
    good: Row = min(row["responses"], key=lambda answer: answer["status"])
    return good


def _why(row: Row) -> tuple[str, str]:
    answer = _success(row)
    return answer["evidence"], answer.get("note", "")


def _call(case: Row) -> str:
    """The first call of a case, as one reads it."""
    for step in case.get("when", ()):
        call: Any = step.get("call") or step.get("token")
        if isinstance(call, dict) and "path" in call:
            return f"{call.get('method', 'GET')} {call['path']}"
    return "token requests"
