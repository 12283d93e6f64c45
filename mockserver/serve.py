"""Serves the mock: one process with many threads, for the sandboxes live in its memory."""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from contracts.serving import Service, serve
from mockserver.loopback import is_loopback
from mockserver.world_file import WorldFile, read

if TYPE_CHECKING:
    from mockserver.app import Mock

HEALTH: Final = "/_mock/health"
#: Slow answers that can be under way before others have to wait.
THREADS: Final = 64
#: Seconds after which a thread that computes must let others in.
SWITCH_INTERVAL: Final = 0.02
#: Nothing here outlives the process, so nothing needs long to end; a state that is kept has to be written.
STOP_WITHIN: Final = 3
STOP_WITHIN_KEEPING: Final = 30


@dataclass(frozen=True, slots=True)
class Options:
    """What ``tpmock serve`` was told.

    :param port: 0 picks a free one
    :param destination_url: where the default sandbox's Segment delivers from the beginning
    :param worlds: world files by name; ``default`` is that of the default sandbox
    :param control_token: what the control API wants to be shown; beyond loopback there is always one
    :param hosts: further names by which the control API may be called
    :param state: a file in which the state of everything is kept
    :param most_sandboxes: how many there may be beside the default one
    :param as_json: whether the line that says we are ready is JSON
    """

    host: str
    port: int
    destination_url: str | None = None
    worlds: Mapping[str, Path] = field(default_factory=dict)
    control_token: str | None = None
    hosts: tuple[str, ...] = ()
    state: Path | None = None
    most_sandboxes: int | None = None
    as_json: bool = False


def run(options: Options) -> int:
    """Serve until interrupted or terminated.

    :returns: the exit code
    :raises PortTakenError: when the address cannot be listened at
    :raises WorldFileError: when the world file cannot be used
    :raises StateFileError: when the state file cannot be used
    """
    worlds = {name: read(file) for name, file in options.worlds.items()}
    token = options.control_token or (None if is_loopback(options.host) else secrets.token_urlsafe(24))
    if worlds:
        _try(worlds)
    with ExitStack() as stack:
        if options.state is not None:
            from mockserver.keeper import examine, locked  # noqa: PLC0415 - only where a state is kept

            stack.enter_context(locked(options.state))
            examine(options.state)
        service = Service(
            load=partial(_load, options, token, worlds),
            ready=partial(_ready, token=token, shown=token != options.control_token, as_json=options.as_json),
            health=HEALTH,
            threads=THREADS,
            stop_within=STOP_WITHIN if options.state is None else STOP_WITHIN_KEEPING,
        )
        return serve(service, options.host, options.port)


def _try(worlds: Mapping[str, WorldFile]) -> None:
    """Build a sandbox of each once, here, where a mistake can be told in a sentence."""
    from mockserver.app import Settings, create_app  # noqa: PLC0415 - only for worlds of the user's
    from mockserver.sandbox import DEFAULT  # noqa: PLC0415

    # The default sandbox is built with the mock.
    with create_app(Settings(worlds=worlds)) as mock:
        for name in worlds.keys() - {DEFAULT}:
            mock.sandboxes.create(world=name)


def _load(options: Options, token: str | None, worlds: Mapping[str, WorldFile]) -> Mock:
    # In the serving process only: the one that watches over it stays small.
    from mockserver.app import Settings, create_app  # noqa: PLC0415

    # Every request's WSGI environment is a copy of the process's: an empty one is faster and keeps the user's own out.
    node, environment = shutil.which("node"), dict(os.environ)
    os.environ.clear()
    # Handlers take a tenth of a millisecond. Forcing a switch in the middle of one only makes threads queue up.
    sys.setswitchinterval(SWITCH_INTERVAL)
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    mock = create_app(
        Settings(
            destination_url=options.destination_url,
            worlds=worlds,
            control_token=token,
            hosts=options.hosts,
            state=options.state,
            most_sandboxes=options.most_sandboxes,
            node=node,
            environment=environment,
            serving=True,
        )
    )
    if options.state is not None:
        # Once no request is served any more: what was answered is kept.
        Finalize(None, mock.close, exitpriority=0)
    return mock


def _ready(url: str, *, token: str | None, shown: bool, as_json: bool) -> str:
    """The line that says we are ready; with the control token when it was made here, as nobody knows it else."""
    if as_json:
        line: dict[str, Any] = {"ready": True, "url": url}
        return json.dumps(line | ({"controlToken": token} if shown else {}))
    return f"tpmock ready: {url}{f'  control token: {token}' if shown else ''}"
