"""Reports for GitHub: annotations on the run, and the summary of the step."""

from __future__ import annotations

from collections.abc import Iterable

from tpmock.kit.reports.pages import page
from tpmock.kit.reports.readable.derived import RESULTS, Data, build_result, calls_per_order, coverage_in_words
from tpmock.kit.reports.readable.texts import headline, reasons

_COMMANDS = {"failed": "error", "not-run": "error", "warning": "warning"}


def commands(cases: Iterable[Data]) -> str:
    """Return a workflow command for each case that needs attention."""
    return "".join(_annotation(one) for one in cases if build_result(one) in _COMMANDS)


def summary(run: Data) -> str:
    """Return the summary as Markdown: the figures, and what is wrong in full.

    :param run: the document of the run
    """
    wrong = [(one, reasons(one).splitlines()) for one in run["cases"] if one["result"] != "passed"]
    figures = f"{calls_per_order(run['summary'])} {coverage_in_words(run)}"
    return page("summary.md", run=run, results=RESULTS, figures=figures, wrong=wrong, plain=_plain)


def _annotation(case: Data) -> str:
    title = _property(f"{case['id']} {case['title']}")
    text = _data(f"{headline(case)} (tpmock test explain {case['id']})")
    return f"::{_COMMANDS[build_result(case)]} title={title}::{text}\n"


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
