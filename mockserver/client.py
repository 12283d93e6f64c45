"""Speaks to a running mock's control API, for the command."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener


class UnreachableError(Exception):
    """No mock answers there, or it refused. The message is a sentence for the user."""


class ControlClient:
    """A running mock.

    :param url: its address, such as ``http://127.0.0.1:8080``
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        # The environment's proxies are for the outside; this is the user's own machine.
        self._opener = build_opener(ProxyHandler({}))

    def sandbox(self, sandbox_id: str) -> dict[str, Any]:
        """A sandbox with credentials and addresses.

        :raises UnreachableError: when there is no mock, or no such sandbox in it
        """
        if not self._url.startswith(("http://", "https://")):
            raise UnreachableError(f"{self._url} is no address: write http://127.0.0.1:8080.")
        try:
            with self._opener.open(f"{self._url}/_mock/sandboxes/{sandbox_id}", timeout=10) as answer:
                described = json.load(answer)
        except HTTPError as error:
            with error:
                raise UnreachableError(
                    f"{self._url} answered {error.code}: {error.headers.get('X-Mock-Hint', '')}"
                ) from None
        except (URLError, OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise UnreachableError(f"No mock answers at {self._url} ({reason}). Start one with 'tpmock up'.") from None
        return dict(described)
