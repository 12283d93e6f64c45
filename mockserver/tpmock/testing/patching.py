"""Redirects this process's clients while a test uses the mock.

Clients built on urllib3 and on the standard library's HTTP connections get theirs from ``connect()``, below requests,
its sessions, adapters and retries and everything built on them (including Segment's own library). All others look up
the host's name, get the address of a relay on loopback, and use TLS with it (:mod:`tpmock.testing.relay`).
Nothing above that is replaced, so a client behaves as it does over the network. A :class:`ConnectionPatch` lasts as
long as its ``with`` block; the fence refuses calls that are not redirected (:mod:`tpmock.testing.fence`).
"""

from __future__ import annotations

import importlib.util
import inspect
import socket
import ssl
import sys
import weakref
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import urllib3.connection
from tpmock.core.vendor_hosts import is_vendor_host, vendor_hosts
from tpmock.testing import native_clients
from tpmock.testing.fence import FENCE, host_name
from urllib3.exceptions import NewConnectionError

if TYPE_CHECKING:
    from tpmock.testing.relay import Relay

#: Marks a guard.
_MARK: Final = "_tpmock_guard"
#: Returns a connected socket, or a substitute, for scheme, host, port and timeout.
Opener = Callable[[str, str, int, float | None], Any]


class ConnectionPatch:
    """Redirects connections to the hosts in ``openers`` during a ``with`` block.

    :param openers: by host name, the function that connects instead
    :param relay: returns the server for clients that open sockets themselves, on first use
    :param test: the test with these clients
    :param closed: whether all other hosts are refused, except this machine's own and those in ``allowed``
    :param allowed: host names that are called directly
    :ivar refused: the host names that were refused, in order
    :ivar looked_up: addresses of allowed hosts
    """

    def __init__(
        self,
        openers: Mapping[str, Opener],
        relay: Callable[[], Relay],
        *,
        test: str,
        closed: bool,
        allowed: Collection[str] = (),
    ) -> None:
        self._openers = openers
        self.relay = relay
        self._test = test
        self.closed = closed
        self._allowed = frozenset(allowed)
        self._connected: weakref.WeakSet[Any] = weakref.WeakSet()
        self._undo = ExitStack()
        self.refused: list[str] = []
        self.looked_up: set[str] = set()

    def __enter__(self) -> ConnectionPatch:
        with ExitStack() as stack:
            stack.callback(self._undo.close)
            self._lead()
            stack.pop_all()
        return self

    def _lead(self) -> None:
        _keep_guards()
        native_clients.keep_guards()
        plain, secure = _urllib3_connections()
        standard, standard_secure = _standard_connections(plain)
        for kind, scheme, refuse in (
            (plain, "http", _refuse_urllib3),
            (secure, "https", _refuse_urllib3),
            (standard, "http", _refuse),
            (standard_secure, "https", _refuse),
        ):
            self._put(kind, "connect", self._connect(kind.connect, scheme, refuse))
        # A connection that was opened before must not reach the real host.
        self._put(plain, "is_connected", property(self._is_connected(plain.__dict__["is_connected"])))
        if sys.modules.keys() & {"httpcore", "httpx"}:
            self._lead_httpcore()
        if "aiohttp" in sys.modules or importlib.util.find_spec("aiodns"):
            self._lead_aiohttp()
        self._undo.enter_context(FENCE.held(self, self._test))

    def __exit__(self, *_: object) -> None:
        # Restore normal connections, and close those that were redirected.
        self._undo.close()
        for connection in list(self._connected):
            connection.close()

    def leads(self, host: str) -> bool:
        """Return whether this patch redirects the current thread's connections to a host."""
        return host in self._openers and FENCE.holder() is self

    def allows(self, host: str) -> bool:
        """Return whether a host may be called directly."""
        return host in self._allowed

    def _put(self, owner: Any, name: str, value: Any) -> None:
        before = vars(owner)[name]

        def undo() -> None:
            setattr(owner, name, before)

        self._undo.callback(undo)
        setattr(owner, name, value)

    def _lead_httpcore(self) -> None:
        """Redirect httpx, even if other code has replaced name lookups, or a proxy is configured."""
        import httpcore  # noqa: PLC0415 - here and below: only where it is installed

        for backend in (httpcore.SyncBackend, httpcore.AnyIOBackend, httpcore.TrioBackend):
            # Without trio or anyio the class exists but is not usable.
            if hasattr(backend, "connect_tcp"):
                self._put(backend, "connect_tcp", self._led_to_relay(backend.connect_tcp))
        for proxy, pool in (
            (httpcore.HTTPProxy, httpcore.ConnectionPool),
            (httpcore.AsyncHTTPProxy, httpcore.AsyncConnectionPool),
        ):
            self._put(proxy, "create_connection", self._without_proxy(proxy.create_connection, pool.create_connection))

    def _led_to_relay(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def connect_tcp(backend: Any, host: str, port: int, *arguments: Any, **options: Any) -> Any:
            if self.leads(host_name(host)):
                host, port = self.relay().address
            return original(backend, host, port, *arguments, **options)

        return connect_tcp

    def _without_proxy(self, original: Callable[..., Any], direct: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def create_connection(proxy: Any, origin: Any) -> Any:
            return (direct if self.leads(host_name(origin.host)) else original)(proxy, origin)

        return create_connection

    def _lead_aiohttp(self) -> None:
        """Redirect aiohttp, even if it resolves names without the standard library."""
        import aiohttp  # noqa: PLC0415

        original = aiohttp.TCPConnector._resolve_host  # noqa: SLF001 - above it there is no one place

        @wraps(original)
        async def resolve_host(connector: Any, host: str, port: int, *arguments: Any, **options: Any) -> Any:
            if not self.leads(host_name(host)):
                return await original(connector, host, port, *arguments, **options)
            address, port = self.relay().address
            numeric = {"family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV}
            return [{"hostname": host, "host": address, "port": port, **numeric}]

        of_tls = aiohttp.TCPConnector._get_ssl_context  # noqa: SLF001 - as above
        without = _nothing if inspect.iscoroutinefunction(of_tls) else lambda: None

        @wraps(of_tls)
        def get_ssl_context(connector: Any, request: Any) -> Any:
            # A loop that ends with its session has no time to close TLS properly.
            return without() if self.leads(host_name(request.url.host)) else of_tls(connector, request)

        self._put(aiohttp.TCPConnector, "_resolve_host", resolve_host)
        self._put(aiohttp.TCPConnector, "_get_ssl_context", get_ssl_context)

    def _connect(
        self, original: Callable[[Any], None], scheme: str, refuse: Callable[[Any, str], None]
    ) -> Callable[[Any], None]:
        def connect(connection: Any) -> None:
            host = _target(connection)
            if self.leads(host):
                timeout = connection.timeout if isinstance(connection.timeout, int | float) else None
                connection.sock = self._openers[host](scheme, host, connection.port, timeout)
                connection.is_verified = True
                self._connected.add(connection)
                return
            try:
                FENCE.may_call(host)
            except ConnectionRefusedError as error:
                refuse(connection, str(error.strerror))
            original(connection)

        return connect

    def _is_connected(self, original: property) -> Callable[[Any], bool]:
        def is_connected(connection: Any) -> bool:
            # Creating one for each request costs nothing here.
            return not self.leads(_target(connection)) and bool(original.__get__(connection))

        return is_connected


async def _nothing() -> None:
    """Replace an asynchronous function that returns None."""


def _target(connection: Any) -> str:
    """Return the target host; with a proxy the connection's own host is the proxy."""
    # Only this attribute has it, in the standard library and in urllib3 alike.
    host: str = getattr(connection, "_tunnel_host", None) or connection.host
    return host.lower().rstrip(".")


def _refuse_urllib3(connection: Any, sentence: str) -> None:
    raise NewConnectionError(connection, sentence) from ConnectionRefusedError(sentence)


def _refuse(_connection: Any, sentence: str) -> None:
    raise ConnectionRefusedError(sentence)


def _urllib3_connections() -> tuple[Any, Any]:
    """Return urllib3's connection classes; vcrpy replaces them by its own."""
    return _real(urllib3.connection.HTTPConnection), _real(urllib3.connection.HTTPSConnection)


def _real(kind: type) -> Any:
    return next(base for base in kind.__mro__ if base.__module__ == "urllib3.connection")


def real_connection() -> Any:
    """Return the standard library's connection class, even if other code has replaced it."""
    return _standard_connections(_urllib3_connections()[0])[0]


def _standard_connections(below: type) -> tuple[Any, Any]:
    """Return the standard library's connection classes, even if other code has replaced them.

    :param below: a class of another library that is derived from them
    """
    plain: Any = next(base for base in below.__mro__ if base.__module__ == "http.client")
    return plain, next(kind for kind in plain.__subclasses__() if kind.__module__ == "http.client")


def _keep_guards() -> None:
    """Patch names in sockets and TLS. Other code that patches them removes it, so this is repeated each time.

    The fence alone is not sufficient: it sees neither a host name that a socket connects to, nor the results of another
    patch, nor TLS with a vendor through a proxy.
    """
    guards: tuple[tuple[Any, str, Callable[[Callable[..., Any]], Callable[..., Any]]], ...] = (
        (socket, "getaddrinfo", _guarded_lookup),
        (socket.socket, "connect", _guarded_connect),
        (socket.socket, "connect_ex", _guarded_connect),
        (ssl.SSLContext, "wrap_socket", _guarded_tls),
        (ssl.SSLContext, "wrap_bio", _guarded_tls),
    )
    for owner, name, guarded in guards:
        original = getattr(owner, name)
        # pytest-socket's patch refuses by itself, and pytest-socket removes nothing else.
        if not hasattr(original, _MARK) and getattr(original, "__module__", "") != "pytest_socket":
            guard = guarded(original)
            setattr(guard, _MARK, True)
            setattr(owner, name, guard)


def _leading(host: str) -> ConnectionPatch | None:
    """Return the redirection of the current thread's connections to a host; None for a direct call.

    :raises ConnectionRefusedError: when the host is refused
    """
    holder = FENCE.holder()
    if holder is not None and holder.leads(host):
        return holder
    if is_vendor_host(host):
        FENCE.may_call(host)
    return None


def _guarded_lookup(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def getaddrinfo(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        name = host_name(host)
        leading = _leading(name)
        if leading is not None:
            # The relay's own address and port, in the form for the requested family and type.
            return original(*leading.relay().address, *arguments, **options)
        found, holder = original(host, port, *arguments, **options), FENCE.holder()
        if holder is not None and holder.allows(name):
            holder.looked_up |= {entry[4][0] for entry in found}
        return found

    return getaddrinfo


def _guarded_connect(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def connect(connection: socket.socket, address: Any) -> Any:
        leading = _leading(host_name(address[0])) if isinstance(address, tuple) else None
        return original(connection, address if leading is None else leading.relay().address)

    return connect


def _guarded_tls(original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @wraps(original)
    def wrap(*arguments: Any, **options: Any) -> Any:
        given = signature.bind(*arguments, **options).arguments
        leading = _leading(host_name(given.get("server_hostname")))
        if leading is None:
            return original(*arguments, **options)
        return original(**{**given, "self": leading.relay().client_tls, "session": None})

    return wrap


#: This machine's own names, in all forms that clients use.
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost", ".localhost")


def hosts_without_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """Environment variables that keep the vendors' hosts and this machine's own away from a proxy."""
    names = ("no_proxy", "NO_PROXY")
    before = [environ[name] for name in names if environ.get(name)]
    # A star means all hosts, and only as the whole value.
    hosts = "*" if "*" in before else ",".join([*before[:1], *_LOOPBACK, *sorted(vendor_hosts())])
    return dict.fromkeys(names, hosts)
