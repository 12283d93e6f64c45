"""Reserved domains, so that a trigger email address can never be the address of a real person."""

from __future__ import annotations

from typing import Final

#: RFC 2606 and RFC 6761.
_DOMAINS: Final = ("example.com", "example.net", "example.org")
_SUBDOMAINS: Final = tuple(f".{name}" for name in _DOMAINS)
_TOP_LEVEL: Final = ("test", "example", "invalid", "localhost")


def local_part(email: str) -> str | None:
    """Return the local part of an address up to a ``+``, in lower case; None when the domain is not reserved."""
    name, _, domain = email.lower().rpartition("@")
    if domain in _DOMAINS or domain.endswith(_SUBDOMAINS) or domain.rpartition(".")[2] in _TOP_LEVEL:
        return name.partition("+")[0]
    return None
