"""The report for people: one line a case while the run goes on, reasons and exchanges below what failed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from tpmock.kit.cases.wording import counted
from tpmock.kit.reports.as_json import document
from tpmock.kit.reports.collector import Collector, RunReport
from tpmock.kit.reports.readable.derived import calls_per_order, coverage_in_words
from tpmock.kit.run.run_events import CaseFinished, CaseStarted, ExampleTried, RunEvent, RunFinished, RunStarted
from tpmock.kit.vocabulary.findings import ExchangeSummary, Finding, Result

_STYLES = {
    Result.PASSED: "green",
    Result.FAILED: "bold red",
    Result.WARNING: "yellow",
    Result.NOT_RUN: "magenta",
    Result.NOT_APPLICABLE: "dim",
}
_MOST_EXCHANGES = 12


class TerminalReport:
    """Writes as the run goes on; the bar at the foot is there on a real terminal only.

    :param quiet: show the bar and nothing else, for a run whose report goes elsewhere
    :ivar progress: the bar, to be entered for the length of the run
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._gathering = Collector(self._figures)
        self._not_played = 0
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self.progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self.progress.add_task("starting", total=None)

    def __call__(self, event: RunEvent) -> None:
        """Take an event of the run."""
        self._gathering(event)
        match event:
            case RunStarted():
                self.progress.update(self._task, total=len(event.cases))
                cases = counted(len(event.cases), "case")
                self._say(f"Plan {event.plan}, {cases}, seed {event.seed}. Subject: {escape(event.subject)}.")
            case CaseStarted():
                self.progress.update(self._task, description=event.case.id)
            case ExampleTried():
                doing = "shrinking the finding" if event.shrinking else "generating histories"
                self.progress.update(self._task, description=doing, total=event.most, completed=event.tried)
            case CaseFinished():
                self.progress.advance(self._task)
                self._case(event)
            case RunFinished():
                self._finished(event)

    def _case(self, event: CaseFinished) -> None:
        outcome = event.outcome
        if not outcome.played:
            self._not_played += 1
            return
        style = _STYLES[outcome.result]
        result = f"[{style}]{outcome.result:<14}[/]"
        self._say(f"{result} {event.case.id}  {escape(event.case.title)}  [dim]{outcome.milliseconds:.0f} ms[/]")
        if outcome.reason:
            self._say(f"    {escape(outcome.reason)}")
        for finding, exchanges in outcome.evidence():
            self._finding(finding)
            self._exchanges(exchanges)
        if outcome.breaches:
            self._say(f"    [dim]requirement[/]  {escape(event.case.requirement)}")
            clause = event.case.clause
            origin = f"{clause.source}, {clause.section} ({event.case.evidence}): {clause.url}"
            self._say(f"    [dim]clause     [/]  {escape(origin)}")

    def _finding(self, finding: Finding) -> None:
        rows = {"expected": finding.expected, "found": finding.found, "where": finding.where, "to do": finding.advice}
        self._say(f"    [bold]{finding.check}[/] ({finding.level})")
        for name, text in rows.items():
            self._say(f"      [dim]{name:<9}[/]  {escape(text)}")

    def _exchanges(self, exchanges: Sequence[ExchangeSummary]) -> None:
        for exchange in exchanges[:_MOST_EXCHANGES]:
            self._say(f"      [dim]{escape(str(exchange))}[/]")
        if len(exchanges) > _MOST_EXCHANGES:
            self._say(f"      [dim]and {len(exchanges) - _MOST_EXCHANGES} more[/]")

    def _finished(self, event: RunFinished) -> None:
        if self._not_played:
            self._say(f"{counted(self._not_played, 'case')} not run: the run ended earlier.")
        if event.impossible:
            # The last lines of a program stand with the case that found it.
            why = event.impossible if self._quiet else event.impossible.splitlines()[0]
            self._say(f"[bold red]The run was impossible.[/] {escape(why)}", always=True)
        counts = ", ".join(
            f"[{_STYLES[result]}]{count} {result}[/]" for result in Result if (count := event.results[result])
        )
        self._say(f"{counts or 'no cases'} in {event.milliseconds / 1000:.1f} s")
        if event.of_mock:
            # They would look like results of the subject.
            said = ", ".join(f"{count} {result}" for result in Result if (count := event.of_mock[result]))
            self._say(f"Not counted: cases that test the mock and not the subject: {said}.")

    def _figures(self, report: RunReport) -> None:
        """Calls per order and coverage of the contract, where there was anything to count."""
        # Of made-up histories only those are kept that broke something: they count for nothing.
        made_up = not all(one.case.when for one in report.judged)
        if self._quiet or made_up or not any(one.outcome.records for one in report.judged):
            return
        run = document(report)
        if run["summary"]["orders"]:
            self._say(escape(calls_per_order(run["summary"])))
        self._say(escape(coverage_in_words(run)))

    def _say(self, markup: str, *, always: bool = False) -> None:
        if always or not self._quiet:
            self._console.print(markup, highlight=False, soft_wrap=True)
