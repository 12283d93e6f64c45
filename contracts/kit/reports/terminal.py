"""The report for people: one line a case while the run goes on, reasons and exchanges below what failed."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from contracts.kit.findings import Exchange, Finding, Result
from contracts.kit.reports.figures import figures
from contracts.kit.reports.gathered import Gathering, Report
from contracts.kit.run_events import CaseFinished, CaseStarted, ExampleTried, RunEvent, RunFinished, RunStarted
from contracts.kit.wording import counted

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

    :param console: where to.
    :param quiet: show the bar and nothing else, for a run whose report goes elsewhere.
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._gathering = Gathering(self._figures)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("starting", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, event: RunEvent) -> None:
        """Take what the run tells."""
        self._gathering(event)
        match event:
            case RunStarted():
                self._progress.update(self._task, total=len(event.cases))
                cases = counted(len(event.cases), "case")
                self._say(f"Plan {event.plan}, {cases}, seed {event.seed}. Subject: {escape(event.subject)}.")
            case CaseStarted():
                self._progress.update(self._task, description=event.case.id)
            case ExampleTried():
                doing = "making it smaller" if event.shrinking else "making up histories"
                self._progress.update(self._task, description=doing, total=event.most, completed=event.tried)
            case CaseFinished():
                self._progress.advance(self._task)
                self._case(event)
            case RunFinished():
                self._finished(event)

    def _case(self, event: CaseFinished) -> None:
        outcome = event.outcome
        style = _STYLES[outcome.result]
        result = f"[{style}]{outcome.result:<14}[/]"
        self._say(f"{result} {event.case.id}  {escape(event.case.title)}  [dim]{outcome.milliseconds:.0f} ms[/]")
        if outcome.reason:
            self._say(f"    {escape(outcome.reason)}")
        shown: set[Exchange] = set()
        for finding in outcome.breaches:
            self._finding(finding)
            exchanges = outcome.exchanges if finding.exchanges is None else finding.exchanges
            # Findings about one delivery share their exchanges; a second list of the same tells nothing new.
            self._exchanges([exchange for exchange in exchanges if exchange not in shown])
            shown.update(exchanges)
        if outcome.breaches:
            clause = event.case.clause
            source = f"{clause.source}, {clause.section} ({event.case.evidence}): {clause.url}"
            self._say(f"    [dim]requirement[/]  {escape(event.case.requirement)}")
            self._say(f"    [dim]clause     [/]  {escape(source)}")

    def _finding(self, finding: Finding) -> None:
        rows = {"expected": finding.expected, "found": finding.found, "where": finding.where, "to do": finding.advice}
        self._say(f"    [bold]{finding.check}[/] ({finding.level})")
        for name, text in rows.items():
            self._say(f"      [dim]{name:<9}[/]  {escape(text)}")

    def _exchanges(self, exchanges: Sequence[Exchange]) -> None:
        for exchange in exchanges[:_MOST_EXCHANGES]:
            self._say(f"      [dim]{_line(exchange)}[/]")
        if len(exchanges) > _MOST_EXCHANGES:
            self._say(f"      [dim]and {len(exchanges) - _MOST_EXCHANGES} more[/]")

    def _finished(self, event: RunFinished) -> None:
        if event.impossible:
            self._say(f"[bold red]The run was impossible.[/] {escape(event.impossible)}", always=True)
        counts = ", ".join(
            f"[{_STYLES[result]}]{count} {result}[/]" for result in Result if (count := event.results[result])
        )
        self._say(f"{counts or 'no cases'} in {event.milliseconds / 1000:.1f} s")

    def _figures(self, report: Report) -> None:
        """Calls per order and coverage of the contract, where there was anything to count."""
        # Of made-up histories only those are kept that broke something: they count for nothing.
        made_up = not all(one.case.when for one in report.judged)
        if self._quiet or made_up or not any(one.outcome.records for one in report.judged):
            return
        counted_up = figures(report)
        if counted_up.orders:
            self._say(escape(counted_up.sentence()))
        self._say(escape(counted_up.coverage()))

    def _say(self, markup: str, *, always: bool = False) -> None:
        if always or not self._quiet:
            self._console.print(markup, highlight=False, soft_wrap=True)


def _line(exchange: Exchange) -> str:
    number = "" if exchange.number is None else f"#{exchange.number} "
    status = "no answer" if exchange.status is None else exchange.status
    return escape(f"{number}{exchange.what} -> {status}" + (f" ({exchange.note})" if exchange.note else ""))
