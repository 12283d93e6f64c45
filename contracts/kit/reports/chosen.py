"""Which reports a run writes, and where: ``NAME=FILE``, as often as wanted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from contracts.kit.reports import as_github, as_har, as_html, as_json, as_junit
from contracts.kit.reports.figures import figures
from contracts.kit.reports.gathered import Gathering, Report

FORMATS: dict[str, Callable[[Report], str]] = {
    "html": lambda report: as_html.render(report, figures(report)),
    "json": lambda report: as_json.render(report, figures(report)),
    "junit": as_junit.render,
    "har": as_har.render,
    "github": lambda report: as_github.summary(report, figures(report)),
}
"""Every report that is a file, by the name it is asked for."""

_STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


class ReportError(Exception):
    """A report cannot be written as it was asked for; the text says why."""


def chosen(words: Iterable[str], say: Callable[[str], object]) -> list[Gathering]:
    """The listeners that write the reports.

    :param words: such as ``junit=results.xml``; ``github`` alone takes the file that GitHub names.
    :param say: gets the annotations, which GitHub reads from the output.
    :raises ReportError: for a name that is none, or a place where nothing can be written.
    """
    return [_one(word, say) for word in words]


def _one(word: str, say: Callable[[str], object]) -> Gathering:
    name, equals, file = word.partition("=")
    if name not in FORMATS:
        raise ReportError(
            f"No report is named {name}; there are {', '.join(FORMATS)}. Example: --report junit=results.xml"
        )
    if name == "github":
        return Gathering(lambda report: _github(report, Path(file) if file else None, say))
    if not file:
        raise ReportError(f"--report {name} needs a file{' behind =' if equals else ''}: --report {name}=FILE")
    return Gathering(lambda report: write(Path(file), FORMATS[name](report)))


def check_places(words: Iterable[str]) -> None:
    """See before a run whether its reports can be written after it.

    :raises ReportError: naming the folder that is not there.
    """
    for word in words:
        file = word.partition("=")[2]
        if file and not Path(file).resolve().parent.is_dir():
            raise ReportError(f"{file} cannot be written: there is no folder {Path(file).parent}.")


def write(file: Path, content: bytes | str) -> None:
    """Write a file.

    :raises ReportError: when the system does not let us.
    """
    try:
        # Not write_text, which would turn line ends into those of the system.
        file.write_bytes(content.encode("utf-8", "replace") if isinstance(content, str) else content)
    except OSError as problem:
        raise ReportError(f"{file} could not be written: {problem.strerror}.") from problem


def _github(report: Report, file: Path | None, say: Callable[[str], object]) -> None:
    text = as_github.commands(report)
    if text:
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
