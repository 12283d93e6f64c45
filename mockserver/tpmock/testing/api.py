"""``tpmock``: the object of a test, with one sandbox and all its operations."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Protocol

from tpmock.common import environment
from tpmock.common.control_client import ControlClient
from tpmock.testing.children import Children
from tpmock.testing.helpers import Clock, Faults, Names, Row, Variants
from tpmock.testing.rows import Collection, Journal, Traces, wait_for


class SetsEnvironment(Protocol):
    """pytest's ``monkeypatch``, or another object that sets environment variables for a test."""

    def setenv(self, name: str, value: str) -> None:
        """Set an environment variable."""


class Tpmock:
    """A sandbox for one test.

    :param client: of the mock that has the sandbox
    :param described: the sandbox's row of the control API
    :param children: redirects programs that the test starts
    """

    def __init__(self, client: ControlClient, described: Mapping[str, Any], children: Children) -> None:
        self._client = client
        self._children = children
        self._variables = environment.variables(described)
        #: Its name in the mock.
        self.id: str = described["id"]
        #: Address of the mock.
        self.url: str = described["urls"]["mock"]
        #: Credentials for a program: ``api_key``, ``api_secret``, ``business_unit_id``, ``write_key``.
        self.credentials = Names("credential", described["credentials"])
        #: Addresses for a program that can be configured: ``trustpilot``, ``invitations``, ``segment``.
        self.urls = Names("url", described["urls"])
        self.clock = Clock(self.call)
        self.faults = Faults(self.call)
        self.variants = Variants(self.call)
        self.journal = Journal(self.call)
        self.invitations = Collection(self.call, "/invitations")
        self.reviews = Collection(self.call, "/reviews")
        self.product_reviews = Collection(self.call, "/product-reviews")
        self.webhooks = Collection(self.call, "/webhooks")
        self.events = Collection(self.call, "/segment/events")
        self.deliveries = Collection(self.call, "/segment/deliveries")
        self.traces = Traces(self.call)
        self._refused_here: list[str] = []
        newest = self._default_journal(1)
        self._strangers_since = int(newest[-1]["id"]) if newest else 0

    def call(self, method: str, path: str, body: Any = None, **query: object) -> Any:
        """Call the control API of this sandbox, for operations without a helper here.

        :param path: relative to the sandbox's own, such as ``/usage``
        :returns: the JSON of the answer, None when it is empty
        :raises RefusedError: when the mock refuses, with its error message
        :raises UnreachableError: when the mock is not running
        """
        return self._client.call(method, f"/sandboxes/{self.id}{path}", body, query)

    @property
    def env(self) -> Mapping[str, str]:
        """Environment variables for a program that the test starts: they redirect its calls as ``tpmock run`` does.

        They include addresses and credentials, under the names that ``tpmock env`` prints.
        """
        return self._children.variables

    def run(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        input: str | None = None,  # noqa: A002 - as subprocess has it
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 60.0,
    ) -> CompletedProcess[str]:
        """Run a program with the real host names redirected here, as ``tpmock run`` does, until it ends.

        Example: ``assert tpmock.run(["node", "app.js"]).returncode == 0``

        :param input: its standard input
        :param env: environment variables in addition to those of this process and of :attr:`env`
        :param timeout: real seconds before it is killed
        :returns: its exit code and its output
        :raises CannotStartError: when it cannot be started
        :raises subprocess.TimeoutExpired: when it does not end
        """
        return self._children.run(command, text=input, folder=cwd, more=env or {}, timeout=timeout)

    @property
    def refused_hosts(self) -> list[str]:
        """Hosts that were refused: called by the test in no-socket mode, or by its programs."""
        return [*self._refused_here, *self._children.refused]

    @property
    def not_led(self) -> list[str]:
        """Calls of the test's programs that could not be redirected to the mock: a line per host with the reason."""
        return self._children.not_led

    def setenv(self, monkeypatch: SetsEnvironment) -> None:
        """Set addresses and credentials as environment variables for this test, under the names of ``tpmock env``."""
        for name, value in self._variables.items():
            monkeypatch.setenv(name, value)

    def settle(self, timeout: float = 10.0) -> None:
        """Wait until nothing is due and nothing is in flight.

        :param timeout: real seconds
        :raises RefusedError: at the timeout
        """
        self.call("POST", "/settle", {"timeout": f"PT{timeout:.6f}S"})

    def wait_for(self, wanted: Collection | Callable[[], Any], *, timeout: float = 5.0, **fields: object) -> Any:
        """Wait for a condition, while the sandbox runs its due entries.

        Example: ``tpmock.wait_for(tpmock.invitations, referenceNumber="1001")["state"]``

        :param wanted: a collection, or a callable that returns a true value in the end
        :param timeout: real seconds
        :param fields: values that a row of the collection must have
        :returns: the newest such row, or the true value
        :raises AssertionError: at the timeout, with the rows that exist
        """
        __tracebackhide__ = True
        return wait_for(self.call, wanted, fields, timeout)

    def write_review(self, stars: int, **fields: Any) -> Row:
        """Write a review as a consumer, for an invitation or without one.

        :param fields: ``invitation`` (its id, a link's id or a reference number), ``text``, ``title``, ``type``,
            ``sku`` and the others of ``POST .../reviews``
        :returns: the review
        :raises RefusedError: when the mock refuses it
        """
        return dict(self.call("POST", "/reviews", {"stars": stars, **fields}))

    def connect_destination(self, url: str, api_key: str | None = None, name: str = "Trustpilot") -> None:
        """Connect a destination: Segment delivers this sandbox's events to it.

        :param url: the destination's address
        :param api_key: the key that the destination expects; by default the sandbox's ``integration_key``
        """
        key = self.credentials["integrationKey"] if api_key is None else api_key
        self.call("PUT", f"/segment/destinations/{name}", {"url": url, "enabled": True, "settings": {"apiKey": key}})

    def snapshot(self, name: str) -> None:
        """Save a snapshot under a name."""
        self.call("PUT", f"/snapshots/{name}")

    def restore(self, name: str) -> None:
        """Restore a snapshot.

        :raises RefusedError: when it does not exist
        """
        self.call("POST", f"/snapshots/{name}/restore")

    def reset(self) -> None:
        """Reset to the seed, including the clock."""
        self.call("POST", "/reset")

    def strangers(self, limit: int) -> list[Row]:
        """Exchanges since the beginning of this test whose credentials belong to no sandbox, oldest first."""
        rows: list[Row] = self._default_journal(limit, since=self._strangers_since)
        return rows

    def _default_journal(self, limit: int, **query: object) -> Any:
        return self._client.call(
            "GET", "/sandboxes/default/journal", query={"direction": "in", "limit": limit, **query}
        )["journal"]

    def __repr__(self) -> str:
        return f"<tpmock sandbox {self.id} at {self.url}>"
