"""Serves the mock: one process with many threads, for the sandboxes live in its memory."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from contracts.serving import Service, serve
from mockserver.world_file import WorldFile, read

if TYPE_CHECKING:
    from mockserver.app import Mock

#: The name of the seed of the default sandbox.
DEFAULT: Final = "default"
HEALTH: Final = "/_mock/health"
#: Slow answers that can be under way before others have to wait.
THREADS: Final = 64
#: Seconds after which a thread that computes must let others in.
SWITCH_INTERVAL: Final = 0.02
#: Nothing here outlives the process, so nothing needs long to end.
STOP_WITHIN: Final = 3


def run(
    host: str, port: int, destination_url: str | None = None, world: Path | None = None, *, as_json: bool = False
) -> int:
    """Serve until interrupted or terminated.

    :param destination_url: where the default sandbox's Segment delivers from the beginning
    :param world: a world file for the default sandbox
    :param as_json: whether the line that says we are ready is JSON
    :returns: the exit code
    :raises PortTakenError: when the address cannot be listened at
    :raises WorldFileError: when the world file cannot be used
    """
    worlds = {DEFAULT: read(world)} if world else {}
    if worlds:
        _try(worlds)
    service = Service(
        load=partial(_load, destination_url, worlds),
        ready=partial(_ready, as_json=as_json),
        health=HEALTH,
        threads=THREADS,
        stop_within=STOP_WITHIN,
    )
    return serve(service, host, port)


def _try(worlds: Mapping[str, WorldFile]) -> None:
    """Build a mock of them once, here, where a mistake can be told in a sentence."""
    from mockserver.app import Settings, create_app  # noqa: PLC0415 - only for a world of the user's

    create_app(Settings(worlds=worlds)).close()


def _load(destination_url: str | None, worlds: Mapping[str, WorldFile]) -> Mock:
    # In the serving process only: the one that watches over it stays small.
    from mockserver.app import Settings, create_app  # noqa: PLC0415

    # Every request's WSGI environment is a copy of the process's: an empty one is faster and keeps the user's own out.
    os.environ.clear()
    # Handlers take a tenth of a millisecond. Forcing a switch in the middle of one only makes threads queue up.
    sys.setswitchinterval(SWITCH_INTERVAL)
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    return create_app(Settings(destination_url=destination_url, worlds=worlds))


def _ready(url: str, *, as_json: bool) -> str:
    return json.dumps({"ready": True, "url": url}) if as_json else f"tpmock ready: {url}"
