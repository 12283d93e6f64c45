"""Serves the mock: one process with many threads, for the sandboxes live in its memory."""

from __future__ import annotations

import json
import logging
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

from contracts.serving import Service, serve

if TYPE_CHECKING:
    from mockserver.app import Mock

HEALTH: Final = "/_mock/health"
#: Slow answers that can be under way before others have to wait.
THREADS: Final = 64
#: Nothing here outlives the process, so nothing needs long to end.
STOP_WITHIN: Final = 3


def run(host: str, port: int, destination_url: str | None, *, as_json: bool) -> int:
    """Serve until interrupted or terminated.

    :param destination_url: where the default sandbox's Segment delivers from the beginning
    :param as_json: whether the line that says we are ready is JSON
    :returns: the exit code
    :raises PortTakenError: when the address cannot be listened at
    """
    service = Service(
        load=partial(_load, destination_url),
        ready=partial(_ready, as_json=as_json),
        health=HEALTH,
        threads=THREADS,
        stop_within=STOP_WITHIN,
    )
    return serve(service, host, port)


def _load(destination_url: str | None) -> Mock:
    # In the serving process only: the one that watches over it stays small.
    from mockserver.app import Settings, create_app  # noqa: PLC0415

    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    return create_app(Settings(destination_url=destination_url))


def _ready(url: str, *, as_json: bool) -> str:
    return json.dumps({"ready": True, "url": url}) if as_json else f"tpmock ready: {url}"
