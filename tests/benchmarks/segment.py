"""``python -m tests.benchmarks.segment``: many events through ingest and delivery; speed, memory, where each one is."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.servers import Control, mock

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n{"message":"Thanks."}'
BATCH = 100
#: Megabytes that the full rings of events, deliveries, journal and traces may come to together.
MOST_GROWTH = 100


class Taking(asyncio.Protocol):
    """A destination that takes everything and does nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport of a new connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = self._buffer[:end].lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            whole = end + 4 + int(length)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            self._transport.write(ANSWER)


async def take() -> None:
    """Serve until ended; the port goes to standard output."""
    server = await asyncio.get_running_loop().create_server(Taking, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def taking() -> Iterator[str]:
    """Run such a destination as a separate program, and yield its address."""
    command = [sys.executable, "-m", "tests.benchmarks.segment", "--take"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/"
        process.terminate()


def order(number: int) -> dict[str, object]:
    """An event as large as the usual one."""
    products = [{"product_id": f"p-{number % 90}", "sku": "45790-32", "name": "Board game", "price": 19, "quantity": 1}]
    properties = {
        "order_id": str(number),
        "email": f"customer{number}@example.com",
        "name": "Ada",
        "products": products,
    }
    return {"type": "track", "userId": f"c{number}", "event": "Order Completed", "properties": properties}


def measure(events: int) -> None:
    """Send, wait, count.

    :raises SystemExit: when one event is not accounted for or memory grows beyond the rings
    """
    with taking() as destination, mock() as running:
        control = Control(running.url)
        path = "/sandboxes/default/segment"
        settings = {"url": destination, "settings": {"apiKey": "k"}}
        control.call("PUT", f"{path}/destinations/Trustpilot", settings)
        idle = running.memory()
        began = time.perf_counter()
        sent = refused = 0
        while sent < events:
            if control.segment([order(sent + each) for each in range(BATCH)]):
                sent += BATCH
            else:
                refused += 1
                time.sleep(0.05)
        taken = time.perf_counter() - began
        control.call("POST", "/sandboxes/default/settle", {"timeout": "PT60S"})
        took = time.perf_counter() - began
        since = control.call("GET", f"{path}/overview")["since"]
        grown = running.memory() - idle
        control.close()
    print(f"{events:,} events in {took:.1f} s: {events / took:,.0f}/s; the last one was in after {taken:.1f} s,")
    print(f"{refused} batches were refused for now; memory grew by {grown:.0f} MB.")
    print(", ".join(f"{step} {count:,}" for step, count in since.items()))
    if since["successfully-received"] != events or since["successful-delivery"] != events:
        raise SystemExit("not every event arrived")
    if grown > MOST_GROWTH:
        raise SystemExit(f"memory grew by more than {MOST_GROWTH} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.segment", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--take", action="store_true", help="only be the destination")
    chosen = parser.parse_args()
    if chosen.take:
        asyncio.run(take())
    else:
        measure(chosen.events)
