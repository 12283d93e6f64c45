"""Loaded into Python by PYTHONPATH: redirects clients that ignore proxies to that of ``tpmock run``, refuses the rest.

It does the same as :mod:`tpmock.testing.patching` and :mod:`tpmock.testing.fence`, with only the standard
library: the program's own interpreter does not have tpmock installed.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import ssl
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, because every start of an interpreter would pay for it.
    from collections.abc import Callable
    from typing import Any

_LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname")
_CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")


def _plain(name: Any) -> str:
    if isinstance(name, (bytes, bytearray)):
        name = bytes(name).decode("latin-1")
    return name.lower().rstrip(".") if isinstance(name, str) else ""


def _here(name: str) -> bool:
    if name in ("", "localhost", "0.0.0.0", "::") or name.endswith(".localhost"):  # noqa: S104 - compared, not bound
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return name == _plain(socket.gethostname())


class _Lead:
    """The redirection of this interpreter's connections."""

    def __init__(self) -> None:
        host, _, port = os.environ["TPMOCK_RUN_PROXY"].partition(":")
        self.proxy = (host, int(port))
        self.led = frozenset(os.environ["TPMOCK_RUN_HOSTS"].split(","))
        self.allowed = [one for one in os.environ.get("TPMOCK_RUN_ALLOWED", "").split(",") if one]
        self.authority = os.environ["TPMOCK_RUN_CA"]
        #: Addresses of allowed hosts.
        self.looked_up: set[str] = set()

    def install(self) -> None:
        for owner, name, make in (
            (socket, "getaddrinfo", self.lookup),
            (socket.socket, "connect", self.connection),
            (socket.socket, "connect_ex", self.connection),
            (ssl.SSLContext, "wrap_socket", self.tls),
            (ssl.SSLContext, "wrap_bio", self.tls),
        ):
            setattr(owner, name, make(getattr(owner, name)))
        # Below everything that is patched; it only refuses. Before Python 3.8 no such hook exists.
        if hasattr(sys, "addaudithook"):
            sys.addaudithook(self.audit)

    def permits(self, name: str) -> bool:
        fits = (one in ("*", name) or (one.startswith("*.") and name.endswith(one[1:])) for one in self.allowed)
        return _here(name) or name in self.looked_up or any(fits)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _LOOKUPS:
            self.check(_plain(arguments[0]), arguments[1] if len(arguments) > 1 else 0)
        elif event in _CONNECTIONS:
            address = arguments[1]
            if isinstance(address, tuple) and len(address) > 1:
                self.check(_plain(address[0]), address[1])

    def check(self, name: str, port: Any) -> None:
        if not self.permits(name):
            self.report(name, port)
            sentence = "tpmock run refuses {0}: to allow it, use --allow-host {0}, or --allow-network for all."
            raise ConnectionRefusedError(errno.ECONNREFUSED, sentence.format(name))

    def report(self, name: str, port: Any) -> None:
        """Call the proxy, which counts and refuses it too."""
        target = f"[{name}]:{port or 0}" if ":" in name else f"{name}:{port or 0}"
        try:
            with socket.socket() as peer:
                peer.settimeout(5)
                peer.connect(self.proxy)
                peer.sendall(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode("latin-1", "replace"))
                while peer.recv(4096):
                    """It answers and closes."""
        except OSError:
            return  # without a proxy, calls are not counted

    def lookup(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def getaddrinfo(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
            name = _plain(host)
            if name in self.led:
                return original(*self.proxy, *arguments, **options)
            found = original(host, port, *arguments, **options)
            if name and self.permits(name):
                self.looked_up.update(_plain(entry[4][0]) for entry in found)
            return found

        return getaddrinfo

    def connection(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def connect(connected: Any, address: Any) -> Any:
            named = isinstance(address, tuple) and len(address) > 1 and _plain(address[0]) in self.led
            return original(connected, self.proxy if named else address)

        return connect

    def tls(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def wrap(context: Any, *arguments: Any, **options: Any) -> Any:
            if _plain(options.get("server_hostname")) in self.led:
                # Libraries have their own bundles without our authority.
                context, options = ssl.create_default_context(cafile=self.authority), {**options, "session": None}
            return original(context, *arguments, **options)

        return wrap


def _run_next() -> None:
    """Run the ``sitecustomize`` that this one hides."""
    from importlib.machinery import PathFinder  # noqa: PLC0415 - loaded already; the name stays local
    from importlib.util import module_from_spec  # noqa: PLC0415

    ours = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib takes long to import
    others = [path for path in sys.path if os.path.abspath(path) != ours]  # noqa: PTH100
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


if os.environ.get("TPMOCK_RUN_PROXY"):
    _Lead().install()
_run_next()
