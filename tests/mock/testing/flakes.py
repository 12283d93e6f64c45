"""Many workers, many runs, random order, one server: does a result ever change?

``python -m tests.mock.testing.flakes`` runs the suite of :mod:`tests.mock.testing.suite` 20 times with 8 workers,
each run on the server it starts for itself, then 20 times on one server for all runs. Exit code 1 when anything failed,
more than one server answered a run, or a process stayed behind.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from xml.etree import ElementTree as ET

import psutil
from tpmock.testing.shared_server import SharedServer

SUITE = Path(__file__).with_name("suite.py")
#: Other people's plugins take longer to load than these tests take.
UNUSED = (
    *("cacheprovider", "schemathesis", "hypothesispytest", "faker", "anyio"),
    *("asyncio", "recording", "requests_mock", "respx", "socket", "time_machine"),
)
PATIENCE = 600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run came to.

    :param servers: addresses that answered its tests
    :param left: processes that stayed behind
    """

    seed: int
    passed: int
    wrong: int
    servers: frozenset[str]
    left: int
    seconds: float
    said: str

    @property
    def good(self) -> bool:
        """Return whether it is as expected."""
        return self.passed > 0 and self.wrong == 0 and len(self.servers) == 1 and self.left == 0


def run(folder: Path, workers: int, seed: int, *options: str) -> Outcome:
    """One run of the suite in random order.

    :param folder: a separate one; the suite is copied there
    """
    shutil.copy(SUITE, folder / "test_suite.py")
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", f"-n{workers}", "-p", "randomly", f"--randomly-seed={seed}"]
    command += [part for name in UNUSED for part in ("-p", f"no:{name}")]
    command += [f"--basetemp={folder / 'temporary'}", f"--junit-xml={folder / 'report.xml'}", "-ojunit_family=xunit1"]
    started = monotonic()
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, *options], cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    left = stayed(folder)
    report = ET.parse(folder / "report.xml")  # noqa: S314 - pytest wrote it just now
    cases = list(report.iter("testcase"))
    wrong = sum(_bad(case) for case in cases)
    servers = frozenset(each.attrib["value"] for each in report.iter("property"))
    # A run that pytest itself could not finish is wrong, with any results of its cases.
    failed = wrong or int(done.returncode != 0)
    said = done.stdout + done.stderr
    return Outcome(seed, len(cases) - wrong, failed, servers, len(left), monotonic() - started, said)


def _bad(case: ET.Element) -> bool:
    return any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))


def stayed(folder: Path) -> list[psutil.Process]:
    """Processes that have to do with a folder and live."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and any(str(folder) in part for part in process.info["cmdline"] or ())
    ]


@contextmanager
def _one_server(folder: Path) -> Iterator[tuple[str, ...]]:
    """A server for all runs, as an option of them."""
    shared = SharedServer(folder / "one", {})
    yield (f"--tpmock-url={shared.url}",)
    shared.close()


def main() -> int:
    """Run, print a line a run, and say whether all was well."""
    parser = argparse.ArgumentParser(prog="python -m tests.mock.testing.flakes")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--server", choices=["own", "shared"], help="whose; by default first the one, then the other")
    given = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for kind in [given.server] if given.server else ["own", "shared"]:
            with nullcontext(()) if kind == "own" else _one_server(Path(folder)) as options:
                for number in range(given.runs):
                    place = Path(folder) / f"{kind}-{number}"
                    place.mkdir()
                    outcome = run(place, given.workers, number, *options)
                    good &= outcome.good
                    sys.stdout.write(
                        f"{kind} server, run {number + 1}: {outcome.passed} passed, {outcome.wrong} wrong, "
                        f"{len(outcome.servers)} server, {outcome.left} processes left, {outcome.seconds:.1f} s\n"
                    )
                    if not outcome.good:
                        sys.stdout.write(outcome.said)
                    sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
