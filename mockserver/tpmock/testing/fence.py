"""Blocks the vendors' real hosts, from the first sandbox of this process until the process ends.

The fence is an audit hook: the interpreter calls it before each name lookup and connection, for any client and
any patch, and it cannot be removed. It only refuses. Redirection to the mock happens
before it (:mod:`tpmock.testing.patching`), so that only calls that cannot be redirected arrive here (decision 0120).
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import thread as pools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tpmock.common.loopback import is_loopback
from tpmock.core.vendor_hosts import is_vendor_host, vendor_hosts

if TYPE_CHECKING:
    from tpmock.testing.patching import ConnectionPatch

_CONNECT: Final = "socket.connect"
_EVENTS: Final = frozenset({"socket.getaddrinfo", "socket.gethostbyname", _CONNECT})


def host_name(host: object) -> str:
    """Return a host of a client in normalized spelling; empty when it is not one."""
    if isinstance(host, bytes | bytearray):
        host = host.decode("latin-1")
    return host.lower().rstrip(".") if isinstance(host, str) else ""


class Fence:
    """Policy for the calls of this process. The only instance is :data:`FENCE`."""

    def __init__(self) -> None:
        self._shut = False
        self._holders: list[ConnectionPatch] = []
        self._left: weakref.WeakKeyDictionary[threading.Thread, str] = weakref.WeakKeyDictionary()
        self._late: Counter[str] = Counter()

    def shut(self) -> None:
        """Block the vendors' hosts for the rest of the process."""
        if not self._shut:
            vendor_hosts()  # read now: inside the hook it must be cheap
            self._shut = True
            sys.addaudithook(self._audit)

    @contextmanager
    def held(self, patch: ConnectionPatch, test: str) -> Iterator[None]:
        """Redirect clients by ``patch`` during the block. Threads that outlive it lose the redirection.

        :param test: the test of the block
        """
        self.shut()
        before = set(threading.enumerate())
        self._holders.append(patch)
        try:
            yield
        finally:
            self._holders.remove(patch)
            # Threads of a pool run work of later tests.
            for each in set(threading.enumerate()) - before - set(pools._threads_queues):  # noqa: SLF001
                self._left[each] = test

    def holder(self) -> ConnectionPatch | None:
        """Return the redirection of the current thread's clients; None without one."""
        return self._holders[-1] if self._holders and threading.current_thread() not in self._left else None

    def may_call(self, host: str, *, by_address: bool = False) -> None:
        """Raise an error unless the current thread may call a host that is not redirected.

        :param by_address: the host is the target of a connection, maybe the address of a name that was looked up before
        :raises ConnectionRefusedError: when it may not, with the reason
        """
        holder = self.holder()
        if not host or is_loopback(host) or (holder is not None and holder.allows(host)):
            return
        if is_vendor_host(host):
            sentence = self._vendor_sentence(host, holder)
        elif holder is not None and holder.closed and not (by_address and host in holder.looked_up):
            sentence = closed_sentence(host)
        else:
            return
        if holder is not None:
            holder.refused.append(host)
        raise ConnectionRefusedError(errno.ECONNREFUSED, sentence)

    def late_calls(self) -> list[str]:
        """Return the calls refused outside a test with a sandbox, and in threads that outlived their test."""
        return [f"{what}{f' ({count} times)' if count > 1 else ''}" for what, count in self._late.items()]

    def _vendor_sentence(self, host: str, holder: ConnectionPatch | None) -> str:
        if holder is None:
            caller = self._caller()
            self._late[f"{host}: {caller}"] += 1
            return (
                f"tpmock refuses {host}, a real host of Trustpilot or Segment: {caller}. "
                "These hosts are blocked from the first use of tpmock until this process ends."
            )
        reason = "it cannot lead this client to the mock" if host in vendor_hosts() else "the mock does not serve it"
        return (
            f"tpmock refuses {host}, a real host of Trustpilot or Segment: {reason}. Use the addresses in tpmock.urls."
        )

    def _caller(self) -> str:
        thread = threading.current_thread()
        if thread in self._left:
            return f"called by thread {thread.name}, which {self._left[thread]} left running"
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0] or "code outside of tests"
        return f"called by {test}, which holds no sandbox, in thread {thread.name}"

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _EVENTS:
            return
        host = arguments[0]
        if event == _CONNECT:
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) and address else None
        self.may_call(host_name(host), by_address=event == _CONNECT)


def closed_sentence(host: str) -> str:
    """Return why another host is refused to a test with the in-process mock."""
    return (
        f"tpmock answers in this process and lets no other host be called, and {host} is none of Trustpilot's or "
        f'Segment\'s. If the test may call it, say so: @pytest.mark.tpmock(allow_hosts=["{host}"])'
    )


FENCE: Final = Fence()
