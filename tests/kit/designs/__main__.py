"""Plays the plan standard against right designs: ``python -m tests.kit.designs [NAME...]``; all take minutes."""

from __future__ import annotations

import sys

from tpmock.kit.cases import case_files

from tests.kit.designs.catalogue import DESIGNS, PROGRAMS
from tests.kit.designs.playing import played


def _main(names: list[str]) -> int:
    wrong = 0
    for name in names or DESIGNS:
        for program in PROGRAMS:
            found = played(DESIGNS[name], program, case_files.load_plan(case_files.STANDARD))
            wrong += bool(found.wrong)
            sys.stdout.write(f"{name} in {program}: {found.counted}\n")
            if found.waited:
                sys.stdout.write(f"  The kit waited in {len(found.waited)} cases.\n")
            sys.stdout.writelines(f"  {line}\n" for line in found.wrong)
            sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
