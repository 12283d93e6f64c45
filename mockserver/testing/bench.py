"""``tpmock``: what a test holds in its hand, one sandbox and everything that can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from mockserver import environment
from mockserver.client import ControlClient
from mockserver.testing.parts import Clock, Faults, Names, Row, Variants
from mockserver.testing.rows import Collection, Journal, Traces
from mockserver.testing.waiting import wait_for


class SetsEnvironment(Protocol):
    """pytest's ``monkeypatch``, or whatever sets environment variables for the time of a test."""

    def setenv(self, name: str, value: str) -> None:
        """Set one."""


class Tpmock:
    """A sandbox of its own.

    :param client: of the mock it lives in
    :param described: the sandbox as the control API describes it
    """

    def __init__(self, client: ControlClient, described: Mapping[str, Any]) -> None:
        self._client = client
        #: Its name in the mock.
        self.id: str = described["id"]
        #: Address of the mock.
        self.url: str = described["urls"]["mock"]
        #: What a program needs to be this sandbox's: ``api_key``, ``api_secret``, ``business_unit_id``, ``write_key``.
        self.credentials = Names("credential", described["credentials"])
        #: Addresses for a program that can be configured: ``trustpilot``, ``invitations``, ``segment``.
        self.urls = Names("url", described["urls"])
        #: Both as environment variables, under the names that ``tpmock env`` prints.
        self.env: Mapping[str, str] = environment.variables(described)
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
        #: Hosts that were called although the test may not, in no-socket mode.
        self.refused_hosts: list[str] = []
        self._strangers_since = self._newest_stranger()

    def call(self, method: str, path: str, body: Any = None, **query: object) -> Any:
        """Call the control API of this sandbox, for what has no helper here.

        :param path: behind the sandbox's own, such as ``/usage``
        :returns: the JSON of the answer, None when it is empty
        :raises RefusedError: when the mock refuses, with its sentence
        :raises UnreachableError: when it is gone
        """
        return self._client.call(method, f"/sandboxes/{self.id}{path}", body, query)

    def setenv(self, monkeypatch: SetsEnvironment) -> None:
        """Set the environment variables of :attr:`env` for this test."""
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)

    def settle(self, timeout: float = 10.0) -> None:
        """Wait until nothing is due and nothing is under way.

        :param timeout: real seconds
        :raises RefusedError: when it does not come to rest
        """
        self.call("POST", "/settle", {"timeout": f"PT{timeout:.6f}S"})

    def wait_for(self, wanted: Collection | Callable[[], Any], *, timeout: float = 5.0, **fields: object) -> Any:
        """Wait for something, while the sandbox does what is due.

        Example: ``tpmock.wait_for(tpmock.invitations, referenceNumber="1001")["state"]``

        :param wanted: a collection, or anything that can be called and gives something true in the end
        :param timeout: real seconds
        :param fields: values that a row of the collection must have
        :returns: the newest such row, or what was true
        :raises AssertionError: when it does not come, saying what was there instead
        """
        __tracebackhide__ = True
        return wait_for(self.call, wanted, fields, timeout)

    def write_review(self, stars: int, **fields: Any) -> Row:
        """A consumer answers an invitation, or writes without one.

        :param fields: ``invitation`` (its id, a link's id or a reference number), ``text``, ``title``, ``type``,
            ``sku`` and the others of ``POST .../reviews``
        :returns: the review
        :raises RefusedError: when that cannot be
        """
        return dict(self.call("POST", "/reviews", {"stars": stars, **fields}))

    def connect_destination(self, url: str, api_key: str | None = None, name: str = "Trustpilot") -> None:
        """Let Segment deliver this sandbox's events.

        :param url: where to
        :param api_key: what the destination expects; by default the sandbox's ``integration_key``
        """
        key = self.credentials["integrationKey"] if api_key is None else api_key
        self.call("PUT", f"/segment/destinations/{name}", {"url": url, "enabled": True, "settings": {"apiKey": key}})

    def snapshot(self, name: str) -> None:
        """Keep the state under a name."""
        self.call("PUT", f"/snapshots/{name}")

    def restore(self, name: str) -> None:
        """Go back to a named state.

        :raises RefusedError: when there is none of that name
        """
        self.call("POST", f"/snapshots/{name}/restore")

    def reset(self) -> None:
        """Go back to the seed, the clock too."""
        self.call("POST", "/reset")

    def strangers(self, limit: int) -> list[Row]:
        """Exchanges since the beginning of this test whose credentials belong to no sandbox, oldest first."""
        rows: list[Row] = self._default_journal(limit, since=self._strangers_since)
        return rows

    def _newest_stranger(self) -> int:
        newest = self._default_journal(1)
        return int(newest[-1]["id"]) if newest else 0

    def _default_journal(self, limit: int, **query: object) -> Any:
        return self._client.call(
            "GET", "/sandboxes/default/journal", query={"direction": "in", "limit": limit, **query}
        )["journal"]

    def __repr__(self) -> str:
        return f"<tpmock sandbox {self.id} at {self.url}>"
