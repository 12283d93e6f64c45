"""The report to hand over: one HTML file that needs nothing else, runs nothing and loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby

from contracts.kit import curl
from contracts.kit.findings import Finding, Result
from contracts.kit.reports.figures import Figures
from contracts.kit.reports.gathered import Judged, Report
from contracts.kit.transcript import MOCK, SUBJECT, Record

# A passed case is looked at when somebody wants to; the others are what the page is for.
_SHUT = frozenset({Result.PASSED, Result.NOT_APPLICABLE})


def render(report: Report, figures: Figures) -> str:
    """The page."""
    return "\n".join(_page(report, figures)) + "\n"


@cache
def style() -> str:
    """The style sheet of the page."""
    return (files("contracts") / "kit" / "reports" / "report.css").read_text(encoding="utf-8")


def head(title: str) -> Iterator[str]:
    """The top of a page whose policy allows this one style sheet and nothing else.

    :param title: of the page, as plain text.
    """
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">'
    # Not a byte between the tags and the text: the policy holds the digest of the whole.
    yield f"<title>{escape(title)}</title>\n<style>{style()}</style>\n</head>\n<body>"


def table(head_row: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table.

    :param rows: cells that are HTML already.
    """
    columns = tuple(head_row)
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in columns)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    # On a narrow screen it is moved sideways, by keyboard too.
    wide = f'<div class="wide" tabindex="0" role="group" aria-label="{escape(", ".join(columns))}">'
    return f"{wide}<table>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"


def badge(result: str, word: str = "") -> str:
    """A result in its colour; the word alone says it as well.

    :param word: another word for it.
    """
    return f'<span class="result {escape(result)}">{escape(word or result)}</span>'


def _page(report: Report, figures: Figures) -> Iterator[str]:
    started = report.started
    yield from head(f"Contract report: {started.subject}")
    yield f"<header>\n<h1>Contract report: {escape(started.subject)}</h1>"
    yield (
        f'<p class="dim">Plan {escape(started.plan)}, {len(report.judged)} cases, seed {started.seed}, '
        f"{report.finished.milliseconds / 1000:.1f} s. Made by tpmock, which is unofficial: it plays Trustpilot "
        "and Segment, and is neither. What its behaviour rests on stands at each requirement.</p>"
    )
    counts = "".join(
        f'<li class="{name}{"" if count else " none"}"><b>{count}</b>{name}</li>'
        for name, count in report.counts.items()
    )
    yield f'<p class="verdict">{_verdict(report)}</p>\n<ul class="counts">{counts}</ul>'
    if report.finished.impossible:
        yield f'<p class="failed"><b>The run was impossible.</b></p><pre>{escape(report.finished.impossible)}</pre>'
    yield f"<p>{escape(figures.sentence())}</p>\n<p>{escape(figures.coverage())}</p>"
    yield from _to_look_at(report)
    yield "</header>\n<main>"
    for (plan, chapter), each in groupby(report.judged, key=lambda one: (one.case.plan, one.case.chapter)):
        cases = tuple(each)
        came_to = Counter(str(one.outcome.result) for one in cases)
        said = ", ".join(f"{came_to[result]} {result}" for result in report.counts if came_to[result])
        yield f'<h2>{escape(chapter)} <span class="dim">{escape(plan)}: {said}</span></h2>'
        for one in cases:
            yield from _case(one)
    yield "<h2>Coverage of the contract</h2>"
    rows = (
        (f"<code>{escape(one.operation)}</code>", escape(one.api), _times(one.seen), escape(", ".join(one.unseen)))
        for one in figures.touched
    )
    yield table(("operation", "API", "statuses seen", "documented, not seen"), rows)
    yield "</main>"
    yield (
        f'<footer class="dim"><p>{MOCK} stands for the mock, {SUBJECT} for the subject. People in the exchanges are '
        "stand-ins, and secrets are masked. A time is the sandbox's, which cases move.</p></footer>\n</body>\n</html>"
    )


def _verdict(report: Report) -> str:
    """What the run came to, in a sentence."""
    count = Counter(one.counted for one in report.judged)
    judged = len(report.judged) - count[Result.NOT_APPLICABLE]
    wrong = count[Result.FAILED]
    if report.finished.impossible or not judged:
        return '<span class="failed">Nothing can be said.</span>'
    if wrong:
        return f'<span class="failed">{wrong} of {judged} cases that apply failed.</span>'
    if count[Result.NOT_RUN]:
        return f'<span class="not-run">{count[Result.NOT_RUN]} of {judged} cases that apply were not run.</span>'
    return f'<span class="passed">All {judged} cases that apply hold.</span>'


def _to_look_at(report: Report) -> Iterator[str]:
    """Links to what wants attention."""
    cases = [one for one in report.judged if one.outcome.result not in _SHUT]
    if cases:
        links = "".join(
            f'<li>{badge(one.outcome.result)} <a href="#{escape(one.case.id)}">{escape(one.case.id)}</a> '
            f"{escape(one.case.title)}</li>"
            for one in cases
        )
        yield f'<nav aria-label="To look at"><h2>To look at</h2><ul class="looked">{links}</ul></nav>'


def _times(seen: Mapping[str, int]) -> str:
    return escape(", ".join(f"{status} ({count} times)" if count > 1 else status for status, count in seen.items()))


def _case(one: Judged) -> Iterator[str]:
    case, outcome = one.case, one.outcome
    shown = "" if outcome.result in _SHUT else " open"
    yield f'<details id="{escape(case.id)}"{shown}>'
    title = f'<span class="title"><span class="id">{escape(case.id)}</span> {escape(case.title)}</span>'
    yield f"<summary>{badge(outcome.result)} {title}</summary>"
    yield f"<p>{escape(case.requirement)}</p>"
    yield f'<p class="dim">From: {_clause(one)}; evidence: {escape(case.evidence)}.</p>'
    if outcome.excuse:
        yield f"<p>Expected to be so: {escape(outcome.excuse)}</p>"
    if outcome.reason:
        yield f"<p>{escape(outcome.reason)}</p>"
    if outcome.findings:
        yield table(("check", "expected", "found", "where", "to do"), map(_finding, outcome.findings))
    if outcome.records:
        yield f"<h3>Exchanges ({len(outcome.records)})</h3>"
        for record in outcome.records:
            yield from _exchange(record)
        yield "<details><summary>Send it again with curl</summary>"
        yield f"<pre>{escape(curl.script(f'{case.id} {case.title}', outcome.records))}</pre></details>"
    yield "</details>"


def _clause(one: Judged) -> str:
    clause = one.case.clause
    words = escape(f"{clause.source}, {clause.section}")
    return f'<a href="{escape(clause.url)}">{words}</a>' if clause.url.startswith("https://") else words


def _finding(finding: Finding) -> tuple[str, ...]:
    grade = badge("passed" if finding.passed else "failed" if finding.level == "must" else "warning")
    found = escape(finding.found)
    difference = found if finding.passed else f"<del>{found}</del>"
    expected = escape(finding.expected) if finding.passed else f"<ins>{escape(finding.expected)}</ins>"
    return (
        f"{grade}<br>{escape(finding.check)}",
        expected,
        difference,
        escape(finding.where),
        escape(finding.advice),
    )


def _exchange(record: Record) -> Iterator[str]:
    number = "" if record.number is None else f"#{record.number} "
    status = "no answer" if record.status is None else str(record.status)
    fault = ", a fault of the case" if record.fault else ""
    title = f"{number}{record.way}: {record.operation or record.method} → {status}{fault}"
    yield f"<details><summary>{escape(title)}</summary>"
    if record.note:
        yield f"<p>{escape(record.note)}</p>"
    yield f"<pre>{escape(_message(f'{record.method} {record.url}', record.request_headers, record.request_body))}</pre>"
    yield f"<pre>{escape(_message(status, record.response_headers, record.response_body))}</pre>"
    yield f"<pre>{escape(curl.command(record))}</pre></details>"


def _message(first: str, headers: Mapping[str, str], body: str) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    return "\n".join(lines) + (f"\n\n{body}" if body else "")
