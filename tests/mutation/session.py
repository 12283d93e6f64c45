"""A pytest session that runs its tests once with coverage, and then those that reach a mutant, for each mutant.

Each mutant gets a fork of the process, in which everything is imported and collected already.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import re
import resource
import signal
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from pathlib import Path
from typing import Any, Final, Literal

import coverage
import pytest
from _pytest.runner import runtestprotocol
from tpmock import faults, sandbox, segment, trustpilot

from tests.mutation import swap
from tests.mutation.mutants import PACKAGES, SOURCE, Mutant

Result = Literal["killed", "timed out", "survived", "not reached"]
#: Slower tests are left out, in seconds: they wait for real time or start programs.
SLOWEST: Final = 2.0
#: Seconds that a mutant's tests may take beyond a multiple of what they usually take: processor time for what loops for
#: ever, real time for what waits for ever. A loaded machine makes real time long, and must kill nothing.
PROCESSOR: Final = 20
PATIENCE: Final = 120.0
#: A fork ends with one of these, by a signal, or in another way when the mutant breaks the session itself.
_SURVIVED, _KILLED = 0, 1
_RESULTS: Final[dict[int | None, Result]] = {_SURVIVED: "survived", -signal.SIGXCPU: "timed out"}


@dataclass(slots=True)
class Outcome:
    """What became of a mutant.

    :param tests: how many tests reach it
    """

    mutant: Mutant
    result: Result
    tests: int


@dataclass(slots=True)
class MutationSession:
    """The plugin of the session.

    :param mutants: in the order of running
    :param jobs: how many run at the same time
    :param tell: called with each outcome
    :param prefer: a part of the id of tests that are run first
    """

    mutants: Sequence[Mutant]
    jobs: int
    tell: Callable[[Outcome], None]
    prefer: str = "tests/mock/rules/"
    outcomes: list[Outcome] = field(default_factory=list)
    error: str | None = None
    _items: dict[str, pytest.Item] = field(default_factory=dict)
    _lasted: dict[str, float] = field(default_factory=dict)
    _functions: swap.Functions = field(default_factory=dict)
    _caches: list[Any] = field(default_factory=list)
    _reach: dict[Path, dict[int, set[str]]] = field(default_factory=dict)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep what runs in this process."""
        items[:] = [item for item in items if not _over_socket(item)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests, then the mutants."""
        self._import_all()
        self._functions = swap.functions(SOURCE)
        # Those of the packages alone: others read the documents, which takes a second.
        self._caches = swap.caches(
            {key: found for key, found in self._functions.items() if Path(key[0]).parent.name in PACKAGES}
        )
        self._run_with_coverage(session.items)
        self._freeze()
        if self.error is None:
            self._check_forks()
        if self.error is None:
            self._run_mutants()
        return True

    @staticmethod
    def _import_all() -> None:
        for package in (trustpilot, segment, faults, sandbox):
            for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
                importlib.import_module(module.name)

    def _run_with_coverage(self, items: list[pytest.Item]) -> None:
        recorder = coverage.Coverage(data_file=None, source=[str(SOURCE)], config_file=False)
        recorder.start()
        try:
            for item, following in zip(items, [*items[1:], None], strict=True):
                for cache in self._caches:
                    cache.cache_clear()
                recorder.switch_context(item.nodeid)
                reports = runtestprotocol(item, nextitem=following, log=False)
                self._items[item.nodeid] = item
                self._lasted[item.nodeid] = sum(report.duration for report in reports if report.when == "call")
                if any(report.failed for report in reports):
                    self.error = f"{item.nodeid} fails without a mutant:\n" + "\n".join(
                        report.longreprtext for report in reports if report.failed
                    )
                    return
        finally:
            recorder.stop()
        data = recorder.get_data()
        for name in data.measured_files():
            lines = self._reach.setdefault(Path(name), defaultdict(set))
            for line, contexts in data.contexts_by_lineno(name).items():
                lines[line] = {one for one in contexts if one and self._lasted[one] <= SLOWEST}

    def _freeze(self) -> None:
        """Let forks share the memory: a collection of garbage would copy it."""
        gc.collect()
        gc.freeze()
        gc.disable()

    def _check_forks(self) -> None:
        """Run all tests in a fork without a mutant: what fails there kills nothing."""
        names = self._in_order(name for name, lasted in self._lasted.items() if lasted <= SLOWEST)
        child = get_context("fork").Process(target=self._play, args=(None, names))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child.start()
        child.join()
        if child.exitcode != _SURVIVED:
            self.error = f"The tests fail when they are run again in a fork (exit {child.exitcode})."

    def _in_order(self, names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda name: (self.prefer not in name, self._lasted[name], name))

    def tests_of(self, mutant: Mutant, pairs: Any) -> list[str]:
        """Return the tests that reach a mutant: its lines, or, when its module computes it, what names it there."""
        if pairs is not None:
            lines = self._reach.get(mutant.path, {})
            return self._in_order(set().union(*(lines.get(n, set()) for n in range(mutant.first, mutant.last + 1))))
        names = re.findall(r"[A-Za-z_]\w+", mutant.before)[:1] + mutant.within.split(".")[:1]
        word = re.compile(r"\b(" + "|".join(re.escape(name) for name in names if name) + r")\b")
        found: set[str] = set()
        for path, lines in self._reach.items():
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if number in lines and word.search(line):
                    found |= lines[number]
        return self._in_order(found)

    def _run_mutants(self) -> None:
        context = get_context("fork")
        running: dict[int, tuple[Any, Mutant, int, float]] = {}
        waiting = iter(self.mutants)
        while True:
            while len(running) < self.jobs and (mutant := next(waiting, None)) is not None:
                pairs = swap.changed_functions(mutant)
                names = self.tests_of(mutant, pairs)
                if not names:
                    self._end(mutant, "not reached", 0)
                    continue
                target, arguments = (
                    (self._play, (pairs, names))
                    if pairs is not None
                    else (
                        _play_anew,
                        (mutant, names, self._usual(names)),
                    )
                )
                child = context.Process(target=target, args=arguments)
                with warnings.catch_warnings():
                    # Python 3.12 warns of forks beside threads; those that a fork needs, its tests start.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    child.start()
                until = time.monotonic() + PATIENCE + 20 * self._usual(names)
                running[child.sentinel] = (child, mutant, len(names), until)
            if not running:
                return
            soonest = min(until for *_, until in running.values())
            ready = connection.wait(list(running), timeout=max(0.0, soonest - time.monotonic()))
            for sentinel, (child, mutant, tests, until) in list(running.items()):
                if sentinel in ready:
                    child.join()
                    self._end(mutant, _RESULTS.get(child.exitcode, "killed"), tests)
                elif time.monotonic() >= until:
                    child.kill()
                    child.join()
                    self._end(mutant, "timed out", tests)
                else:
                    continue
                del running[sentinel]

    def _usual(self, names: Iterable[str]) -> float:
        return sum(self._lasted[name] for name in names)

    def _end(self, mutant: Mutant, result: Result, tests: int) -> None:
        self.outcomes.append(Outcome(mutant, result, tests))
        self.tell(self.outcomes[-1])

    def _play(self, pairs: Any, names: Sequence[str]) -> None:
        """Run tests in a fork, until one fails."""
        _settle_in(self._usual(names))
        if pairs is not None:
            swap.replace(pairs, self._functions)
            for cache in self._caches:
                cache.cache_clear()
        items = [self._items[name] for name in names]
        code = _SURVIVED
        for item, following in zip(items, [*items[1:], None], strict=True):
            # As pytest-rerunfailures does before it runs a test again.
            item._initrequest()  # type: ignore[attr-defined]
            if any(report.failed for report in runtestprotocol(item, nextitem=following, log=False)):
                code = _KILLED
                break
        os._exit(code)


def _over_socket(item: pytest.Item) -> bool:
    """Return whether a test calls a mock in another process."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return getattr(parameters.get("door"), "__name__", "") == "OverSocket"


def _settle_in(usual: float) -> None:
    """Prepare a fork: nothing is printed, and no loop goes on for ever."""
    gc.enable()
    most = int(PROCESSOR + 5 * usual)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _play_anew(mutant: Mutant, names: Sequence[str], usual: float) -> None:
    """Import the program again with the mutant, in a fork, and run its tests as pytest does."""
    _settle_in(usual)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tpmock", "tests")]:
        if name not in ("tpmock", "tests"):
            del sys.modules[name]
    sys.meta_path.insert(0, _MutantFinder(mutant))
    os._exit(_SURVIVED if pytest.main([*OPTIONS, "-x", *names]) == pytest.ExitCode.OK else _KILLED)


class _MutantFinder:
    """Finds one module with its mutant's code."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = "tpmock." + mutant.module.replace("/", ".")
        self._mutant = mutant

    def find_spec(self, name: str, path: Sequence[str] | None, _target: object = None) -> Any:
        """Find the module as it is found usually, and let it be executed from the mutant's code."""
        if name != self._name:
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        code = compile(self._mutant.code(), str(self._mutant.path), "exec", dont_inherit=True)
        assert found is not None
        assert isinstance(found.loader, importlib.machinery.SourceFileLoader)
        vars(found.loader)["get_code"] = lambda _: code
        return found


#: Options of every session: in the order of the files, little printed, no process beside this one.
OPTIONS: Final = (
    *("-qq", "-s", "--no-header", "--no-summary", "-p", "no:cacheprovider"),
    *("-p", "no:randomly", "-p", "no:xdist"),
)
