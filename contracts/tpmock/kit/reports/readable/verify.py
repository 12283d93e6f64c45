"""Verify the evidence pack beside this file, with Python's standard library alone: python3 verify.py

Unzip the pack first. It makes every file for people again from results.json, and prints the differences.
Exit code 0: no differences; 1: differences. If you do not trust the pack, do not trust this file either: use the
verifier of the project (tpmock evidence verify FILE), or repeat the run (--rerun).
"""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(FOLDER / "verifier"))
    from tpmock.kit.reports.readable.members import mistakes

    found = {
        file.relative_to(FOLDER).as_posix(): file.read_bytes() for file in sorted(FOLDER.rglob("*")) if file.is_file()
    }
    wrong = [f"wrong: {mistake}\n" for mistake in mistakes(found)]
    whole = f"The pack is complete: {len(found)} files, and every file for people follows from results.json.\n"
    sys.stdout.writelines(wrong or [whole])
    sys.exit(1 if wrong else 0)
