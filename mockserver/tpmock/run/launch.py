"""Starts a program whose connections another process decides: ``python -I -S launch.py SOCKET COMMAND...``.

It is a separate program, because a process with threads should do nothing between fork and exec. The kernel asks the
holder of the listener, which is sent to the peer of SOCKET, before each ``connect``, and before each ``sendto`` with
an address (seccomp_unotify(2)). Where the kernel does not support it, the reason is sent instead.
"""

from __future__ import annotations

import array
import ctypes
import os
import platform
import socket
import struct
import sys

#: By machine: its number in linux/audit.h, and those of seccomp, connect and sendto.
_MACHINES = {"x86_64": (0xC000003E, 317, 42, 44), "aarch64": (0xC00000B7, 277, 203, 206)}
_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _NEW_LISTENER = 38, 1, 8
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
#: Offsets in struct seccomp_data: number, machine, and the two halves of the fifth argument.
_NUMBER, _MACHINE, _FIFTH, _FIFTH_HIGH = 0, 4, 48, 52


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _listener() -> int:
    machine, seccomp, connect, sendto = _MACHINES[platform.machine()]
    steps = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 0, 8, machine),
        (_LOAD, 0, 0, _NUMBER),
        (_EQUAL, 5, 0, connect),
        (_EQUAL, 0, 5, sendto),
        # No address: send on a connected socket.
        (_LOAD, 0, 0, _FIFTH),
        (_EQUAL, 0, 2, 0),
        (_LOAD, 0, 0, _FIFTH_HIGH),
        (_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _NOTIFY),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    program = _Program(len(steps), code)
    made = int(library.syscall(seccomp, _SET_MODE_FILTER, _NEW_LISTENER, ctypes.byref(program)))
    if made < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return made


def main() -> None:
    """Send the listener and become the program."""
    peer = socket.socket(fileno=int(sys.argv[1]))
    try:
        listener = array.array("i", [_listener()])
    except (OSError, KeyError, AttributeError) as error:
        peer.sendall(f"no {error}".encode())
    else:
        peer.sendmsg([b"ok"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, listener)])
        os.close(listener[0])
    peer.close()
    # In this process, because the program keeps its pid.
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - what the user wants to run


if __name__ == "__main__":
    main()
