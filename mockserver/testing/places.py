"""Where the sandboxes of tests live: in a server that listens, or in this very process."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from mockserver.client import ControlClient, RefusedError
from mockserver.testing.bench import Tpmock
from mockserver.testing.line import Line, exchange
from mockserver.testing.seam import Opener, Seam, vendor_hosts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockserver.app import Mock

#: The name by which a program that can be configured reaches the mock in its own process.
IN_PROCESS_HOST: Final = "tpmock.localhost"
_CONFLICT: Final = 409
#: Tests of one name that may run at the same time against one server.
_NAMESAKES: Final = 100


class Place(Protocol):
    """A mock that has sandboxes."""

    @property
    def url(self) -> str:
        """Its address."""

    @property
    def client(self) -> ControlClient:
        """Its control API."""

    def seam(self, allowed: Collection[str]) -> Seam:
        """How this process's HTTP clients are led to it.

        :param allowed: hosts that may be called besides
        """


@contextmanager
def sandbox(place: Place, wish: str | None = None, allowed: Collection[str] = (), **options: Any) -> Iterator[Tpmock]:
    """A sandbox for the time of the block, and the vendors' host names lead to the mock.

    :param wish: a name for it; another is found when it is taken
    :param allowed: hosts that may be called besides, where calls are restricted
    :param options: ``seed``, ``world``, ``variants``, ``time`` as the control API takes them
    :raises RefusedError: when the mock refuses them, with its sentence
    """
    tpmock = Tpmock(place.client, _created(place.client, wish, options))
    seam = place.seam(allowed)
    tpmock.refused_hosts = seam.refused
    seam.open()
    try:
        yield tpmock
    finally:
        seam.close()
        _removed(place.client, tpmock.id)


def _created(client: ControlClient, wish: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    names = [None] if wish is None else [wish, *(f"{wish}-{number}" for number in range(2, _NAMESAKES))]
    for name in names:
        try:
            return dict(client.call("POST", "/sandboxes", {**({"id": name} if name else {}), **options}))
        except RefusedError as refused:
            if refused.status != _CONFLICT or name == names[-1]:
                raise
    raise AssertionError("unreachable: the last name returns or raises")


def _removed(client: ControlClient, sandbox_id: str) -> None:
    try:
        client.call("DELETE", f"/sandboxes/{sandbox_id}")
    except RefusedError:
        # The test removed it itself.
        return


class Server:
    """A mock that listens: one that the run shares, or one that was there before.

    :param url: its address
    :param token: its control token, if it wants one
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.client = ControlClient(self.url, token)

    def seam(self, allowed: Collection[str]) -> Seam:  # noqa: ARG002 - all other hosts are called as ever
        """The vendors' hosts lead to the server; all others are called as ever."""
        return Seam(dict.fromkeys(vendor_hosts(), self._open), closed=False)

    def _open(self, _scheme: str, _host: str, _port: int, timeout: float | None) -> socket.socket:
        address = urlsplit(self.url)
        if address.scheme != "http" or address.hostname is None:
            raise ConnectionRefusedError(f"the real host names cannot be led to {self.url}: use its address")
        opened = socket.create_connection((address.hostname, address.port or 80), timeout)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    @contextmanager
    def sandbox(self, **options: Any) -> Iterator[Tpmock]:
        """One more sandbox, for the time of the block. The vendors' host names lead here.

        :param options: ``id``, ``seed``, ``world``, ``variants`` as the control API takes them
        """
        with sandbox(self, options.pop("id", None), **options) as tpmock:
            yield tpmock

    def check(self) -> None:
        """See whether it is there.

        :raises UnreachableError: when it is not
        """
        self.client.call("GET", "/health")


class InProcess:
    """A mock in this process, without a socket.

    :param worlds: world files by name
    :raises WorldFileError: when one cannot be used
    """

    url: Final = f"http://{IN_PROCESS_HOST}"

    def __init__(self, worlds: Mapping[str, Path]) -> None:
        # A test that needs no mock must not pay for one.
        from mockserver.app import Settings, create_app  # noqa: PLC0415
        from mockserver.world_file import read  # noqa: PLC0415

        self._mock: Mock = create_app(Settings(worlds={name: read(file) for name, file in worlds.items()}))
        for name in worlds:
            # What does not fit together is told now.
            self._mock.sandboxes.delete(self._mock.sandboxes.create(world=name))
        self.client = ControlClient(self.url, token="", transport=partial(exchange, self._mock))

    def seam(self, allowed: Collection[str]) -> Seam:
        """The vendors' hosts are answered here; no other is called but this machine's own and those allowed."""
        opener: Opener = partial(_line, self._mock)
        return Seam(dict.fromkeys([*vendor_hosts(), IN_PROCESS_HOST], opener), closed=True, allowed=allowed)

    def close(self) -> None:
        """End its threads."""
        self._mock.close()

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _line(mock: Mock, scheme: str, host: str, port: int, timeout: float | None) -> Line:  # noqa: ARG001 - set per request
    return Line(mock, scheme, host, port)
