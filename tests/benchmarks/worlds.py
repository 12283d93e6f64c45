"""``python -m tests.benchmarks.worlds``: a hundred thousand reviews; first pages beside last ones, and pauses."""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from tpmock.cli.fake_data import FakeWorld
from tpmock.sandbox import world_file

from tests.benchmarks.servers import INVITATION, Control, mock

#: What the thousandth page may take, beside the first.
MARK = 2.0
ROUNDS = 60
LOADED_FOR = 10.0


def large_world(reviews: int) -> world_file.WorldFile:
    """The default world with as many reviews more, the same every time."""
    default = world_file.default()
    return world_file.WorldFile(
        default.own, default.shared, FakeWorld(dict(default.content), reviews, 7, "da_DK").world()
    )


@contextmanager
def large_file(reviews: int) -> Iterator[Path]:
    """That world as a file, while the block runs."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "world.json"
        file.write_text(world_file.write(large_world(reviews)), encoding="utf-8")
        yield file


@dataclass(frozen=True, slots=True)
class Paged:
    """A list, and its last page that has something on it."""

    name: str
    path: str
    headers: Mapping[str, str]
    last: int


def lists(credentials: Mapping[str, str], token: str, reviews: int) -> list[Paged]:
    """Every list that a large world makes long.

    :param reviews: how many were seeded; every fifth of a product beside them, and every second of those of this one
    """
    unit = credentials["businessUnitId"]
    public, private = {"apikey": credentials["apiKey"]}, {"Authorization": f"Bearer {token}"}
    own = f"/v1/private/business-units/{unit}/reviews?perPage=20"
    return [
        Paged(
            "public service reviews",
            f"/v1/business-units/{unit}/reviews?perPage=20",
            public,
            min(reviews // 20, 1000),
        ),
        Paged("private service reviews", own, private, min(reviews // 20, 1000)),
        Paged("private, five stars", f"{own}&stars=5", private, reviews // 40),
        Paged("private, by stars", f"{own}&orderBy=stars.asc", private, reviews // 20),
        Paged(
            "private product reviews",
            f"/v1/private/product-reviews/business-units/{unit}/reviews?perPage=20",
            private,
            reviews // 100,
        ),
        Paged(
            "public product reviews of a SKU",
            f"/v1/product-reviews/business-units/{unit}/reviews?sku=ABC-1234&perPage=20",
            public,
            reviews // 200,
        ),
    ]


class Reader:
    """One connection that is kept."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def took(self, path: str, headers: Mapping[str, str], body: str | None = None) -> float:
        """Milliseconds of one call that goes well and brings something."""
        began = time.perf_counter()
        self._connection.request("GET" if body is None else "POST", path, body, dict(headers))
        answer = self._connection.getresponse()
        content = answer.read()
        took = (time.perf_counter() - began) * 1000
        if answer.status >= 300 or content.startswith((b'{"links": [], "reviews": []', b'{"productReviews": []')):
            raise SystemExit(f"{path}: {answer.status} {content[:200].decode()}")
        return took

    def close(self) -> None:
        self._connection.close()


def both(reader: Reader, one: Paged, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of the first and of the last page, in turns, so that what else goes on meets both alike."""
    first, last = [], []
    for _ in range(rounds):
        first.append(reader.took(f"{one.path}&page=1", one.headers))
        last.append(reader.took(f"{one.path}&page={one.last}", one.headers))
    return first, last


def under_load(url: str, read: Paged, write: str, token: str) -> list[float]:
    """Milliseconds of every call while one connection reads pages and two write, the quickest first."""
    until = time.monotonic() + LOADED_FOR
    took: list[float] = []

    def reading() -> None:
        reader, number = Reader(url), 0
        while time.monotonic() < until:
            number += 1
            took.append(reader.took(f"{read.path}&page={number % read.last + 1}", read.headers))
        reader.close()

    def writing() -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        writer = Reader(url)
        while time.monotonic() < until:
            took.append(writer.took(write, headers, INVITATION))
        writer.close()

    threads = [threading.Thread(target=target) for target in (reading, writing, writing)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(took)


def measure(reviews: int) -> dict[str, Any]:
    """Everything."""
    with large_file(reviews) as file:
        began = time.perf_counter()
        with mock(options=["--world", str(file)]) as running:
            loaded = time.perf_counter() - began
            control = Control(running.url)
            token = control.token()
            found = lists(control.credentials, token, reviews)
            reader = Reader(running.url)
            pages = []
            for one in found:
                once = reader.took(f"{one.path}&page=1", one.headers)
                first, last = (statistics.median(times) for times in both(reader, one, ROUNDS))
                row = {"list": one.name, "page": one.last, "made": once, "first": first, "last": last}
                pages.append(row | {"ratio": last / first})
            latest = "/v1/reviews/latest?language=da&count=20"
            newest = statistics.median(reader.took(latest, found[0].headers) for _ in range(ROUNDS))
            write = f"/v1/private/business-units/{control.credentials['businessUnitId']}/email-invitations"
            times = under_load(running.url, found[0], write, token)
            memory = running.memory()
            reader.close()
            control.close()
    return {
        "reviews": reviews,
        "loaded": loaded,
        "memory": memory,
        "pages": pages,
        "latest": newest,
        "load": {
            "calls": len(times),
            "median": statistics.median(times),
            "p99": times[int(len(times) * 0.99)],
            "p99.9": times[int(len(times) * 0.999)],
            "max": times[-1],
        },
    }


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.worlds", description=__doc__)
    parser.add_argument("--reviews", type=int, default=100_000, help="how many")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    found = measure(chosen.reviews)
    if chosen.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{found['reviews']:,} reviews: loaded in {found['loaded']:.1f} s, {found['memory']:.0f} MB")
    for row in found["pages"]:
        print(
            f"{row['list']:<34} made in {row['made']:6.1f} ms  page 1 {row['first']:5.2f} ms  "
            f"page {row['page']:>5} {row['last']:5.2f} ms  ratio {row['ratio']:.2f} (mark {MARK:.0f})"
        )
    print(f"{'latest reviews':<34} {found['latest']:.2f} ms")
    load = {name: f"{value:,.1f}" if name != "calls" else f"{value:,}" for name, value in found["load"].items()}
    print("under load, ms:", "  ".join(f"{name} {value}" for name, value in load.items()))


if __name__ == "__main__":
    main()
