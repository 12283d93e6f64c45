"""The report to hand over: one HTML file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape
from itertools import groupby

from tpmock.common.stand_ins import MOCK, SUBJECT
from tpmock.kit.reports.readable import scripts
from tpmock.kit.reports.readable.derived import RESULTS, Data, build_result, calls_per_order, coverage_in_words
from tpmock.kit.reports.readable.html_layout import badge, page, table

# Passed cases are collapsed; the others are open.
_SHUT = ("passed", "not-applicable")


def report(run: Data) -> str:
    """Return the page."""
    title = f"Contract report: {run['run']['subject']['name']}"
    return page(title, (*_header(title, run), *_main(run), *_footer()))


def _header(title: str, run: Data) -> Iterator[str]:
    about, summary = run["run"], run["summary"]
    mood, verdict = _verdict(run)
    yield "<header>"
    yield f"<h1>{escape(title)}</h1>"
    yield (
        f'<p class="dim">Plan {escape(about["plan"])}, {len(run["cases"])} cases, seed {about["seed"]}, '
        f"{about['milliseconds'] / 1000:.1f} s. Made by tpmock, an unofficial mock of Trustpilot and Segment. "
        "Each requirement names its source and evidence.</p>"
    )
    yield f'<p class="verdict"><span class="{mood}">{verdict}</span></p>'
    yield '<ul class="counts">'
    for name in RESULTS:
        yield f'<li class="{name}{"" if summary[name] else " none"}"><b>{summary[name]}</b>{name}</li>'
    yield "</ul>"
    if summary.get("ofMock"):
        said = ", ".join(f"{number} {name}" for name, number in summary["ofMock"].items())
        yield f"<p>Not counted: cases that test the mock and not the subject: {said}.</p>"
    if about["impossible"]:
        yield f'<p class="failed"><b>The run was impossible.</b></p><pre>{escape(about["impossible"])}</pre>'
    yield f"<p>{escape(calls_per_order(summary))}</p>"
    yield f"<p>{escape(coverage_in_words(run))}</p>"
    attention = [one for one in run["cases"] if one["result"] not in _SHUT]
    if attention:
        yield '<nav aria-label="Needs attention"><h2>Needs attention</h2><ul class="looked">'
        for one in attention:
            case_id = escape(one["id"])
            yield f'<li>{badge(one["result"])} <a href="#{case_id}">{case_id}</a> {escape(one["title"])}</li>'
        yield "</ul></nav>"
    yield "</header>"


def _main(run: Data) -> Iterator[str]:
    yield "<main>"
    for (plan, chapter), each in groupby(run["cases"], key=lambda one: (one["plan"], one["chapter"])):
        cases = tuple(each)
        count = Counter(one["result"] for one in cases)
        counts = ", ".join(f"{count[result]} {result}" for result in RESULTS if count[result])
        yield f'<h2>{escape(chapter)} <span class="dim">{escape(plan)}: {counts}</span></h2>'
        for one in cases:
            yield from _case(one)
    yield "<h2>Coverage of the contract</h2>"
    yield from table(("operation", "API", "statuses seen", "documented, not seen"), map(_covered, run["coverage"]))
    yield "</main>"


def _footer() -> Iterator[str]:
    yield (
        f'<footer class="dim"><p>{MOCK} stands for the mock, {SUBJECT} for the subject. Personal data '
        "in the exchanges is replaced, and secrets are masked. Times are those of the sandbox's clock.</p></footer>"
    )


def _verdict(run: Data) -> tuple[str, str]:
    """Return the result of the run: a class of the style sheet and a sentence."""
    own = [one for one in run["cases"] if not one.get("of_mock")] or run["cases"]
    count = Counter(build_result(one) for one in run["cases"])
    judged = sum(build_result(one) != "not-applicable" for one in own)
    if run["run"]["impossible"] or not judged:
        return "failed", "There is no result."
    if count["failed"]:
        return "failed", f"{count['failed']} of {judged} cases that apply failed."
    if count["not-run"]:
        return "not-run", f"{count['not-run']} of {judged} cases that apply were not run."
    return "passed", f"All {judged} cases that apply passed."


def _covered(one: Data) -> tuple[str, ...]:
    seen = ", ".join(f"{status} ({count} times)" if count > 1 else status for status, count in one["seen"].items())
    unseen = ", ".join(status for status in one["documented"] if status not in one["seen"])
    return f"<code>{escape(one['operation'])}</code>", escape(one["api"]), escape(seen), escape(unseen)


def _case(one: Data) -> Iterator[str]:
    case_id = escape(one["id"])
    yield f'<details id="{case_id}"{"" if one["result"] in _SHUT else " open"}>'
    title = f'<span class="id">{case_id}</span> {escape(one["title"])}'
    yield f'<summary>{badge(one["result"])} <span class="title">{title}</span></summary>'
    yield f"<p>{escape(one['requirement'])}</p>"
    clause, address = escape(f"{one['clause']['source']}, {one['clause']['section']}"), one["clause"]["url"]
    origin = f'<a href="{escape(address)}">{clause}</a>' if address.startswith("https://") else clause
    yield f'<p class="dim">From: {origin}; evidence: {escape(one["evidence"])}.</p>'
    if one["excuse"]:
        yield f"<p>Expected result:  {escape(one['excuse'])}</p>"
    if one["reason"]:
        yield f"<p>{escape(one['reason'])}</p>"
    if one["findings"]:
        yield from table(("check", "expected", "found", "where", "to do"), map(_finding, one["findings"]))
    if one["records"]:
        yield f"<h3>Exchanges ({len(one['records'])})</h3>"
        for record in one["records"]:
            yield from _exchange(record)
        yield "<details><summary>Send it again with curl</summary>"
        yield f"<pre>{escape(scripts.script(one['id'] + ' ' + one['title'], one['records']))}</pre></details>"
    yield "</details>"


def _finding(finding: Data) -> tuple[str, ...]:
    passed = finding["passed"]
    mark = badge("passed" if passed else "failed" if finding["level"] == "must" else "warning")
    expected, found = escape(finding["expected"]), escape(finding["found"])
    if not passed:
        expected, found = f"<ins>{expected}</ins>", f"<del>{found}</del>"
    return f"{mark}<br>{escape(finding['check'])}", expected, found, escape(finding["where"]), escape(finding["advice"])


def _exchange(record: Data) -> Iterator[str]:
    number = "" if record["number"] is None else f"#{record['number']} "
    what = f"{number}{record['way']}: {record['operation'] or record['method']}"
    status = "no answer" if record["status"] is None else str(record["status"])
    fault = ", a fault of the case" if record["fault"] else ""
    yield f"<details><summary>{escape(what)} → {status}{fault}</summary>"
    if record["note"]:
        yield f"<p>{escape(record['note'])}</p>"
    sent = _message(f"{record['method']} {record['url']}", record["request_headers"], record["request_body"])
    yield f"<pre>{sent}</pre>"
    yield f"<pre>{_message(status, record['response_headers'], record['response_body'])}</pre>"
    yield f"<pre>{escape(scripts.command(record))}</pre></details>"


def _message(first: str, headers: Data, body: str) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    return escape("\n".join(lines) + (f"\n\n{body}" if body else ""))
