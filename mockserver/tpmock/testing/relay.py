"""A TLS server on loopback for the vendors' names, which relays everything to the mock (decision 0121).

Clients that use TLS themselves need a TLS server. The certificate is created in memory for this process, and only
clients that :mod:`tpmock.testing.patching` redirects here trust it: no other client can connect by mistake.
"""

from __future__ import annotations

import asyncio
from typing import Final

from tpmock.tls.certificates import ALWAYS, Authority
from tpmock.tls.front import Address, Front, Streams, exchange


class Relay(Front):
    """Accepts connections, with TLS and without, and relays them, in a separate thread.

    :param target: of the relayed connections
    """

    def __init__(self, target: Address) -> None:
        authority = Authority.new(ALWAYS)
        #: TLS settings for clients.
        self.client_tls: Final = authority.client_context()
        self.authority_pem: Final = authority.pem.decode("ascii")
        self._target = target
        super().__init__(authority.issue().server_context())
        self.start()

    async def handle(self, client: Streams, *, encrypted: bool) -> None:  # noqa: ARG002 - the mock sees it unencrypted
        """Relay everything."""
        await exchange(client, await asyncio.open_connection(*self._target))
