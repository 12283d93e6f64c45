"""Selection of reports: ``NAME=FILE``, any number of times."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from tpmock.common.version import __version__
from tpmock.kit.reports import as_github, as_json
from tpmock.kit.reports.as_json import document
from tpmock.kit.reports.collector import Collector, RunReport
from tpmock.kit.reports.readable.archives import archive
from tpmock.kit.reports.readable.html_report import report as html_report
from tpmock.kit.reports.readable.junit import junit

FORMATS: dict[str, Callable[[RunReport], str]] = {
    "html": lambda report: html_report(document(report)),
    "json": as_json.render,
    "junit": lambda report: junit(document(report)),
    "har": lambda report: archive(document(report)["cases"], __version__),
    "github": lambda report: as_github.summary(document(report)),
}
"""Every report that is a file, by the name it is asked for."""

_STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


class ReportError(Exception):
    """A report cannot be written as requested; the text says why."""


def chosen(words: Iterable[str], say: Callable[[str], object]) -> list[Collector]:
    """Return the listeners that write the reports.

    :param words: such as ``junit=results.xml``; ``github`` alone takes the file that GitHub names
    :param say: gets the annotations, which GitHub reads from the output
    :raises ReportError: for a name that is none, or a place where nothing can be written
    """
    return [_one(word, say) for word in words]


def _one(word: str, say: Callable[[str], object]) -> Collector:
    name, equals, file = word.partition("=")
    if name not in FORMATS:
        there = ", ".join(FORMATS)
        raise ReportError(f"No report is named {name}; there are {there}. Example: --report junit=results.xml")
    if name == "github":
        return Collector(lambda report: _github(report, Path(file) if file else None, say))
    if not file:
        raise ReportError(f"--report {name} needs a file{' behind =' if equals else ''}: --report {name}=FILE")
    return Collector(lambda report: write(Path(file), FORMATS[name](report)))


def check_places(words: Iterable[str]) -> None:
    """Check before a run whether its reports can be written after it.

    :raises ReportError: naming the folder that is not there
    """
    for word in words:
        file = word.partition("=")[2]
        if file and not Path(file).resolve().parent.is_dir():
            raise ReportError(f"{file} cannot be written: there is no folder {Path(file).parent}.")


def write(file: Path, content: bytes | str) -> None:
    """Write a file.

    :raises ReportError: when the system does not let us
    """
    try:
        # Not write_text, which would turn line ends into those of the system.
        file.write_bytes(content.encode("utf-8", "replace") if isinstance(content, str) else content)
    except OSError as problem:
        raise ReportError(f"{file} could not be written: {problem.strerror}.") from problem


def _github(report: RunReport, file: Path | None, say: Callable[[str], object]) -> None:
    if text := as_github.commands(document(report)["cases"]):
        say(text.rstrip("\n"))
    named = os.environ.get(_STEP_SUMMARY)
    if file is not None:
        write(file, FORMATS["github"](report))
    elif named:
        # Steps before this one may have written there.
        with Path(named).open("a", encoding="utf-8") as summary:
            summary.write(FORMATS["github"](report))
    else:
        say(f"No summary was written: {_STEP_SUMMARY} is not set. Give a file: --report github=FILE")
