"""Verify the evidence pack beside this file, with Python's standard library alone: python3 verify.py

Unzip the pack first. It makes everything that people read in the pack again from results.json, and tells what differs.
Exit code 0: nothing differs; 1: something does. If you distrust the pack, distrust this file too: take the verifier
from the project instead (tpmock evidence verify FILE), or have the run repeated (--rerun).
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
    whole = f"The pack is whole: {len(found)} files, and what people read in it follows from results.json.\n"
    sys.stdout.writelines(wrong or [whole])
    sys.exit(1 if wrong else 0)
