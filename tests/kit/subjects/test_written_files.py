"""What a program wrote outside its working folder is found, and nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tpmock.kit.subjects import written_files
from tpmock.kit.subjects.processes import Program, local_environment

WRITES = """
import sys, tempfile, time
inside, beside, hidden, far = sys.argv[1:]
open(inside, 'w').write('inside')
open(beside, 'w').write('beside')
open(hidden, 'w').write('hidden')
kept = open(far, 'w', buffering=1)
kept.write('far\\n')
nameless = tempfile.TemporaryFile('w', buffering=1)
nameless.write('nameless\\n')
print('done', flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no folder lists the files a process has open")
def test_files_of_the_start_folder_and_open_files_are_found(tmp_path: Path) -> None:
    work, start, far = (tmp_path / name for name in ("work", "start", "far"))
    for folder in (work, start, far, start / ".hidden"):
        folder.mkdir()
    (start / "older.txt").write_text("older")
    before = (start / "older.txt").stat().st_mtime - 1000
    os.utime(start / "older.txt", (before, before))
    places = [work / "inside.log", start / "beside.log", start / ".hidden" / "hidden.log", far / "far.log"]
    program = Program(
        "The program", [sys.executable, "-c", WRITES, *map(str, places)], local_environment({}), work, start
    )
    try:
        program.wait_until(lambda: b"done" in program.stdout.read_bytes(), 30)
        found = written_files.outside(program, work)
    finally:
        program.stop()
    assert sorted(content.decode().strip() for content in found.values()) == ["beside", "far", "nameless"]
    assert {str(start / "beside.log"), str(far / "far.log")} < set(found)
