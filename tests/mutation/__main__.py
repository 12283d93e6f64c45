"""``python -m tests.mutation``: break the mock's rules line by line, and see whether a test fails."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

import click
import pytest

from tests.mutation import results, survivors
from tests.mutation.mutants import Mutant, modules, mutants_of
from tests.mutation.results import NOTICED
from tests.mutation.session import OPTIONS, MutationSession, Outcome

#: The share of mutants that tests must notice.
ENOUGH: Final = 0.95
#: Tests that call the mock in process.
TESTS: Final = ("tests/mock/rules", "tests/mock/unit", "tests/mock")
#: Folders of tests that start programs, or are about other packages.
LEFT_OUT: Final = ("commands", "console", "demo", "run", "testing", "tls")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when every survivor is listed and enough mutants were killed, else 1."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.standing:
        click.echo("\n".join(results.standing()))
        return 0
    if options.keep and not options.log:
        parser.error("--keep needs --log, from which it reads the results.")
    chosen = [mutant for module in options.modules or modules() for mutant in mutants_of(module)]
    if options.again:
        noticed = _noticed_in(options.again)
        chosen = [mutant for mutant in chosen if (mutant.module, survivors.row_of(mutant)) not in noticed]
    if options.sample:
        # The same ones each time, of all modules: a sample that differs by chance fails for others than who broke it.
        chosen = random.Random(0).sample(chosen, min(options.sample, len(chosen)))  # noqa: S311 - no secret
    with _log(options.log) as log:
        session = MutationSession(chosen, options.jobs, lambda outcome: _tell(outcome, log))
        started = time.monotonic()
        left_out = [f"--ignore=tests/mock/{folder}" for folder in LEFT_OUT]
        pytest.main([*OPTIONS, *left_out, *(options.tests or TESTS)], plugins=[session])
    if session.error is not None or len(session.outcomes) != len(chosen):
        click.echo(session.error or "The session ended before its end.", err=True)
        return 1
    click.echo(f"{len(chosen)} mutants in {time.monotonic() - started:.0f} s")
    if options.keep:
        results.keep(Path(options.log))
    return _judge(session.outcomes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="for example trustpilot/access; default: all")
    parser.add_argument("--tests", nargs="+", metavar="PATH", help="tests to run; default: those of the mock")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of the mutants, always the same")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="mutants at the same time (default: 2)")
    parser.add_argument("--log", metavar="FILE", help="append each outcome to a file")
    parser.add_argument("--again", metavar="FILE", help="leave out what a log says was noticed")
    parser.add_argument("--keep", action="store_true", help="write the share of each module in the log to results.yaml")
    parser.add_argument("--standing", action="store_true", help="print what the last runs came to, and run nothing")
    return parser


def _noticed_in(path: str) -> set[tuple[str, str]]:
    lines = [line.split("\t") for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return {(module, row) for result, _, module, row in lines if result in NOTICED}


def _log(path: str | None) -> TextIO:
    return Path(path or os.devnull).open("a", encoding="utf-8", buffering=1)


def _tell(outcome: Outcome, log: TextIO) -> None:
    told = (outcome.result, outcome.tests, outcome.mutant.module, survivors.row_of(outcome.mutant))
    click.echo("\t".join(map(str, told)), file=log)
    if outcome.result not in NOTICED:
        click.echo(f"{outcome.result}, {outcome.tests} tests: {outcome.mutant}", err=True)


def _judge(outcomes: Sequence[Outcome]) -> int:
    by_module: defaultdict[str, Counter[str]] = defaultdict(Counter)
    listed = survivors.listed()
    unlisted: list[Mutant] = []
    noticed: list[Mutant] = []
    for outcome in outcomes:
        by_module[outcome.mutant.module][outcome.result] += 1
        if (outcome.result in NOTICED) == (survivors.key_of(outcome.mutant) in listed):
            (noticed if outcome.result in NOTICED else unlisted).append(outcome.mutant)
    for module, counts in by_module.items():
        click.echo(f"{module}: {_share(counts):.1%} of {counts.total()} ({_words(counts)})")
    counts = sum(by_module.values(), Counter())
    click.echo(f"All: {_share(counts):.1%} of {counts.total()} ({_words(counts)})")
    for title, mutants in (("not listed", unlisted), ("listed, but a test notices it", noticed)):
        for mutant in mutants:
            click.echo(f"{title}: {mutant.module} {survivors.row_of(mutant)}")
    return int(bool(unlisted or noticed) or _share(counts) < ENOUGH)


def _share(counts: Counter[str]) -> float:
    return sum(counts[result] for result in NOTICED) / counts.total() if counts else 1.0


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {result}" for result, number in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
