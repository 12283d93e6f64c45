"""The sheet for a Solutions Engineer: the partner program's requirements, each passed, failed, not judged, or for a
person."""

from __future__ import annotations

from html import escape

from tpmock.kit.reports.readable.derived import FAIL, PASS, PERSON, UNJUDGED, Data, requirement_rows
from tpmock.kit.reports.readable.html_layout import badge, page, table

_CLASSES = {PASS: "passed", FAIL: "failed", PERSON: "not-run", UNJUDGED: "not-run"}
_COLUMNS = ("requirement", "what", "result", "why", "cases")


def sheet(run: Data) -> str:
    """Return the page."""
    title = f"Partner requirements: {run['run']['subject']['name']}"
    program = run["requirements"]
    source = f'<a href="{escape(program["url"])}">{escape(program["source"])}</a>'
    rows = [
        (
            escape(row["id"]),
            escape(row["text"]),
            badge(_CLASSES[row["verdict"]], row["verdict"]),
            escape(row["why"]),
            escape(", ".join(row["cases"])),
        )
        for row in requirement_rows(run)
    ]
    about = (
        f'<p class="dim">In the order of {source}, in our words. Passed means: passed against tpmock, an '
        "unofficial mock; the report has the evidence level of every case. What was not observed is never green.</p>"
    )
    return page(title, [f"<h1>{escape(title)}</h1>", about, *table(_COLUMNS, rows)])
