"""Addresses in answers: pages for writing a review, Trustpilot's own pages, pictures."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit, urlunsplit

#: Host and path of the page behind a link, as in recorded answers of the real API (WILD).
_PAGES: Final = {"service": ("www", "/evaluate-link/"), "product": ("products", "/evaluate/")}
_DOMAINS: Final = (".trustpilot.com", ".trustpilot.localhost")


def page_url(api_url: str, kind: Literal["service", "product"], link_id: str) -> str:
    """Return the address that a consumer opens."""
    name, path = _PAGES[kind]
    return site_url(api_url, name) + path + link_id


def site_url(api_url: str, name: str) -> str:
    """Return the base of Trustpilot's own pages, without a slash at the end.

    A caller that used one of Trustpilot's host names gets the host that serves the page; any other caller gets the
    address by which it reached the mock, which serves all paths.

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


def example_image(api_url: str, name: str) -> str:
    """Return the address of a picture that does not exist, under a name reserved for examples.

    It leads to the mock itself, never to Trustpilot; the mock contains none of its artwork.

    :param api_url: the base of links, without a slash at the end
    """
    return f"{api_url}/_mock/example-images/{name}"
