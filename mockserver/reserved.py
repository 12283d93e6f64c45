"""Domains that nobody can own, so that nothing that is magic about an address can ever meet a real person."""

from __future__ import annotations

from typing import Final

#: RFC 2606 and RFC 6761.
_DOMAINS: Final = ("example.com", "example.net", "example.org")
_SUBDOMAINS: Final = tuple(f".{name}" for name in _DOMAINS)
_TOP_LEVEL: Final = ("test", "example", "invalid", "localhost")


def local_part(email: str) -> str | None:
    """What stands before the ``@``, or before a ``+`` in it, in small letters; None where the domain can be owned."""
    name, _, domain = email.lower().rpartition("@")
    if domain in _DOMAINS or domain.endswith(_SUBDOMAINS) or domain.rpartition(".")[2] in _TOP_LEVEL:
        return name.partition("+")[0]
    return None
