"""What the last runs came to, module by module: ``results.yaml``. ``python -m tests.mutation --standing`` prints it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import yaml

from tests.mutation.mutants import SOURCE, modules, mutants_of
from tests.mutation.survivors import row_of

FILE: Final = Path(__file__).with_name("results.yaml")
NOTICED: Final = ("killed", "timed out")
_HEAD: Final = """\
# Written by `python -m tests.mutation MODULE... --log FILE --keep`: how many mutants of a module the tests notice.
# Modules that are not here have not been run to their end. `source` tells whether the module has changed since.
"""
Results = Mapping[str, Mapping[str, Any]]


def content() -> dict[str, Mapping[str, Any]]:
    """Return the results by module."""
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")) or {})


def last_in(log: Path) -> dict[str, dict[str, str]]:
    """Return the last result of each mutant in a log, by module and row of the mutant."""
    found: dict[str, dict[str, str]] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        result, _, module, row = line.split("\t")
        found.setdefault(module, {})[row] = result
    return found


def of(module: str, last: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the result of a module; None when some of its mutants have not been run."""
    rows = {row_of(mutant) for mutant in mutants_of(module)}
    if not rows <= last.keys():
        return None
    counts = Counter(last[row] for row in rows)
    return {
        "day": date.today().isoformat(),  # noqa: DTZ011 - a day for people, where they are
        "source": digest(module),
        "mutants": len(rows),
        "noticed": sum(counts[result] for result in NOTICED),
        "survived": counts["survived"],
        "not reached": counts["not reached"],
    }


def keep(log: Path) -> None:
    """Write the results of all modules that a log has to their end."""
    known = content()
    for module, last in last_in(log).items():
        result = of(module, last)
        if result is not None:
            known[module] = result
    rows = (f"{module}: {_flow(known[module])}" for module in modules() if module in known)
    FILE.write_text(_HEAD + "\n".join(rows) + "\n", encoding="utf-8")


def digest(module: str) -> str:
    """Return a short digest of a module's source."""
    return sha256((SOURCE / f"{module}.py").read_bytes()).hexdigest()[:8]


def standing() -> Iterator[str]:
    """Yield a line for each module, and one for all."""
    known = content()
    for module in modules():
        result = known.get(module)
        if result is None:
            yield f"{module}: not run"
            continue
        since = "" if result["source"] == digest(module) else "; the module has changed since"
        yield f"{module}: {_share([result]):.1%} of {result['mutants']} on {result['day']}{since}"
    share = f"{_share(list(known.values())):.1%} of the mutants" if known else "no mutant"
    yield f"All: {share} in {len(known)} of {len(modules())} modules"


def _share(results: list[Mapping[str, Any]]) -> float:
    mutants = sum(result["mutants"] for result in results)
    # A module without a place to change has no mutants.
    return sum(result["noticed"] for result in results) / mutants if mutants else 1.0


def _flow(result: Mapping[str, Any]) -> str:
    line: str = yaml.safe_dump(dict(result), default_flow_style=True, width=1_000, sort_keys=False)
    return line.strip()
