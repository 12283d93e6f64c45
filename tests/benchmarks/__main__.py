"""Measures, and prints a table beside the marks that were set."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from tests.benchmarks.peers import PEERS, install
from tests.benchmarks.peers import running as running_peer
from tests.benchmarks.servers import CHECKOUT, INVITATION, Control, Running, bare, everything, mock

FIND = "/v1/business-units/find?name=trustpilotdemo.com"
INVITE = "/v1/private/business-units/{businessUnitId}/email-invitations"
SECONDS = 3
#: For calls after each of which an invitation waits: in three seconds more than the 10,000 that may wait would come.
INVITING_SECONDS = 1
ROUNDS = 3
#: Pairs of measurements of the mock and of bare Flask.
PAIRS = 7
ORDERS = 200

#: By name: path with query, headers, body.
Calls = dict[str, tuple[str, dict[str, str], str | None]]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: the best and the middle one of several, and what it was to be."""

    what: str
    best: float
    median: float
    unit: str
    mark: str


def wrk(url: str, connections: int, headers: dict[str, str], body: str | None = None) -> tuple[float, float]:
    """Requests per second and the 99th percentile in ms."""
    seconds = SECONDS if body is None else INVITING_SECONDS
    with TemporaryDirectory() as folder:
        script = Path(folder) / "call.lua"
        lines = [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
        if body is not None:
            lines += ['wrk.method = "POST"', f"wrk.body = {json.dumps(body)}"]
        script.write_text("\n".join(lines), encoding="utf-8")
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url]
        out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout  # noqa: S603
    if "Non-2xx" in out:
        raise SystemExit(f"calls were refused: {out}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])  # type: ignore[index]
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()  # type: ignore[union-attr]
    return rate, float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def repeated(measure: Callable[[], float], what: str, unit: str, mark: str, *, high: bool, rounds: int = ROUNDS) -> Row:
    """Measure several times."""
    figures = [measure() for _ in range(rounds)]
    return Row(what, max(figures) if high else min(figures), statistics.median(figures), unit, mark)


def start(tpmock: Sequence[str]) -> float:
    """From launch to the first right answer, in seconds."""
    with mock(tpmock) as running:
        return running.started_in


def nothing() -> None:
    """Before a measurement of a server that remembers nothing."""


def rates(running: Running, name: str, calls: Calls, prepare: Callable[[], object] = nothing) -> list[Row]:
    """Requests per second of each call at 1 and at 16 connections.

    :param prepare: called before each measurement
    """

    def measured(url: str, *call: Any) -> tuple[float, float]:
        prepare()
        return wrk(url, *call)

    rows = []
    for call, (path, headers, body) in calls.items():
        for connections in (1, 16):
            seen = [measured(running.url + path, connections, headers, body) for _ in range(ROUNDS)]
            what = f"{name}: {call}, c={connections}"
            figures = [rate for rate, _ in seen]
            rows.append(Row(what, max(figures), statistics.median(figures), "/s", ""))
            delays = [delay for _, delay in seen]
            rows.append(Row(f"{what}, p99", min(delays), statistics.median(delays), "ms", ""))
    return rows


def sandboxes(control: Control) -> list[Row]:
    """A thousand in one process: how long one takes to make, and to reset."""

    def timed(call: Callable[[], object]) -> float:
        began = time.perf_counter()
        call()
        return (time.perf_counter() - began) * 1000

    empty = statistics.median(timed(lambda: control.call("GET", "/health")) for _ in range(100))
    made = [timed(lambda: control.call("POST", "/sandboxes", {})) - empty for _ in range(1000)]
    paths = [f"/sandboxes/sandbox-{number}/reset" for number in range(1, 101)]
    reset = [timed(partial(control.call, "POST", path)) - empty for path in paths]
    after = "with 1,000 sandboxes, less a call that does nothing"
    return [
        Row(f"new sandbox, {after}", min(made), statistics.median(made), "ms", "1 ms"),
        Row(f"reset, {after}", min(reset), statistics.median(reset), "ms", "5 ms"),
    ]


def beside_slow_ones(running: Running, control: Control) -> Row:
    """How long others wait while 16 slow answers are under way."""
    key = control.credentials["apiKey"]
    fault = {"operation": "listProductReviews", "delay": "PT2S", "count": 16}
    control.call("POST", "/sandboxes/default/faults", fault)
    slow_path = f"/v1/product-reviews/business-units/{control.credentials['businessUnitId']}/reviews?sku=x"

    def slow() -> None:
        requests.get(running.url + slow_path, headers={"apikey": key}, timeout=30)

    threads = [threading.Thread(target=slow) for _ in range(16)]
    for thread in threads:
        thread.start()
    while control.call("GET", "/sandboxes/default/faults")["total"]:
        """Until all sixteen have come in."""
    waits = []
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(100):
            began = time.perf_counter()
            session.get(running.url + FIND, headers={"apikey": key}, timeout=30).raise_for_status()
            waits.append((time.perf_counter() - began) * 1000)
    for thread in threads:
        thread.join()
    return Row("others' wait beside 16 slow answers, worst of 100", max(waits), statistics.median(waits), "ms", "20 ms")


def orders(control: Control) -> float:
    """Orders per second, from Segment's tracking API through the destination to a waiting invitation."""
    before = control.call("GET", "/sandboxes/default/invitations?limit=1")["total"]
    batch = [
        {
            "type": "track",
            "userId": "customer-1",
            "event": "Order Completed",
            "properties": {"order_id": str(before + number), "email": "ada@example.com", "name": "Ada"},
        }
        for number in range(ORDERS)
    ]
    began = time.perf_counter()
    control.segment(batch)
    control.call("POST", "/sandboxes/default/settle", {"timeout": "PT60S"})
    took = time.perf_counter() - began
    made = control.call("GET", "/sandboxes/default/invitations?limit=1")["total"] - before
    if made != ORDERS:
        raise SystemExit(f"{ORDERS} orders made {made} invitations")
    return ORDERS / took


def growth(tpmock: Sequence[str], calls: int) -> list[Row]:
    """Memory after ten thousand calls and after many more: a ring that is full grows no further."""
    with mock(tpmock) as running:
        control = Control(running.url)
        headers = {"apikey": control.credentials["apiKey"]}
        marks = []
        made = 0
        for goal in (10_000, calls):
            while made < goal:
                made += int(wrk(running.url + FIND, 16, headers)[0] * SECONDS)
            marks.append((made, running.memory()))
        control.close()
    (few, before), (many, after) = marks
    return [Row(f"growth from {few:,} to {many:,} calls", after - before, after - before, "MB", "rings: none")]


def peers(home: Path) -> list[Row]:
    """Start, memory and rates of other mock servers."""
    install(home)
    rows = []
    with TemporaryDirectory() as folder:
        for number, peer in enumerate(PEERS):
            with running_peer(peer, home, Path(folder) / str(number)) as running:
                rows.append(Row(f"{peer.name}: start", running.started_in, running.started_in, "s", ""))
                idle = running.memory()
                rows.append(Row(f"{peer.name}: idle memory", idle, idle, "MB", ""))
                calls = {
                    name: (call.path, dict(call.headers), call.body)
                    for name, call in (("GET", peer.get), ("POST", peer.post))
                }
                rows += rates(running, peer.name, calls)
                after = running.memory()
                rows.append(Row(f"{peer.name}: memory after the load", after, after, "MB", ""))
    return rows


def ratios(running: Running, calls: Calls, plain: Calls, prepare: Callable[[], object]) -> list[Row]:
    """What the mock reaches of a bare Flask route on the same server, in turn, which says more than figures.

    The load of the machine changes from minute to minute; it is the same for two neighbors.
    """
    rows = []
    reading = ("/read", *plain["email-invitations"][1:])
    pairs_of = (
        ("find, c=16, of bare flask in turn", calls["find"], plain["find"], "1.0"),
        (
            "email-invitations, c=16, of bare flask in turn",
            calls["email-invitations"],
            plain["email-invitations"],
            "0.75",
        ),
        ("email-invitations, c=16, of bare flask that reads the body", calls["email-invitations"], reading, ""),
    )
    with bare("flask") as flask:
        for what, ours, theirs, mark in pairs_of:
            pairs = []
            for _ in range(PAIRS):
                prepare()
                both = [(flask, theirs), (running, ours)]
                pairs.append([wrk(server.url + path, 16, headers, body)[0] for server, (path, headers, body) in both])
            best = max(high for _, high in pairs) / max(base for base, _ in pairs)
            middle = statistics.median(high / base for base, high in pairs)
            rows.append(Row(f"tpmock: {what}, load {os.getloadavg()[0]:.1f}", best, middle, "", mark))
    return rows


def measure(tpmock: Sequence[str], grow_to: int, home: Path | None) -> list[Row]:
    """Everything, the bare servers before and after, to show the noise."""
    rows = [repeated(partial(start, tpmock), "start to the first right answer", "s", "0.25 s", high=False, rounds=7)]
    plain: Calls = {
        "find": (FIND, {}, None),
        "email-invitations": ("/x", {"Content-Type": "application/json"}, INVITATION),
    }
    for kind in ("wsgi", "flask"):
        with bare(kind) as server:
            rows += rates(server, f"bare {kind}", plain)
    with mock(tpmock) as running:
        control = Control(running.url)
        idle = running.memory()
        rows.append(Row("idle memory", idle, idle, "MB", "60 MB"))
        headers = {"Authorization": f"Bearer {control.token()}", "Content-Type": "application/json"}
        calls: Calls = {
            "find": (FIND, {"apikey": control.credentials["apiKey"]}, None),
            "email-invitations": (INVITE.format(**control.credentials), headers, INVITATION),
        }
        rows += rates(running, "tpmock", calls, control.send_waiting)
        rows += ratios(running, calls, plain, control.send_waiting)
        rows.append(beside_slow_ones(running, control))
        control.close()
    with mock(tpmock) as running:
        control = Control(running.url)
        idle = running.memory()
        made = 0
        headers = {"Authorization": f"Bearer {control.token()}", "Content-Type": "application/json"}
        while made < 100_000:
            control.send_waiting()
            rate, _ = wrk(running.url + INVITE.format(**control.credentials), 16, headers, INVITATION)
            made += int(rate * INVITING_SECONDS)
        grown = running.memory() - idle
        rows.append(Row(f"growth after {made:,} invitations", grown, grown, "MB", "40 MB"))
        control.close()
    with mock(tpmock) as running:
        control = Control(running.url)
        rows += sandboxes(control)
        control.close()
    rows += growth(tpmock, grow_to)
    if home is not None:
        rows += peers(home)
    with everything(tpmock) as url:
        control = Control(url)
        rows.append(repeated(partial(orders, control), "orders, from Segment to invitation", "/s", "", high=True))
        control.close()
    with bare("wsgi") as server:
        rows += rates(server, "bare wsgi again", {"find": plain["find"]})
    return rows


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--tpmock", metavar="PATH", help="measure this installed command, not the one of the checkout")
    parser.add_argument(
        "--peers",
        metavar="FOLDER",
        type=Path,
        help="measure other mock servers too; they are installed into this folder",
    )
    parser.add_argument("--calls", metavar="N", type=int, default=100_000, help="how far to look for growth")
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed to make the load; it is in Debian's package wrk.")
    load = os.getloadavg()
    tpmock = [str(Path(chosen.tpmock).absolute())] if chosen.tpmock else CHECKOUT
    rows = measure(tpmock, chosen.calls, chosen.peers)
    if chosen.json:
        print(json.dumps({"load": load, "rows": [asdict(row) for row in rows]}, indent=2))
        return
    print(f"{os.cpu_count()} cores, load before: {load[0]:.2f}. wrk takes most of one core.")
    for row in rows:
        print(f"{row.what:<70} best {row.best:>10,.2f}  median {row.median:>10,.2f} {row.unit:<3} {row.mark}")


if __name__ == "__main__":
    main()
