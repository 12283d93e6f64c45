"""Measures the destination: ``python -m tests.benchmarks.destination``, with ``--memory`` over 100,000 orders too.

The mock, the copies of the destination, the database and wrk share the machine, so figures say most beside each other.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import requests
from tpmock.destination.config import DestinationSettings
from tpmock.destination.service.assembly import build

from tests.destination.conftest import order_completed
from tests.destination.mocked import MockUnderTest, Process, mocked
from tests.support.postgres import running

SECONDS = 5
CONNECTIONS = 16
MANY = 100_000

# Every order is new. The thread's own address keeps two threads and two runs apart.
_SCRIPT = """
local number = 0
local run = "%s-" .. tostring({}):sub(8)
function request()
  number = number + 1
  local order = run .. "-" .. number
  local body = '{"type": "track", "event": "Order Completed", "messageId": "m-' .. order .. '", "userId": "u-' .. number
    .. '", "properties": {"order_id": "' .. order .. '", "email": "buyer-' .. number .. '@example.com", "name": "Ada"}}'
  return wrk.format("POST", "/", {["Content-Type"] = "application/json", ["Authorization"] = "%s"}, body)
end
"""


@contextmanager
def copies(mock: MockUnderTest, database: str, number: int) -> Iterator[list[Process]]:
    """Copies of the destination that share a database."""
    environment = {**os.environ, **mock.environment(database), "NO_PROXY": "127.0.0.1"}
    with ExitStack() as stack:
        made = []
        for _ in range(number):
            made.append(Process(environment))
            stack.callback(made[-1].close)
        yield made


def load(processes: list[Process], key: str, seconds: int, folder: Path) -> float:
    """Orders per second through all copies together."""
    authorization = requests.Request("POST", "http://x", auth=(key, "")).prepare().headers["Authorization"]
    script = folder / "orders.lua"
    script.write_text(_SCRIPT % (time.monotonic_ns(), authorization), encoding="utf-8")
    each = str(CONNECTIONS // len(processes))
    running_ = [
        subprocess.Popen(  # noqa: S603 - wrk, arguments as a list
            ["wrk", "-t1", "-c", each, "-d", f"{seconds}s", "-s", str(script), process.url],  # noqa: S607 - from PATH
            stdout=subprocess.PIPE,
            text=True,
        )
        for process in processes
    ]
    total = 0.0
    for one in running_:
        out, _ = one.communicate(timeout=seconds + 60)
        if "Non-2xx" in out or "Socket errors" in out:
            raise SystemExit(f"events were refused: {out}")
        total += float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])  # type: ignore[index]
    return total


def counted(processes: list[Process], name: str) -> float:
    """Return a counter of all copies, with any labels."""
    pages = [requests.get(f"{process.url}/metrics", timeout=10).text for process in processes]
    return sum(float(found) for page in pages for found in re.findall(rf"^{name}(?:{{.*}})? ([\d.e+]+)$", page, re.M))


def rates(database: Callable[[], str], kind: str, number: int, folder: Path) -> None:
    """Orders per second and calls per order."""
    with mocked() as mock, copies(mock, database(), number) as processes:
        key = mock.sandbox["integrationKey"]
        load(processes, key, 1, folder)
        rate = load(processes, key, SECONDS, folder)
        calls, orders = (counted(processes, f"destination_calls_per_order_{what}") for what in ("sum", "count"))
        copies_ = f"{number} {'copy' if number == 1 else 'copies'}"
        print(f"{kind}, {copies_}: {rate:7.0f} orders/s, {calls / orders:.4f} calls an order, tokens included")


def memory(folder: Path) -> None:
    """What 100,000 orders leave behind in the memory of one copy."""
    with mocked() as mock, copies(mock, f"sqlite:///{folder}/memory.db", 1) as processes:
        family = psutil.Process(processes[0].pid)
        members = [family, *family.children(recursive=True)]

        def size() -> float:
            return sum(one.memory_full_info().pss for one in members) / 1e6

        key, done = mock.sandbox["integrationKey"], 0
        load(processes, key, 2, folder)
        start = size()
        while done < MANY:
            load(processes, key, 20, folder)
            done = int(counted(processes, "destination_events_total"))
            print(f"  after {done:7,} orders: {size():.1f} MB")
        file = sum(path.stat().st_size for path in folder.glob("memory.db*")) / 1e6
        print(f"memory: {start:.1f} MB, {size() - start:+.1f} MB after {done:,} orders; the database has {file:.0f} MB")


def parts(database: str, kind: str) -> None:
    """Where the time of one order goes, one order after the other."""
    with mocked() as mock:
        desk = build(DestinationSettings.from_environment(mock.environment(database)))
        connection = desk.admit(mock.sandbox["integrationKey"])
        spent: dict[str, float] = {}

        def timed(owner: object, name: str, label: str) -> None:
            does = getattr(owner, name)

            def timing(*arguments: object) -> object:
                began = time.perf_counter()
                try:
                    return does(*arguments)
                finally:
                    spent[label] = spent.get(label, 0.0) + time.perf_counter() - began

            setattr(owner, name, timing)

        desk.handle(order_completed("first"), connection)
        timed(desk.ledger, "reserve", "reserve")
        timed(desk.ledger, "settle", "settle")
        timed(desk.trustpilot, "_post", "call")
        timed(desk.reader, "read", "read")
        timed(desk, "_entry", "seal and hash")
        number, began = 1000, time.perf_counter()
        for order in range(number):
            desk.handle({**order_completed(order), "userId": f"u-{order}"}, connection)
        whole = time.perf_counter() - began
        desk.close()
    shares = ", ".join(f"{label} {seconds / number * 1000:.2f}" for label, seconds in spent.items())
    rest = (whole - sum(spent.values())) / number * 1000
    print(f"{kind}, ms an order: {whole / number * 1000:.2f} = {shares}, the rest {rest:.2f}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.destination", description=__doc__)
    parser.add_argument("--memory", action="store_true", help="also measure the memory over 100,000 orders")
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed to make the load; it is in Debian's package wrk.")
    print(json.dumps({"cores": os.cpu_count(), "load": os.getloadavg()}))
    with TemporaryDirectory() as name, running(options=()) as postgres:
        folder, numbers = Path(name), iter(range(1000))
        kinds: dict[str, Callable[[], str]] = {
            "SQLite": lambda: f"sqlite:///{folder}/{next(numbers)}.db",
            "PostgreSQL": postgres.new_database,
        }
        for kind, database in kinds.items():
            for number in (1, 2):
                rates(database, kind, number, folder)
            parts(database(), kind)
        if chosen.memory:
            memory(folder)


if __name__ == "__main__":
    main()
