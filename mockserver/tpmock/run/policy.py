"""Policy of a run: which hosts a program may call, and how to reach the allowed ones."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # documented by its use in urllib alone

from tpmock.common.loopback import is_loopback
from tpmock.core.vendor_hosts import is_vendor_host, vendor_hosts

_HTTP: Final = 80


@dataclass(frozen=True, slots=True)
class Upstream:
    """The user's own proxy for other hosts.

    :param authorization: the value of ``Proxy-Authorization``; empty for none
    """

    host: str
    port: int
    authorization: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """The redirected, allowed and refused hosts.

    :param allowed: hosts that may be called directly; ``*.example.com`` means all names below a domain
    :param network: whether all others may be called too, except the vendors' own
    :param environ: the user's environment, with its proxies
    """

    allowed: Sequence[str] = ()
    network: bool = False
    environ: Mapping[str, str] | None = None

    def leads(self, host: str) -> bool:
        """Return whether the mock answers for this name."""
        return host in vendor_hosts()

    def allows(self, host: str) -> bool:
        """Return whether a host may be called directly."""
        if is_loopback(host) or any(_fits(host, pattern.lower()) for pattern in self.allowed):
            return True
        return self.network and not is_vendor_host(host)

    def sentence(self, host: str) -> str:
        """Return why a host is refused, and how to allow it."""
        if is_vendor_host(host):
            return (
                f"tpmock run refuses {host}: a host of Trustpilot or Segment that the mock does not serve. "
                f"To call the real host, use --allow-host {host}"
            )
        return (
            f"tpmock run refuses {host}: not a host of Trustpilot or Segment. "
            f"To allow it, use --allow-host {host}, or --allow-network."
        )

    def upstream(self, host: str, port: int) -> Upstream | None:
        """Return the user's own proxy for a host; None for a direct connection.

        :raises OSError: when that proxy is not usable
        """
        before = dict(self.environ or {})
        proxies = _proxies(before)
        found = proxies.get("http" if port == _HTTP else "https") or proxies.get("all")
        if found is None or is_loopback(host) or proxy_bypass_environment(f"{host}:{port}", proxies):
            return None
        url = urlsplit(found if "://" in found else f"http://{found}")
        if url.scheme != "http" or not url.hostname:
            raise OSError(f"the proxy {url.scheme}://{url.hostname} of the environment cannot be used: only http://")
        user = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
        basic = f"Basic {base64.b64encode(user.encode()).decode()}" if url.username else ""
        return Upstream(url.hostname, url.port or _HTTP, basic)


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the proxies by scheme, as urllib reads them, from an environment other than that of this process."""
    names = {name.lower(): value for name, value in environ.items() if name.lower().endswith("_proxy") and value}
    names |= {name: value for name, value in environ.items() if name.islower() and name.endswith("_proxy") and value}
    return {name.removesuffix("_proxy"): value for name, value in names.items()}


def _fits(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
