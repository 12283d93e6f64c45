"""Guards for clients that resolve names and connect in C, where neither patched sockets nor audit hooks see them.

uvloop and pycurl are guarded if they are installed (decision 0223); other users do not load this code.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tpmock.core.vendor_hosts import vendor_hosts
from tpmock.testing.fence import FENCE, host_name

if TYPE_CHECKING:
    from tpmock.testing.patching import ConnectionPatch

#: Marks a guard.
_MARK: Final = "_tpmock_guard"
#: Target of a redirect to a vendor's host without a sandbox: the discard port, where no server listens.
_NOWHERE: Final = ("127.0.0.1", 9)
#: A redirection of one vendor's host redirects all of them.
_ANY: Final = "api.trustpilot.com"


def keep_guards() -> None:
    """Guard the installed clients, again if other code has removed a guard."""
    if importlib.util.find_spec("uvloop") is not None:
        _guard_uvloop(import_module("uvloop").Loop)
    if importlib.util.find_spec("pycurl") is not None:
        _guard_pycurl()


def _leading(host: str) -> ConnectionPatch | None:
    """Return the redirection of the current thread's connections to a host; None for a direct call.

    :raises ConnectionRefusedError: when the host is refused
    """
    holder = FENCE.holder()
    if holder is not None and holder.leads(host):
        return holder
    FENCE.may_call(host, by_address=True)
    return None


# --- uvloop -----------------------------------------------------------------------------------------------------------


def _guard_uvloop(loop: Any) -> None:
    # Its TLS goes through ssl.SSLContext.wrap_bio, which tpmock.testing.patching guards.
    guards: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
        "create_connection": _guarded_connection,
        "getaddrinfo": _guarded_lookup,
        "sock_connect": _guarded_sock_connect,
    }
    for name, guarded in guards.items():
        original = getattr(loop, name)
        if not hasattr(original, _MARK):
            guard = guarded(original)
            setattr(guard, _MARK, True)
            setattr(loop, name, guard)


def _guarded_connection(original: Callable[..., Any]) -> Callable[..., Any]:
    async def create_connection(loop: Any, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        leading = _leading(host_name(host))
        if leading is not None:
            if options.get("ssl") and options.get("server_hostname") is None:
                options["server_hostname"] = host
            host, port = leading.relay().address
        return await original(loop, factory, host, port, **options)

    return create_connection


def _guarded_lookup(original: Callable[..., Any]) -> Callable[..., Any]:
    async def getaddrinfo(loop: Any, host: Any, port: Any, **options: Any) -> Any:
        name = host_name(host)
        leading = _leading(name)
        if leading is not None:
            host, port = leading.relay().address
        found, holder = await original(loop, host, port, **options), FENCE.holder()
        if holder is not None and holder.allows(name):
            holder.looked_up |= {entry[4][0] for entry in found}
        return found

    return getaddrinfo


def _guarded_sock_connect(original: Callable[..., Any]) -> Callable[..., Any]:
    async def sock_connect(loop: Any, sock: Any, address: Any) -> Any:
        leading = _leading(host_name(address[0])) if isinstance(address, tuple) else None
        return await original(loop, sock, address if leading is None else leading.relay().address)

    return sock_connect


# --- pycurl -----------------------------------------------------------------------------------------------------------


def _guard_pycurl() -> None:
    pycurl: Any = import_module("pycurl")
    # pytest-recording replaces the module by one that creates handles of the original class.
    recording: Any = sys.modules.get("pytest_recording.network")
    if recording is not None and type(pycurl) is not ModuleType:
        pycurl = recording.pycurl
    if hasattr(pycurl.Curl, _MARK):
        return
    # Classes in C cannot be changed, so subclasses replace them.
    original, original_multi = pycurl.Curl, pycurl.CurlMulti

    def before(perform: Callable[..., Any]) -> Callable[..., Any]:
        def performed(curl: Any, *arguments: Any) -> Any:
            _prepare(pycurl, curl)
            return perform(curl, *arguments)

        return performed

    def add_handle(multi: Any, curl: Any) -> Any:
        _prepare(pycurl, curl)
        return original_multi.add_handle(multi, curl)

    methods = {name: before(getattr(original, name)) for name in ("perform", "perform_rb", "perform_rs")}
    pycurl.Curl = type("Curl", (original,), {**methods, _MARK: True, "__module__": "pycurl"})
    pycurl.CurlMulti = type("CurlMulti", (original_multi,), {"add_handle": add_handle, "__module__": "pycurl"})
    if recording is not None:
        recorded = recording.Curl.__init__

        def make(wrapper: Any, handle: Any = None) -> None:
            recorded(wrapper, pycurl.Curl() if handle is None else handle)

        recording.Curl.__init__ = make


def _prepare(pycurl: Any, curl: Any) -> None:
    """Redirect a handle's next transfer to the mock, including its redirects to vendors' hosts, or refuse it.

    :raises pycurl.error: when its host is refused
    """
    host = host_name(urlsplit(curl.getinfo(pycurl.EFFECTIVE_URL)).hostname)
    try:
        leading = _leading(host)
    except ConnectionRefusedError as error:
        raise pycurl.error(pycurl.E_COULDNT_CONNECT, str(error.strerror)) from error
    holder = FENCE.holder()
    # The targets of redirects too.
    address = _NOWHERE if holder is None or not holder.leads(_ANY) else holder.relay().address
    if leading is not None:
        # In addition to the default trust store, because the handle may be used for other hosts later.
        trusted = f"{import_module('certifi').contents()}\n{leading.relay().authority_pem}"
        curl.setopt(pycurl.CAINFO_BLOB, trusted)
        curl.setopt(pycurl.PROXY, "")
    curl.setopt(pycurl.CONNECT_TO, [f"{name}::{address[0]}:{address[1]}" for name in sorted(vendor_hosts())])
