"""Links under which a consumer writes: where they lead, and how they are asked for. Chapter "Invitation API"."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit, urlunsplit

#: Host and path of the page behind a link, as seen in recorded answers of the real API (WILD).
_PAGES: Final = {"service": ("www", "/evaluate-link/"), "product": ("products", "/evaluate/")}
_DOMAINS: Final = (".trustpilot.com", ".trustpilot.localhost")


def page_url(api_url: str, kind: Literal["service", "product"], link_id: str) -> str:
    """The address a consumer opens."""
    name, path = _PAGES[kind]
    return site_url(api_url, name) + path + link_id


def site_url(api_url: str, name: str) -> str:
    """Where Trustpilot's own pages are, without a slash at the end.

    A caller who came by one of Trustpilot's host names gets the host that serves the page; anyone else gets the
    address by which we were reached, where all paths are served.

    :param api_url: scheme, host and port by which the caller reached us
    :param name: the first word of the host, such as ``www``
    """
    try:
        parts = urlsplit(api_url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return api_url
    host = parts.hostname or ""
    domain = next((domain for domain in _DOMAINS if host.endswith(domain)), None)
    netloc = parts.netloc if domain is None else name + domain + port
    return urlunsplit((parts.scheme, netloc, "", "", ""))
