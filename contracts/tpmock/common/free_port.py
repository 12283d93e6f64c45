"""Find a free port for a program that is started a moment later."""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import Final

_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
#: Where IANA has the ephemeral ports begin, for systems that do not say where they do.
_IANA: Final = 49152
_LOWEST: Final = 20_000
_ATTEMPTS: Final = 50


def free_port(host: str = "127.0.0.1") -> int:
    """Return a free port outside the system's range of ephemeral ports.

    A port of that range can be taken by any outgoing connection before the program listens.

    :param host: address or name to listen at
    :returns: 0 if none was found, with which the system picks one itself
    :raises OSError: if the host cannot be resolved
    """
    candidates = range(_LOWEST, _first_ephemeral())
    family, kind, protocol, _, target = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    for port in random.sample(candidates, min(_ATTEMPTS, len(candidates))):
        with socket.socket(family, kind, protocol) as probe:
            try:
                probe.bind((target[0], port, *target[2:]))
            except OSError:
                continue
            return port
    return 0


def _first_ephemeral() -> int:
    try:
        return int(_RANGE.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return _IANA
