"""``python -m tests.benchmarks.kit``: the kit as a command and inside pytest, and how long the plans take.

Everything is measured in one run, in turn, as elapsed and as processor time of all that it starts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.suites import Took, ran
from tests.support import ROOT

#: How many times the command's time pytest may take.
MARK = 2.0
#: Seconds of a plan on a quiet machine with two cores.
PLANS = {"quick": 1.5, "standard": 8.0}
#: The plugins of a user who has installed tpmock and pytest-xdist, not those of our own tests.
PLUGINS = ("tpmock.testing.plugin", "tpmock.kit.pytest.plugin", "xdist.plugin")
LOADED = tuple(word for plugin in PLUGINS for word in ("-p", plugin))
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *LOADED)
COMMAND = (sys.executable, "-m", "tpmock.kit")


def best(rounds: int, *command: str) -> Took:
    """Return the quickest of some runs."""
    with TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        shutil.copytree(ROOT / "fixtures" / "subjects" / "python", project)
        return min(
            (ran(command, project, {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}) for _ in range(rounds)),
            key=lambda took: took.cpu,
        )


def main() -> None:
    """Print the table; fail when pytest takes too much of the processor."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.kit", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", default="DEST-0", help="cases of the contract whose id begins like this")
    chosen = parser.parse_args()
    contract = "contract.toml"
    print(f"Load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    command = best(chosen.rounds, *COMMAND, "--contract", contract, "--case", chosen.case, "--json")
    collected = (*PYTEST, f"--tpmock-contract={contract}", "-k", chosen.case)
    rows = {"tpmock test": command, "pytest": best(chosen.rounds, *collected)}
    rows["pytest -n 2"] = best(chosen.rounds, *collected, "-n", "2")
    for name, took in rows.items():
        ratios = f"{took.wall / command.wall:.2f}, {took.cpu / command.cpu:.2f} times the command (mark {MARK:.0f})"
        print(f"{name:<12} {took.wall:6.2f} s elapsed, {took.cpu:6.2f} s of the processor: {ratios}", flush=True)
    for plan, mark in PLANS.items():
        took = best(chosen.rounds, *COMMAND, "--plan", plan, "--json")
        print(
            f"{plan:<12} {took.wall:6.2f} s elapsed (mark {mark:.1f}), {took.cpu:6.2f} s of the processor", flush=True
        )
    raise SystemExit(any(took.cpu > MARK * command.cpu for took in rows.values()))


if __name__ == "__main__":
    main()
