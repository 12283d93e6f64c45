"""The report for build servers: JUnit's XML, in the dialect that all readers share.

What was not run is an error, since a build must not be green for it; what does not apply is skipped; a warning passes
and says so in its output.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import groupby

from contracts.kit.findings import Result
from contracts.kit.reports.as_text import headline, reasons
from contracts.kit.reports.gathered import Judged, Report

# What XML 1.0 has no place for, however it is written.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {Result.FAILED: "failure", Result.NOT_RUN: "error", Result.NOT_APPLICABLE: "skipped"}


def render(report: Report) -> str:
    """The document, with one suite for each chapter."""
    root = ET.Element("testsuites", {"name": f"tpmock {report.started.plan}", **_figures(report.judged)})
    for chapter, cases in groupby(report.judged, key=lambda one: (one.case.plan, one.case.chapter)):
        suite = list(cases)
        name = _clean(": ".join(chapter))
        inside = ET.SubElement(root, "testsuite", {"name": name, **_figures(suite)})
        properties = ET.SubElement(inside, "properties")
        for key, value in (("subject", report.started.subject), ("seed", report.started.seed)):
            ET.SubElement(properties, "property", {"name": key, "value": _clean(str(value))})
        for one in suite:
            _case(inside, one)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, one: Judged) -> None:
    result = one.counted
    name = _clean(f"{one.case.id} {one.case.title}")
    attributes = {"name": name, "classname": f"tpmock.{one.case.plan}", "time": _seconds(one.outcome.milliseconds)}
    case = ET.SubElement(suite, "testcase", attributes)
    if result in _ELEMENTS:
        said = {"message": _clean(headline(one)), "type": str(result)}
        ET.SubElement(case, _ELEMENTS[result], said).text = _clean(reasons(one))
    elif result is Result.WARNING:
        ET.SubElement(case, "system-out").text = _clean(f"warning\n{reasons(one)}")


def _figures(cases: list[Judged] | tuple[Judged, ...]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": _count(cases, "failure"),
        "errors": _count(cases, "error"),
        # On the whole as well: a reader counts as passed what nobody calls otherwise.
        "skipped": _count(cases, "skipped"),
        "time": _seconds(sum(one.outcome.milliseconds for one in cases)),
    }


def _count(cases: list[Judged] | tuple[Judged, ...], element: str) -> str:
    return str(sum(_ELEMENTS.get(one.counted) == element for one in cases))


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
