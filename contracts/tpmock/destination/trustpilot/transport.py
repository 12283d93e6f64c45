"""HTTP to Trustpilot: one pooled session for all threads, whose requests are counted and timed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from tpmock.common.loopback import is_loopback
from tpmock.destination.config import DestinationSettings
from tpmock.destination.metrics import Metrics

POOL_SIZE = 32
"""Connections kept per host: one for each thread of the server."""

_LONGEST_RESPONSE = 65_536


class Transport:
    """Sends requests, without redirects and without retries: Segment retries whole events.

    ``partner_headers`` hold the partner's id, which Trustpilot wants on every call made with a customer's keys or
    token (seed 003, step 6).
    """

    def __init__(self, settings: DestinationSettings, metrics: Metrics) -> None:
        self.session = _session((settings.api_url, settings.invitations_api_url))
        self.partner_headers = {} if settings.partner_id is None else {settings.partner_header: settings.partner_id}
        self._timeout = settings.timeout
        self._metrics = metrics

    def request(
        self, operation: str, method: str, url: str, *, timeout: float | None = None, **options: Any
    ) -> requests.Response:
        """Send one request.

        :raises requests.RequestException: when no response came; with ``stream`` a body that is cut off is no error
        """
        timeout = self._timeout if timeout is None else timeout
        began, status = time.perf_counter(), None
        try:
            response = self.session.request(method, url, timeout=timeout, allow_redirects=False, **options)
            status = response.status_code
            if options.get("stream"):
                _drain(response, timeout)
        finally:
            self._metrics.called(operation, status, time.perf_counter() - began)
        return response


def object_in(response: requests.Response) -> dict[str, Any]:
    """Return the JSON object in a response; empty when there is none."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _drain(response: requests.Response, timeout: float) -> None:
    """Read a body that is not needed: only then can the connection be reused, for which an endless body is not
    worth it."""
    seen, deadline = 0, time.monotonic() + timeout
    with response:
        try:
            for chunk in response.iter_content(8192):
                seen += len(chunk)
                if seen > _LONGEST_RESPONSE or time.monotonic() > deadline:
                    break
        except requests.RequestException:
            return  # the status has come, and it alone decides


def _session(addresses: Iterable[str]) -> requests.Session:
    """Return a session without cookies.

    :param addresses: what it is used for; the proxies and certificates that the environment names for them are looked
        up here, once, because requests would look at every variable with every call
    """
    session = requests.Session()
    for address in addresses:
        found = session.merge_environment_settings(address, {}, None, None, None)
        scheme, host = urlsplit(address).scheme, urlsplit(address).hostname
        proxy = select_proxy(address, found["proxies"])
        # A proxy would connect to its own loopback, and needs no part in what stays on this machine.
        if proxy is not None and not is_loopback(host or ""):
            session.proxies[f"{scheme}://{host}"] = proxy
        session.verify = found["verify"]
    # Without this, a .netrc file would replace the Authorization header.
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0))
    return session
