"""Shakes hands under a name, without a socket; a program, because a process that tests use keeps these names shut.

It reads from standard input: authority (PEM), chain (PEM), key (PEM) and name.
"""

from __future__ import annotations

import json
import ssl
import sys

from tpmock.tls.certificates import Certificate


def main() -> None:
    given = json.load(sys.stdin)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.create_default_context(cadata=given["authority"])
    client = trusting.wrap_bio(to_client, to_server, server_hostname=given["name"])
    served = Certificate(given["chain"].encode(), given["key"].encode()).server_context()
    server = served.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for each in (client, server):
            try:
                each.do_handshake()
            except ssl.SSLWantReadError:
                continue
    sys.stdout.write(f"{client.version()}\n")


if __name__ == "__main__":
    main()
