"""Reports for GitHub: annotations on the run, and the summary of the step."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.kit.findings import Result
from contracts.kit.reports.as_text import headline, reasons
from contracts.kit.reports.figures import Figures
from contracts.kit.reports.gathered import Judged, Report

_COMMANDS = {Result.FAILED: "error", Result.NOT_RUN: "error", Result.WARNING: "warning"}


def commands(report: Report) -> str:
    """A workflow command for each case that wants attention."""
    return "".join(
        f"::{_COMMANDS[one.counted]} title={_property(f'{one.case.id} {one.case.title}')}::"
        f"{_data(f'{headline(one)} (tpmock test --explain {one.case.id})')}\n"
        for one in report.judged
        if one.counted in _COMMANDS
    )


def summary(report: Report, figures: Figures) -> str:
    """The summary as Markdown: the figures, and what is wrong in full."""
    return "\n".join(_lines(report, figures)) + "\n"


def _lines(report: Report, figures: Figures) -> Iterator[str]:
    started = report.started
    yield f"## Contract {_plain(started.plan)}: {_plain(started.subject)}"
    yield ""
    yield "| " + " | ".join(report.counts) + " |"
    yield "|" + "---:|" * len(report.counts)
    yield "| " + " | ".join(str(count) for count in report.counts.values()) + " |"
    yield ""
    if report.finished.impossible:
        yield f"**The run was impossible.** {_plain(report.finished.impossible)}"
        yield ""
    yield f"{figures.sentence()} {figures.coverage()}"
    yield ""
    yield f"Repeat it with `--seed {started.seed}`."
    for one in report.judged:
        if one.outcome.result is not Result.PASSED:
            yield from _details(one)


def _details(one: Judged) -> Iterator[str]:
    yield ""
    yield f"<details><summary>{one.outcome.result}: {one.case.id} {_plain(one.case.title)}</summary>"
    yield ""
    # Indented text is code, in which nothing is taken for markup.
    yield from (f"    {text}" for text in reasons(one).splitlines())
    yield ""
    yield "</details>"


def _plain(text: str) -> str:
    """Text in which nothing is taken for Markdown or HTML."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for letter in "\\`*_[]|":
        escaped = escaped.replace(letter, f"&#{ord(letter)};")
    return " ".join(escaped.split())


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
