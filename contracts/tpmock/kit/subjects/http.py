"""The kit's own HTTP requests."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

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
    if not _listens(url):
        return False
    try:
        return send("GET", url, timeout=2).status_code < _FAILING
    except requests.RequestException:
        return False


def _listens(url: str) -> bool:
    """Return whether a connection can be made: a program that starts is asked every few milliseconds, and a request
    costs thirty times as much.
    """
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)), 2):
            return True
    except (OSError, ValueError):
        return False
