"""TLS of ``tpmock serve``: granian's, or a second port beside it (decision 0201)."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tpmock.common.serving import Tls, address, numeric, reserved
from tpmock.tls.authority import AuthorityFolder
from tpmock.tls.front import Address, Front, Streams, exchange
from tpmock.tls.heads import RELAYED, Head, pass_requests


def files(stack: ExitStack) -> Tls:
    """Make a certificate for a service, in files that are deleted with the stack.

    :raises AuthorityError: when the local authority cannot be stored
    """
    kept = AuthorityFolder().get(lambda sentence: sys.stderr.write(f"{sentence}\n"))
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="tpmock-tls-")))
    issued = kept.authority.issue()
    made = Tls(folder / "server.pem", folder / "server.key", folder / "authority.pem")
    for file, content in ((made.chain, issued.chain), (made.key, issued.key), (made.trusted, kept.authority.pem)):
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(content)
    return made


@dataclass(frozen=True, slots=True)
class SecondPort:
    """A TLS port for a service that does not support TLS itself. It is reserved with the stack."""

    host: str
    port: int
    tls: Tls

    @classmethod
    def reserved(cls, stack: ExitStack, host: str, port: int, tls: Tls) -> SecondPort:
        """Reserve the port.

        :param port: 0 picks a free one
        :raises PortTakenError: when it is taken
        """
        return cls(host, stack.enter_context(reserved(host, port, "--tls-port")), tls)

    def start(self, url: str) -> str:
        """Serve until the process ends.

        :param url: of the service
        :returns: the port's URL
        """
        family = socket.AF_INET6 if ":" in numeric(self.host) else socket.AF_INET
        # Linux keeps the port for us until here (tpmock.common.serving.reserved).
        listener = socket.create_server(
            (numeric(self.host), self.port), family=family, reuse_port=sys.platform == "linux"
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.tls.chain, self.tls.key)
        target = urlsplit(url)
        _ToService(context, listener, (target.hostname or "", target.port or 80)).start()
        return address(self.host, self.port, tls=True)


class _ToService(Front):
    def __init__(self, tls: ssl.SSLContext, listener: socket.socket, target: Address) -> None:
        super().__init__(tls, listener)
        self._target = target

    async def handle(self, client: Streams, *, encrypted: bool) -> None:
        if encrypted:
            service = await asyncio.open_connection(*self._target)
            await exchange(client, service, pass_requests(client[0], service[1], _secure))


def _secure(head: Head) -> bytes:
    # A client that claims to be a relay is not ours.
    return head.forwarded(without=(RELAYED,), X_Mock_Relay="https")
