"""The kit's own HTTP requests."""

from __future__ import annotations

from typing import Any

import requests

#: Seconds for an answer: longer than Segment waits for a destination, so that a slow subject is not taken for a stopped
#: one.
PATIENCE = 15.0
_FAILING = 500


def send(method: str, url: str, *, timeout: float = PATIENCE, **options: Any) -> requests.Response:
    """Send one request, without proxy or netrc of the environment, and without following a redirect.

    Certificates are verified.

    :raises requests.RequestException: when no answer comes
    """
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=timeout, allow_redirects=False, **options)


def answers(url: str) -> bool:
    """Return whether a program answers there; a program that answers 404 is up as well."""
    try:
        return send("GET", url, timeout=2).status_code < _FAILING
    except requests.RequestException:
        return False
