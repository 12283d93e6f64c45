"""Segment's tracking API of a running mock, for the commands that send events."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import click
from tpmock.cli.errors import ImpossibleError
from tpmock.cli.remote import Remote


def new_number(remote: Remote) -> str:
    """Return a new order number; numbers from this function never repeat."""
    newest = remote.call("GET", "/segment/events", limit=1)["events"]
    return f"order-{newest[0]['id'] + 1 if newest else 1}"


class Tracking:
    """Sends calls with a sandbox's write key."""

    def __init__(self, remote: Remote) -> None:
        described = remote.call("GET", "")
        key = base64.b64encode(f"{described['credentials']['writeKey']}:".encode()).decode()
        self._url = f"{described['urls']['segment']}/v1/"
        self._headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
        # The environment's proxies are for other hosts; this is the user's own machine.
        self._opener = build_opener(ProxyHandler({}))

    def send(self, call: str, message: dict[str, Any]) -> None:
        """Send a message, and print the mock's hint.

        :raises ImpossibleError: if Segment refuses it
        """
        status, hint = self._post(call, message)
        if status != HTTPStatus.OK:
            raise ImpossibleError(f"Segment refused it with {status}: {hint}")
        if hint:
            click.echo(hint, err=True)

    def accepts(self, batch: dict[str, Any]) -> bool:
        """Send a batch; return whether Segment accepted it, or was too busy.

        :raises ImpossibleError: if Segment refuses it for another reason
        """
        status, hint = self._post("batch", batch)
        if status not in (HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS):
            raise ImpossibleError(f"Segment refused it with {status}: {hint}")
        return status == HTTPStatus.OK

    def _post(self, call: str, message: dict[str, Any]) -> tuple[int, str | None]:
        # The address of a mock that has just answered
        request = Request(self._url + call, data=json.dumps(message).encode(), headers=self._headers)  # noqa: S310
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.status, answer.headers.get("X-Mock-Hint")
        except HTTPError as error:
            with error:
                return error.code, error.headers.get("X-Mock-Hint")
        except (URLError, OSError) as error:
            raise ImpossibleError(f"Segment's tracking API does not answer: {error}.") from None
