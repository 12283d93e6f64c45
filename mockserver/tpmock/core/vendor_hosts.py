"""The vendors' own host names: those of the OpenAPI documents, in all regions. No other list exists.

Routing, the interception of tests' clients, destination functions and the curl export use it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from tpmock import spec

#: The documents of the vendors' APIs; the other documents describe this machine.
_APIS: Final = ("trustpilot", "segment-tracking", "segment-public")


@lru_cache(maxsize=1)
def vendor_hosts() -> frozenset[str]:
    """Return the host names that the mock serves: the real ones, and their aliases under ``.localhost``."""
    documents = [spec.load(api) for api in _APIS]
    of_operations = (each.hosts for document in documents for each in document.operations.values())
    return frozenset[str]().union(*(document.hosts for document in documents), *of_operations)


@lru_cache(maxsize=1)
def _domains() -> tuple[str, ...]:
    return tuple({f".{'.'.join(host.split('.')[-2:])}" for host in vendor_hosts()})


def is_vendor_host(host: str) -> bool:
    """Return whether a host name is below a vendor's domain, or an alias of one: it serves its own paths only."""
    return host.endswith(_domains())
