"""Serves the mock: one process with many threads, because its memory holds the sandboxes."""

from __future__ import annotations

import gc
import json
import logging
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from tpmock.common.body_deadline import READERS
from tpmock.common.loopback import is_loopback
from tpmock.common.running_mocks import Announcement
from tpmock.common.serving import Service, Tls, serve
from tpmock.common.terminal import wants_color
from tpmock.server.held_callers import HELD

if TYPE_CHECKING:
    from ctypes import c_byte

    from tpmock.sandbox.world_file import WorldFile
    from tpmock.server.app import MockApp
    from tpmock.server.request_log import Format
    from tpmock.server.tls_service import SecondPort

#: Tells the watching process whether the state was saved at the end.
Kept: TypeAlias = "c_byte"

#: Names of the port's settings, for the message that it is taken.
PORT_OPTION: Final = "--port or TPMOCK_PORT"
HEALTH: Final = "/_mock/health"
#: Number of calls answered at the same time.
ANSWERED: Final = 64
#: Threads start on demand, and waiting ones do not count against those that serve.
THREADS: Final = ANSWERED + READERS + HELD
#: Seconds after which a computing thread must yield.
SWITCH_INTERVAL: Final = 0.02
#: No work outlives the process, so it ends quickly, after saving the state.
STOP_WITHIN: Final = 3
STOP_WITHIN_KEEPING: Final = 30
#: Exit code of a mock whose last state is not saved.
NOT_KEPT: Final = 1


@dataclass(frozen=True, slots=True)
class Options:
    """Options of ``tpmock serve``.

    :param port: 0 picks a free one
    :param destination_url: the initial delivery address of the default sandbox's Segment
    :param worlds: world files by name; ``default`` is that of the default sandbox
    :param public_url: the mock's address for callers, when it differs from the listening address
    :param control_token: token that the control API requires; always set beyond loopback
    :param hosts: additional host names for the control API
    :param state: the state file
    :param max_sandboxes: maximum number beside the default one
    :param max_memory: memory budget of all sandboxes, in megabytes
    :param allow_functions: whether destination functions may run
    :param as_json: whether the line that reports readiness is JSON
    :param log: the style of the request log on standard error, if any
    :param tls: whether ``port`` uses TLS
    :param tls_port: a second port, which uses TLS; 0 picks a free one
    :param announced: whether other commands find this mock automatically
    """

    host: str
    port: int
    destination_url: str | None = None
    worlds: Mapping[str, Path] = field(default_factory=dict)
    public_url: str | None = None
    control_token: str | None = None
    hosts: tuple[str, ...] = ()
    state: Path | None = None
    max_sandboxes: int | None = None
    max_memory: int | None = None
    allow_functions: bool = False
    as_json: bool = False
    log: Format | None = None
    tls: bool = False
    tls_port: int | None = None
    announced: bool = False


def run(options: Options) -> int:
    """Serve until interrupted or terminated.

    :returns: the exit code: 0 when asked to stop and the state, if any, was saved
    :raises PortTakenError: when the port is taken
    :raises WorldFileError: when the world file is not valid
    :raises StateFileError: when the state file is not usable
    :raises AuthorityError: when TLS is requested and the local authority cannot be stored
    """
    worlds = _worlds(options.worlds)
    token = options.control_token or (None if is_loopback(options.host) else secrets.token_urlsafe(24))
    kept: Kept | None = None
    with ExitStack() as stack:
        if options.state is not None:
            # Imported late, because most mocks save no state.
            from multiprocessing.sharedctypes import RawValue  # noqa: PLC0415

            from tpmock.sandbox.autosave import examine, locked  # noqa: PLC0415 - only where a state is kept

            stack.enter_context(locked(options.state))
            examine(options.state)
            kept = RawValue("b", 0)
        tls, second = _tls(options, stack)
        shown = token if token != options.control_token else None
        ready = partial(_ready, token=shown, as_json=options.as_json, second=second)
        if options.announced:
            announcement = Announcement.of_this_process()
            stack.callback(announcement.withdraw)
            ready = partial(_announced_ready, announcement, token, ready)
        service = Service(
            load=partial(_load, options, token, worlds, kept),
            ready=ready,
            tls=tls,
            health=HEALTH,
            threads=THREADS,
            stop_within=STOP_WITHIN if options.state is None else STOP_WITHIN_KEEPING,
            port_option=PORT_OPTION,
        )
        code = serve(service, options.host, options.port)
    return code if kept is None or kept.value else code or NOT_KEPT


def _worlds(files: Mapping[str, Path]) -> dict[str, WorldFile]:
    """Read the world files, and build a sandbox of each once now, while an error can still be reported."""
    if not files:
        return {}
    from tpmock.sandbox.sandbox import DEFAULT  # noqa: PLC0415 - only for worlds of the user's
    from tpmock.sandbox.world_file import read  # noqa: PLC0415
    from tpmock.server.app import MockSettings, create_app  # noqa: PLC0415

    worlds = {name: read(file) for name, file in files.items()}
    # The mock builds the default sandbox.
    with create_app(MockSettings(worlds=worlds)) as mock:
        for name in worlds.keys() - {DEFAULT}:
            mock.sandboxes.create(world=name)
    return worlds


def _tls(options: Options, stack: ExitStack) -> tuple[Tls | None, SecondPort | None]:
    """Return the TLS settings of the port, and the second port."""
    if not options.tls and options.tls_port is None:
        return None, None
    from tpmock.server import tls_service  # noqa: PLC0415 - only for those who speak TLS

    tls = tls_service.files(stack)
    if options.tls_port is None:
        return tls, None
    return None, tls_service.SecondPort.reserved(stack, options.host, options.tls_port, tls)


def _load(options: Options, token: str | None, worlds: Mapping[str, WorldFile], kept: Kept | None) -> MockApp:
    # Objects loaded here are permanent: garbage collection of them takes time, and copies memory that this process
    # shares with its parent.
    gc.disable()
    gc.freeze()
    try:
        return _application(options, token, worlds, kept)
    finally:
        gc.freeze()
        gc.enable()


def _application(options: Options, token: str | None, worlds: Mapping[str, WorldFile], kept: Kept | None) -> MockApp:
    # In the serving process only: the watching one stays small.
    from tpmock.core.memory import MEGABYTE, PROCESS_BYTES  # noqa: PLC0415
    from tpmock.outbound.function_runner import find_node, find_packages  # noqa: PLC0415
    from tpmock.server.app import MockSettings, create_app  # noqa: PLC0415
    from tpmock.server.request_log import RequestLog  # noqa: PLC0415

    # Every request's WSGI environment is a copy of the process's: an empty one is faster and keeps the user's own out.
    log = None if options.log is None else RequestLog(sys.stderr, options.log, colored=wants_color(sys.stderr))
    node, packages, environment = find_node(), find_packages(), dict(os.environ)
    os.environ.clear()
    # Handlers take a tenth of a millisecond. Forcing a switch in the middle of one only makes threads queue up.
    sys.setswitchinterval(SWITCH_INTERVAL)
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    mock = create_app(
        MockSettings(
            destination_url=options.destination_url,
            worlds=worlds,
            public_url=options.public_url,
            control_token=token,
            hosts=options.hosts,
            state=options.state,
            most_sandboxes=options.max_sandboxes,
            most_bytes=PROCESS_BYTES if options.max_memory is None else options.max_memory * MEGABYTE,
            allow_functions=options.allow_functions,
            node=node,
            packages=packages,
            environment=environment,
            serving=True,
            watch=None if log is None else log.note,
        )
    )
    if log is not None:
        Finalize(None, log.close, exitpriority=0)
    if kept is not None:
        # After the last request, so that all answered changes are saved.
        Finalize(None, _close, (mock, kept), exitpriority=0)
    return mock


def _close(mock: MockApp, kept: Kept) -> None:
    kept.value = mock.close()


def _announced_ready(announcement: Announcement, token: str | None, ready: Callable[[str], str], url: str) -> str:
    announcement.write(url, token, lambda sentence: sys.stderr.write(f"{sentence}\n"))
    return ready(url)


def _ready(url: str, *, token: str | None, as_json: bool, second: SecondPort | None) -> str:
    """Return the line that reports readiness, with a control token that was generated here."""
    secure = None if second is None else second.start(url)
    if as_json:
        line = {"ready": True, "url": url, "tlsUrl": secure, "controlToken": token}
        return json.dumps({name: value for name, value in line.items() if value is not None})
    shown = f"  control token: {token}" if token else ""
    return f"tpmock ready: {url}{'' if secure is None else f' and {secure}'}{shown}"
