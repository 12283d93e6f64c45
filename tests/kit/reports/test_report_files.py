"""The reports that are files: each as its readers read it, with texts in it that are hard to write down."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from tpmock.kit.reports import as_github, selection
from tpmock.kit.reports.as_json import document
from tpmock.kit.reports.readable.archives import archive as archived
from tpmock.kit.reports.readable.derived import calls_per_order, coverage_in_words
from tpmock.kit.reports.readable.html_report import report as html_report
from tpmock.kit.reports.readable.junit import junit as as_junit
from tpmock.kit.vocabulary.findings import Result

from tests.kit.records import NASTY, report
from tests.support import har

EVERY = tuple(Result)


@pytest.fixture
def junit(tmp_path: Path) -> Path:
    file = tmp_path / "results.xml"
    file.write_text(as_junit(document(report(*EVERY))), encoding="utf-8")
    return file


def test_junit_is_accepted_by_junitparser(junit: Path) -> None:
    [suite] = JUnitXml.fromfile(str(junit))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 1, 1, 1)
    kinds = [[type(result) for result in one.result] for one in suite]
    assert kinds == [[], [Failure], [], [Error], [Skipped]]
    assert "second line" in next(iter(suite)).name + "".join(r.text for one in suite for r in one.result)


def test_junit_is_accepted_by_junit2html(junit: Path) -> None:
    page = junit.with_suffix(".html")
    command = [sys.executable, "-m", "junit2htmlreport", str(junit), str(page)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - a library's own command
    assert "DEST-002 Title" in page.read_text(encoding="utf-8")


class Page(HTMLParser):
    """Notes every element, and that each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def html() -> str:
    return html_report(document(report(*EVERY, subject="<img src=x onerror=alert(1)>")))


def test_html_is_whole_and_nothing_in_it_is_taken_for_markup(html: str) -> None:
    page = Page(html)
    assert page.open == []
    assert {"script", "img", "link", "iframe"}.isdisjoint(tag for tag, _ in page.found)
    assert "<script>alert(1)</script>" in page.text


def test_html_allows_its_own_style_and_nothing_else(html: str) -> None:
    page = Page(html)
    [policy] = [one["content"] or "" for tag, one in page.found if one.get("http-equiv") == "Content-Security-Policy"]
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "prefers-color-scheme: dark" in style
    assert not any(name in attributes for _, attributes in page.found for name in ("style", "src", "onload"))


def test_html_shows_the_difference_the_exchange_and_the_script(html: str) -> None:
    text = Page(html).text
    for part in (
        "email person-1@redacted.example",
        "second line",
        "POST http://tpmock.test/v1",
        "curl -gsSi",
        "#!/bin/sh",
    ):
        assert part in text
    opened = re.findall(r'<details id="(DEST-\d+)" open>', html)
    assert opened == ["DEST-002", "DEST-003", "DEST-004"]


def test_har_is_one_with_everything_an_archive_needs() -> None:
    archive = json.loads(archived(document(report(Result.PASSED))["cases"], "1"))
    assert har.faults(archive) == []
    entries = archive["log"]["entries"]
    assert [one["response"]["status"] for one in entries] == [400, 202]
    assert {one["startedDateTime"] for one in entries} == {"2026-01-01T00:00:00.000Z"}


def test_github_gets_one_line_for_each_annotation() -> None:
    lines = as_github.commands(document(report(*EVERY))["cases"]).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::warning", "::error"]
    assert "100%25" in lines[0]


def test_github_gets_a_summary_in_which_nothing_is_markup() -> None:
    text = as_github.summary(document(report(*EVERY, subject="a | <b>")))
    assert "## Contract plan: a &#124; &lt;b&gt;" in text
    assert "| 1 | 1 | 1 | 1 | 1 |" in text
    assert all(line.startswith("    ") for line in text.splitlines() if "<script>" in line)


def test_calls_per_order_and_coverage_are_counted() -> None:
    run = document(report(Result.PASSED, Result.FAILED))
    assert (
        run["summary"] | {"orders": 4, "calls": {"createEmailInvitations": 2}, "callsPerOrder": 0.5} == run["summary"]
    )
    assert "2 calls to Trustpilot for 4 orders: 0.5 an order" in calls_per_order(run["summary"])
    [delivered, invited] = run["coverage"]
    assert (delivered["operation"], delivered["seen"]) == ("deliver", {"400": 2})
    assert invited["seen"] == {"202": 2}
    assert "202" in invited["documented"]
    assert coverage_in_words(run).startswith("2 of ")


def write(*words: str, said: list[str] | None = None) -> None:
    for listener in selection.chosen(words, (said if said is not None else []).append):
        listener.write(report(*EVERY))


@pytest.mark.parametrize("name", selection.FORMATS)
def test_every_report_is_written_to_its_file(name: str, tmp_path: Path) -> None:
    write(f"{name}={tmp_path / 'file'}")
    assert "DEST-002" in (tmp_path / "file").read_text(encoding="utf-8")


def test_github_finds_its_summary_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    (tmp_path / "summary").write_text("before\n", encoding="utf-8")
    said: list[str] = []
    write("github", said=said)
    assert (tmp_path / "summary").read_text(encoding="utf-8").startswith("before\n## Contract plan")
    assert said[0].count("::error") == 2


@pytest.mark.parametrize(
    ("word", "complaint"),
    [("pdf=x", "No report is named pdf"), ("junit", "needs a file"), ("html=", "needs a file behind =")],
)
def test_reports_that_make_no_sense_are_refused(word: str, complaint: str) -> None:
    with pytest.raises(selection.ReportError, match=re.escape(complaint)):
        write(word)


def test_a_folder_that_is_not_there_is_noticed_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(selection.ReportError, match="there is no folder"):
        selection.check_places([f"junit={tmp_path / 'none' / 'file'}"])


def test_the_hard_texts_reach_every_report_whole(tmp_path: Path) -> None:
    words = NASTY.splitlines()[-1]
    for name in set(selection.FORMATS) - {"har"}:
        write(f"{name}={tmp_path / name}")
        assert words in (tmp_path / name).read_text(encoding="utf-8"), name


def stripped(text: str) -> Any:
    """A report without times."""
    for pattern in (
        r"\d{4}-\d\d-\d\dT[\d:.]+Z",
        r'(milliseconds"|time"|wait"): [\d.]+',
        r"[\d.]+ s\.",
        r'time="[\d.]+"',
    ):
        text = re.sub(pattern, "", text)
    return re.sub(r"\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT|Retry-After: \d+|\b1\d{12}\b", "", text)


def test_two_runs_of_one_seed_write_the_same_but_for_times(tmp_path: Path) -> None:
    names = [name for name in selection.FORMATS if name != "github"]
    for turn in ("1", "2"):
        options = [option for name in names for option in ("--report", f"{name}={tmp_path / (name + turn)}")]
        command = [sys.executable, "-m", "tpmock.kit", "--seed", "3", "--case", "DEST-002", "--case", "DEST-020"]
        ran = subprocess.run([*command, *options], capture_output=True, text=True, check=False)  # noqa: S603 - ours
        assert ran.returncode == 0, ran.stdout + ran.stderr
    for name in names:
        first, second = (stripped((tmp_path / f"{name}{turn}").read_text(encoding="utf-8")) for turn in "12")
        assert first == second, name
