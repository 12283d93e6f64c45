"""The report for build servers: JUnit's XML, in the dialect that all readers share.

A case that was not run is an error, since the build must not pass; one that does not apply is skipped; a warning passes
with a note in its output.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from tpmock.kit.reports.readable.derived import Data, build_result
from tpmock.kit.reports.readable.texts import headline, reasons

# Characters that XML 1.0 does not allow, not even escaped.
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS: Final = {"failed": "failure", "not-run": "error", "not-applicable": "skipped"}


def junit(run: Data) -> str:
    """Return the document, with one suite for each chapter."""
    about = run["run"]
    root = ET.Element("testsuites", {"name": _clean(f"tpmock {about['plan']}"), **_figures(run["cases"])})
    for chapter, cases in groupby(run["cases"], key=lambda one: (one["plan"], one["chapter"])):
        suite = list(cases)
        inside = ET.SubElement(root, "testsuite", {"name": _clean(": ".join(chapter)), **_figures(suite)})
        properties = ET.SubElement(inside, "properties")
        for key, value in (("subject", about["subject"]["name"]), ("seed", about["seed"])):
            ET.SubElement(properties, "property", {"name": key, "value": _clean(str(value))})
        for one in suite:
            _case(inside, one)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, one: Data) -> None:
    result = build_result(one)
    name = _clean(f"{one['id']} {one['title']}")
    attributes = {"name": name, "classname": _clean(f"tpmock.{one['plan']}"), "time": _seconds(one["milliseconds"])}
    case = ET.SubElement(suite, "testcase", attributes)
    if result in _ELEMENTS:
        ET.SubElement(case, _ELEMENTS[result], {"message": _clean(headline(one)), "type": result}).text = _clean(
            reasons(one)
        )
    elif result == "warning":
        ET.SubElement(case, "system-out").text = _clean(f"warning\n{reasons(one)}")


def _figures(cases: Sequence[Data]) -> dict[str, str]:
    count = Counter(_ELEMENTS.get(build_result(one)) for one in cases)
    return {
        "tests": str(len(cases)),
        "failures": str(count["failure"]),
        "errors": str(count["error"]),
        # Also on the root element: a reader counts a case without another count as passed.
        "skipped": str(count["skipped"]),
        "time": _seconds(sum(one["milliseconds"] for one in cases)),
    }


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
