"""``python -m tests.benchmarks.repeats``: runs a plan against the bundled destination many times.

It reports each case whose result was not always the same.

Every run has another seed. ``--into FILE`` keeps the results, so that runs of several days are compared together.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

#: Timeout of a run in seconds, for a machine with much else to do.
PATIENCE = 1_800
Run = Mapping[str, Any]
#: A case that was not run says as little as one that failed.
_NOT_FINE = ("failed", "not-run")


def once(plan: str, seed: int) -> Run:
    """Run the plan, and return the result of each case."""
    load, began = os.getloadavg()[0], time.monotonic()
    command = [sys.executable, "-m", "tpmock.kit", "--plan", plan, "--seed", str(seed), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)  # noqa: S603 - ours
    took = time.monotonic() - began
    if not ran.stdout:
        raise SystemExit(f"The run with seed {seed} ended with {ran.returncode}: {ran.stderr}")
    cases = json.loads(ran.stdout)["cases"]
    reasons = {one["id"]: f"{one['reason']} {one['findings']}" for one in cases if one["result"] in _NOT_FINE}
    results = {one["id"]: one["result"] for one in cases}
    return {"plan": plan, "seed": seed, "seconds": took, "load": load, "results": results, "reasons": reasons}


def unsteady(runs: Sequence[Run]) -> Iterator[str]:
    """Yield a line for each case whose result was not always the same, with the seeds of the rarer ones."""
    seeds: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        for case, result in run["results"].items():
            seeds[case][result].append(run["seed"])
    for case, results in sorted(seeds.items()):
        if len(results) > 1:
            usual = max(results, key=lambda result: len(results[result]))
            rare = (f"{result} with the seeds {seeds}" for result, seeds in results.items() if result != usual)
            yield f"{case}: {usual} {len(results[usual])} times, {'; '.join(rare)}"


def summary(runs: Sequence[Run]) -> str:
    """Return how many runs came to what, how long they took and how busy the machine was."""
    took, load = (sorted(run[name] for run in runs) for name in ("seconds", "load"))
    totals = Counter(result for run in runs for result in run["results"].values())
    counts = ", ".join(f"{number} {result}" for result, number in totals.most_common())
    return (
        f"{len(runs)} runs of {runs[0]['plan']}: {counts}. A run took {took[0]:.1f} to {took[-1]:.1f} s "
        f"(median {took[len(took) // 2]:.1f}), at a load of {load[0]:.1f} to {load[-1]:.1f} on {os.cpu_count()} cores."
    )


def main() -> None:
    """Run, and fail when a result was not always the same, or a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.repeats", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--plan", default="standard")
    parser.add_argument("--into", type=Path, help="keep the results in this file, and compare with those in it")
    chosen = parser.parse_args()
    kept = chosen.into.read_text(encoding="utf-8").splitlines() if chosen.into and chosen.into.exists() else []
    runs: list[Run] = [run for run in map(json.loads, kept) if run["plan"] == chosen.plan]
    for seed in range(len(runs) + 1, len(runs) + 1 + chosen.runs):
        run = once(chosen.plan, seed)
        runs.append(run)
        if chosen.into:
            with chosen.into.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(run)}\n")
        failed = ", ".join(run["reasons"]) or "none"
        print(f"seed {seed}: {run['seconds']:.1f} s, load {run['load']:.1f}, failed or not run: {failed}", flush=True)
    found = list(unsteady(runs))
    print(summary(runs), *found, sep="\n")
    raise SystemExit(bool(found) or any(run["reasons"] for run in runs))


if __name__ == "__main__":
    main()
