"""Decides about each connection of a program on Linux, in any runtime and with any client (decision 0203).

The kernel stops the program at ``connect`` and asks this process. Lookups go to our own name server, connections to
the vendors' hosts to the proxy, and others are refused unless they are allowed. It needs no root. It protects against
mistakes, not against a hostile program.
"""

from __future__ import annotations

import array
import ctypes
import errno
import fcntl
import ipaddress
import os
import select
import socket
import struct
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tpmock.run.names import Address, Names, name_of
from tpmock.run.outcomes import Outcome, Outcomes
from tpmock.run.policy import Policy

_LAUNCH: Final = Path(__file__).with_name("launch.py")
_RECEIVE, _SEND, _VALID = 0xC0502100, 0xC0182101, 0x40082102
#: struct seccomp_notif: id, pid, flags, number, machine, place, six arguments; and the answer to it.
_NOTICE, _ANSWER = struct.Struct("QIIiIQ6Q"), struct.Struct("QqiI")
_CONTINUE: Final = 1
_GETFD: Final = 438
_SENDTO: Final = (44, 206)
_DNS: Final = 53
_LONGEST: Final = 128
#: The error of pidfd_getfd in a container or an old kernel that does not support it.
_NO_COPY: Final = (errno.EPERM, errno.ENOSYS)
#: Services of the machine that resolve names for programs; without them, programs ask a name server.
_RESOLVERS: Final = (b"/run/systemd/resolve/io.systemd.Resolve", b"/var/run/nscd/socket", b"/run/nscd/socket")


class Watch:
    """Watches one program and its children.

    :param proxy: the target of connections to the vendors' hosts
    """

    def __init__(self, proxy: Address, policy: Policy, outcomes: Outcomes) -> None:
        self._proxy = proxy
        self._policy = policy
        self._outcomes = outcomes
        self._names = Names(policy, outcomes)
        self._ours, self._theirs = socket.socketpair()
        self._stop, self._stopped = os.pipe()
        self._thread: threading.Thread | None = None

    def command(self, command: Sequence[str]) -> tuple[list[str], tuple[int, ...]]:
        """Return the command that starts a program watched, and the descriptors it inherits."""
        number = self._theirs.fileno()
        return [sys.executable, "-I", "-S", str(_LAUNCH), str(number), *command], (number,)

    def begin(self) -> str:
        """Watch a started program.

        :returns: why it cannot be watched; empty when it is
        """
        self._theirs.close()
        said, descriptors, _, _ = socket.recv_fds(self._ours, 200, 1)
        if not descriptors:
            return said.decode(errors="replace").removeprefix("no ") or "it could not be started"
        self._thread = threading.Thread(target=self._watch, args=(descriptors[0],), name="tpmock-watch", daemon=True)
        self._thread.start()
        return ""

    def close(self) -> None:
        """Stop. The kernel refuses all further connections of processes that the program left running."""
        os.close(self._stopped)
        if self._thread is not None:
            self._thread.join()
        os.close(self._stop)
        self._ours.close()
        self._theirs.close()
        self._names.close()

    def _watch(self, listener: int) -> None:
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        poll.register(self._stop, select.POLLIN)
        try:
            while all(number == listener and not event & select.POLLHUP for number, event in poll.poll()):
                notice = array.array("B", bytes(_NOTICE.size))
                try:
                    fcntl.ioctl(listener, _RECEIVE, notice)
                except OSError as error:
                    if error.errno in (errno.ENOENT, errno.EINTR):
                        continue  # it has just ended
                    raise
                identity, pid, _, number, _, _, *arguments = _NOTICE.unpack(notice)
                try:
                    value, code = self._decide(listener, identity, pid, number, arguments)
                except (OSError, StopIteration) as error:
                    # It has ended, or the system denies access to its sockets: then it does not connect.
                    value, code = 0, getattr(error, "errno", None) or errno.EPERM
                flags = _CONTINUE if code is None else 0
                with suppress(OSError):  # it has ended meanwhile
                    fcntl.ioctl(listener, _SEND, _ANSWER.pack(identity, value, -(code or 0), flags))
        finally:
            os.close(listener)

    def _decide(
        self, listener: int, identity: int, pid: int, number: int, arguments: list[int]
    ) -> tuple[int, int | None]:
        """Return the result of the call, a value and an error; None as error lets the kernel perform the call."""
        place, length = (arguments[4], arguments[5]) if number in _SENDTO else (arguments[1], arguments[2])
        try:
            with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123 - unbuffered
                target = _at(memory.fileno(), place, min(length, _LONGEST))
                query = _at(memory.fileno(), arguments[1], min(arguments[2], 512)) if number in _SENDTO else b""
            # The pid may have been reused.
            fcntl.ioctl(listener, _VALID, struct.pack("Q", identity))
        except OSError as error:
            return 0, error.errno or errno.EPERM
        family = struct.unpack_from("H", target)[0] if len(target) > 1 else socket.AF_UNSPEC
        if family == socket.AF_UNIX:
            return 0, errno.ENOENT if target[2:].partition(b"\0")[0] in _RESOLVERS else None
        if family not in (socket.AF_INET, socket.AF_INET6):
            return 0, None
        host, port = _parsed(family, target)
        if number in _SENDTO:
            return self._sent(host, port, query)
        return self._connected(pid, arguments[0], family, (host, port))

    def _connected(self, pid: int, descriptor: int, family: int, target: Address) -> tuple[int, int | None]:
        host, port = target
        if self._names.host(host) is not None:
            return 0, _connect(pid, descriptor, family, self._proxy)
        if port == _DNS:
            self._names.real = target
            code = _connect(pid, descriptor, family, self._names.address)
            return 0, self._without_copy(host) if code in _NO_COPY else code
        return 0, None if self._permits(host, port) else errno.ECONNREFUSED

    def _without_copy(self, server: str) -> int | None:
        """Look up names only if the user allows any host, where sockets cannot be copied, as in some containers."""
        if self._policy.network or self._policy.allowed:
            return None
        remark = "the program ignores proxies, and this system does not let its connections be led"
        self._outcomes.add(Outcome.NOT_LED, f"name lookup at {server}", remark)
        return errno.ECONNREFUSED

    def _sent(self, host: str, port: int, data: bytes) -> tuple[int, int | None]:
        # A resolver that does not connect checks the sender of answers, so another server cannot answer.
        name = name_of(data) if port == _DNS else ""
        if name and not self._policy.network and not self._policy.allows(name):
            outcome = Outcome.NOT_LED if self._policy.leads(name) else Outcome.REFUSED
            self._outcomes.add(outcome, name, "it asks the name server in a way that cannot be led")
            return 0, errno.ECONNREFUSED
        return 0, None if name or self._permits(host, port) else errno.ECONNREFUSED

    def _permits(self, host: str, port: int) -> bool:
        # Port 0 opens no connection: it only asks for this machine's address.
        if port == 0 or self._policy.allows(host) or host in self._names.permitted:
            return True
        if ipaddress.ip_address(host).is_unspecified:
            return True
        self._outcomes.add(Outcome.REFUSED, host, f"allow it with --allow-host {host}")
        return False


def _at(memory: int, place: int, length: int) -> bytes:
    return os.pread(memory, length, place) if place else b""


def _parsed(family: int, target: bytes) -> Address:
    port = struct.unpack_from("!H", target, 2)[0]
    packed = target[4:8] if family == socket.AF_INET else target[8:24]
    host = ipaddress.ip_address(packed)
    mapped = host.ipv4_mapped if isinstance(host, ipaddress.IPv6Address) else None
    return str(mapped or host), port


def _process_of(thread: int) -> int:
    status = Path(f"/proc/{thread}/status").read_text(encoding="ascii", errors="replace")
    return int(next(line for line in status.splitlines() if line.startswith("Tgid:")).split()[1])


def _connect(pid: int, descriptor: int, family: int, address: Address) -> int:
    """Connect a program's socket on its behalf.

    :returns: the error, 0 for none
    """
    process = os.pidfd_open(_process_of(pid))
    try:
        library = ctypes.CDLL(None, use_errno=True)
        copy = int(library.syscall(_GETFD, process, descriptor, 0))
        if copy < 0:
            return ctypes.get_errno()
        host = f"::ffff:{address[0]}" if family == socket.AF_INET6 else address[0]
        with socket.socket(fileno=copy) as theirs:
            return theirs.connect_ex((host, address[1]))
    finally:
        os.close(process)
