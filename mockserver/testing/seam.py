"""Where this process's HTTP clients connect, while a test uses the mock.

The seam is ``connect()`` of urllib3's and of the standard library's connections, below requests, its sessions, adapters
and retries and everything built on them (Segment's own library among them). Above it nothing is replaced, so a client
behaves as it does over the network. It is open between :meth:`Seam.open` and :meth:`Seam.close`.
"""

from __future__ import annotations

import http.client
import weakref
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, Final

import urllib3.connection
from urllib3.exceptions import NewConnectionError

from contracts import spec
from mockserver.loopback import is_loopback

#: APIs whose hosts are the vendors' own; the other documents describe this machine.
_VENDORS: Final = ("trustpilot", "segment-tracking")


@lru_cache(maxsize=1)
def vendor_hosts() -> frozenset[str]:
    """The host names that the documents give, the real ones and those that stand for them."""
    documents = (spec.load(api) for api in _VENDORS)
    return frozenset(
        host
        for document in documents
        for hosts in (document.hosts, *(operation.hosts for operation in document.operations.values()))
        for host in hosts
    )


#: Gives a connected socket, or what is taken for one, to scheme, host, port and time-out.
Opener = Callable[[str, str, int, float | None], Any]


class Seam:
    """Leads connections to the hosts in ``openers`` elsewhere.

    :param openers: what is connected with in place of a host, by host name
    :param closed: whether all other hosts are refused, but for this machine's own and those in ``allowed``
    :param allowed: host names that are connected as ever
    :ivar refused: the host names that were refused, in order
    """

    def __init__(self, openers: Mapping[str, Opener], *, closed: bool, allowed: Collection[str] = ()) -> None:
        self._openers = openers
        self._closed = closed
        self._allowed = frozenset(allowed)
        self._connected: weakref.WeakSet[Any] = weakref.WeakSet()
        self._undo: list[Callable[[], None]] = []
        self.refused: list[str] = []

    def open(self) -> None:
        """Begin."""
        for kind, scheme, refuse in (
            (urllib3.connection.HTTPConnection, "http", _refuse_urllib3),
            (urllib3.connection.HTTPSConnection, "https", _refuse_urllib3),
            (http.client.HTTPConnection, "http", _refuse),
            (http.client.HTTPSConnection, "https", _refuse),
        ):
            self._put(kind, "connect", self._connect(kind.connect, scheme, refuse))
        # A connection that was open before must not lead to the real host.
        connected = urllib3.connection.HTTPConnection.__dict__["is_connected"]
        self._put(urllib3.connection.HTTPConnection, "is_connected", property(self._is_connected(connected)))

    def close(self) -> None:
        """End: connections are made as before, and those that were led elsewhere are closed."""
        while self._undo:
            self._undo.pop()()
        for connection in list(self._connected):
            connection.close()

    def _put(self, kind: type, name: str, value: Any) -> None:
        before = kind.__dict__[name]
        self._undo.append(lambda: setattr(kind, name, before))
        setattr(kind, name, value)

    def _connect(
        self, original: Callable[[Any], None], scheme: str, refuse: Callable[[Any, str], None]
    ) -> Callable[[Any], None]:
        def connect(connection: Any) -> None:
            host = _target(connection)
            opener = self._openers.get(host)
            if opener is not None:
                timeout = connection.timeout if isinstance(connection.timeout, int | float) else None
                connection.sock = opener(scheme, host, connection.port, timeout)
                connection.is_verified = True
                self._connected.add(connection)
            elif self._closed and not self._may_pass(host):
                self.refused.append(host)
                refuse(connection, _sentence(host))
            else:
                original(connection)

        return connect

    def _is_connected(self, original: property) -> Callable[[Any], bool]:
        def is_connected(connection: Any) -> bool:
            # A new one for each request costs nothing here.
            return _target(connection) not in self._openers and bool(original.__get__(connection))

        return is_connected

    def _may_pass(self, host: str) -> bool:
        return host in self._allowed or is_loopback(host)


def _target(connection: Any) -> str:
    """The host that is meant; with a proxy the connection's own host is the proxy."""
    # Only this attribute says so, in the standard library and in urllib3 alike.
    host: str = getattr(connection, "_tunnel_host", None) or connection.host
    return host.lower().rstrip(".")


def _sentence(host: str) -> str:
    return (
        f"tpmock answers in this process and lets no other host be called, and {host} is none of Trustpilot's or "
        f'Segment\'s. If the test may call it, say so: @pytest.mark.tpmock(allow_hosts=["{host}"])'
    )


def _refuse_urllib3(connection: Any, sentence: str) -> None:
    raise NewConnectionError(connection, sentence) from ConnectionRefusedError(sentence)


def _refuse(_connection: Any, sentence: str) -> None:
    raise ConnectionRefusedError(sentence)


def hosts_without_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """Environment variables that keep the vendors' hosts, besides those of before, away from a proxy of the machine."""
    names = ("no_proxy", "NO_PROXY")
    before = [environ[name] for name in names if environ.get(name)]
    # A star stands for all, and only when it stands alone.
    hosts = "*" if "*" in before else ",".join([*before[:1], *sorted(vendor_hosts())])
    return dict.fromkeys(names, hosts)
