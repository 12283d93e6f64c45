"""Backends for the sandboxes of tests: a listening server, or the mock in this process."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property, partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, Request

from tpmock.common.control_client import ControlClient, RefusedError, over_the_network
from tpmock.core.vendor_hosts import vendor_hosts
from tpmock.testing.api import Tpmock
from tpmock.testing.children import Children
from tpmock.testing.patching import ConnectionPatch, Opener, real_connection
from tpmock.testing.relay import Relay
from tpmock.testing.wsgi_socket import WsgiSocket, cutting, exchange
from tpmock.tls.front import Address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tpmock.server.app import MockApp

#: Host name of the in-process mock, for programs that can be configured.
IN_PROCESS_HOST: Final = "tpmock.localhost"
#: Maximum length of a sandbox's name in the control API, minus a digest and a number.
_LONGEST_NAME: Final = 44
#: Maximum number of concurrent tests with the same name against one server.
_NAMESAKES: Final = 100


@contextmanager
def sandbox(
    backend: Backend, name: str | None = None, allowed: Collection[str] = (), test: str = "", **options: Any
) -> Iterator[Tpmock]:
    """Create a sandbox for the block, and redirect the vendors' host names to the mock.

    :param name: of the sandbox; a number is added when it is taken
    :param allowed: additional hosts that may be called, where calls are restricted
    :param test: its test, by default the name of the sandbox
    :param options: ``seed``, ``world``, ``variants``, ``time``, as in the control API
    :raises RefusedError: when the mock refuses them, with its error message
    """
    described = _create(backend.client, name, options)
    children = Children(described, backend.reached, tuple(allowed), closed=backend.closed)
    tpmock = Tpmock(backend.client, described, children)
    try:
        with backend.patch(test or f"the block of sandbox {tpmock.id}", allowed) as patch:
            tpmock._refused_here = patch.refused  # noqa: SLF001 - its own
            yield tpmock
    finally:
        children.close()
        with suppress(RefusedError):  # the test removed it itself
            backend.client.call("DELETE", f"/sandboxes/{tpmock.id}")


def _create(client: ControlClient, name: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Create a sandbox; the name gets a number when another test with that name runs at the same time."""
    names = [name] if name is None else [name, *(f"{name}-{number}" for number in range(2, _NAMESAKES))]
    for candidate in names:
        try:
            return dict(client.call("POST", "/sandboxes", {**({"id": candidate} if candidate else {}), **options}))
        except RefusedError as refused:
            if refused.status != HTTPStatus.CONFLICT or candidate == names[-1]:
                raise
    raise AssertionError("unreachable: the last name returns or raises")


def sandbox_name(nodeid: str) -> str:
    """Return a sandbox name derived from a test's, the same in every run: keys and tokens depend on it.

    :param nodeid: pytest's
    """
    readable = re.sub(r"[^a-z0-9]+", "-", nodeid.rpartition("::")[2].lower()).strip("-")[:_LONGEST_NAME].strip("-")
    digest = hashlib.sha256(nodeid.encode()).hexdigest()[:8]
    return f"{readable}-{digest}" if readable else digest


class _RealConnections(HTTPHandler):
    """Connects with the standard library's own class: vcrpy would record the requests of the fixtures."""

    def http_open(self, request: Request) -> Any:
        """Open a request."""
        return self.do_open(real_connection(), request)


class Server:
    """A listening mock: one that the run shares, or an existing one."""

    closed: Final = False

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.client = ControlClient(self.url, token, over_the_network(_RealConnections()))
        self._relay: Relay | None = None

    def patch(self, test: str, allowed: Collection[str]) -> ConnectionPatch:
        """Redirect the vendors' hosts to the server; all others are called directly.

        :param test: the test with these clients
        :param allowed: additional hosts that may be called
        """
        openers = dict.fromkeys(vendor_hosts(), self._open)
        return ConnectionPatch(openers, self.relay, test=test, closed=False, allowed=allowed)

    def reached(self) -> str:
        """Return the address of the mock."""
        return self.url

    def relay(self) -> Relay:
        """Return the relay; start it on first use."""
        if self._relay is None:
            self._relay = Relay(self._address())
        return self._relay

    def close(self) -> None:
        """End everything that was started in this process."""
        if self._relay is not None:
            self._relay.close()

    def _address(self) -> Address:
        address = urlsplit(self.url)
        if address.scheme != "http" or address.hostname is None:
            raise ConnectionRefusedError(f"the real host names cannot be led to {self.url}: use its address")
        return address.hostname, address.port or 80

    def _open(self, _scheme: str, _host: str, _port: int, timeout: float | None) -> socket.socket:
        opened = socket.create_connection(self._address(), timeout)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    @contextmanager
    def sandbox(self, **options: Any) -> Iterator[Tpmock]:
        """Create another sandbox for the block. The vendors' host names are redirected to it.

        :param options: ``id``, ``seed``, ``world``, ``variants``, as in the control API
        """
        with sandbox(self, options.pop("id", None), **options) as tpmock:
            yield tpmock

    def check(self) -> None:
        """Check that the mock is running.

        :raises UnreachableError: when it is not
        """
        self.client.call("GET", "/health")


class InProcess:
    """A mock in this process, without a socket.

    :param worlds: world files by name
    :param functions: whether destination functions may run
    :raises WorldFileError: when one is not valid
    """

    url: Final = f"http://{IN_PROCESS_HOST}"
    closed: Final = True

    def __init__(self, worlds: Mapping[str, Path], *, functions: bool = False) -> None:
        # Tests without the mock must not pay for its import.
        from tpmock.sandbox.world_file import read  # noqa: PLC0415
        from tpmock.server.app import MockSettings, create_app  # noqa: PLC0415

        self._mock: MockApp = create_app(
            MockSettings(
                worlds={name: read(file) for name, file in worlds.items()},
                public_url=self.url,
                allow_functions=functions,
            )
        )
        for name in worlds:
            # Report inconsistencies immediately.
            self._mock.sandboxes.delete(self._mock.sandboxes.create(world=name))
        self.client = ControlClient(self.url, token="", transport=partial(exchange, self._mock))
        self._relay: Relay | None = None
        self._served = ExitStack()

    def patch(self, test: str, allowed: Collection[str]) -> ConnectionPatch:
        """Answer the vendors' hosts here; refuse all others except this machine's own and the allowed ones."""

        def opened(scheme: str, host: str, port: int, _timeout: float | None) -> WsgiSocket:
            return WsgiSocket(self._mock, scheme, host, port)

        openers: dict[str, Opener] = dict.fromkeys([*vendor_hosts(), IN_PROCESS_HOST], opened)
        return ConnectionPatch(openers, self.relay, test=test, closed=True, allowed=allowed)

    def relay(self) -> Relay:
        """Return the relay; start it and a server behind it on first use, for clients that require sockets."""
        if self._relay is None:
            self._relay = Relay(("127.0.0.1", self._port))
            self._served.callback(self._relay.close)
        return self._relay

    def reached(self) -> str:
        """Return the address of a server for other processes; start it on first use."""
        return f"http://127.0.0.1:{self._port}"

    @cached_property
    def _port(self) -> int:
        from tpmock.common.local_server import serving  # noqa: PLC0415 - most tests need no server

        return self._served.enter_context(serving(partial(cutting, self._mock), "127.0.0.1", 0))

    def close(self) -> None:
        """End the mock's threads."""
        self._served.close()
        self._mock.close()

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


#: A mock with the sandboxes of tests.
Backend = Server | InProcess
