"""Client of the mock's control API and its Segment side, over HTTP."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import msgspec
from tpmock.common.control_client import ControlClient, RefusedError, SlowError

Item = dict[str, Any]

# The longest wait for rest that a case needs: a subject that hangs makes Segment wait ten seconds an attempt.
REST = "PT30S"
_DESTINATION = "Trustpilot"


class NoRestError(Exception):
    """A sandbox did not come to rest; the text is the mock's own explanation."""


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@contextmanager
def _in_time() -> Iterator[None]:
    """A subject that makes the mock wait does not come to rest."""
    try:
        yield
    except SlowError as problem:
        raise NoRestError(str(problem)) from problem


class SandboxClient(msgspec.Struct, frozen=True):
    """One sandbox of the mock, and what the kit does in it. Every method raises what :class:`ControlClient` raises.

    :raises NoRestError: when an answer takes too long, as it does while a subject hangs
    """

    client: ControlClient
    id: str
    credentials: Mapping[str, str]
    urls: Mapping[str, str]

    @classmethod
    def create(cls, client: ControlClient, seed: int, name: str | None = None) -> SandboxClient:
        """Create a sandbox.

        :param name: its id, if it is free; without one the mock chooses
        """
        if name is not None:
            with suppress(RefusedError):
                return cls.of(client, client.call("POST", "/sandboxes", {"seed": seed, "id": name}))
        return cls.of(client, client.call("POST", "/sandboxes", {"seed": seed}))

    @classmethod
    def of(cls, client: ControlClient, described: Item) -> SandboxClient:
        """Return a sandbox that exists, as the control API describes it."""
        return cls(client, described["id"], described["credentials"], described["urls"])

    def delete(self) -> None:
        """Remove the sandbox."""
        self.control("DELETE", "")

    def connect(self, url: str, key: str) -> None:
        """Add a Segment destination."""
        body = {"url": url, "enabled": True, "settings": {"apiKey": key}}
        self.control("PUT", f"/segment/destinations/{_DESTINATION}", body)

    def track(self, events: Sequence[Item]) -> None:
        """Send events into Segment's tracking API: a single one to the path of its type, several as one batch."""
        path = events[0]["type"] if len(events) == 1 else "batch"
        body = events[0] if len(events) == 1 else {"batch": list(events)}
        key = base64.b64encode(f"{self.credentials['writeKey']}:".encode()).decode()
        with _in_time():
            self.client.request("POST", f"{self.urls['segment']}/v1/{path}", body, f"Basic {key}")

    def settle(self) -> None:
        """Wait until nothing is due and nothing is in progress.

        :raises NoRestError: when that does not happen within :data:`REST`
        """
        try:
            self.control("POST", "/settle", {"timeout": REST})
        except RefusedError as problem:
            raise NoRestError(str(problem)) from problem

    def advance(self, by: str) -> None:
        """Advance the clock."""
        self.control("POST", "/clock/advance", {"by": by})

    def now(self) -> float:
        """Return the sandbox's time, in seconds since 1970."""
        return _moment(self.control("GET", "/clock")["now"])

    def next_retry(self) -> float | None:
        """Return when Segment tries again next, in the sandbox's time; None when it awaits no retry."""
        coming = [_moment(item["nextAttemptAt"]) for item in self.unfinished() if item["nextAttemptAt"] is not None]
        return min(coming, default=None)

    def arm(self, fault: Item) -> Item:
        """Add a fault for the next calls of an operation.

        :returns: the fault as the mock describes it, with its id
        """
        return self.control("POST", "/faults", fault)

    def struck(self, faults: Iterable[Item]) -> dict[int, int]:
        """Return how many calls each of these faults has met. One that is used up is not listed any more."""
        armed = {item["id"]: item for item in self.control("GET", "/faults")["faults"]}
        return {fault["id"]: armed.get(fault["id"], {"struck": fault["count"]})["struck"] for fault in faults}

    def held_back(self, faults: Iterable[Item]) -> bool:
        """Return whether a call with a hit of one of these faults is still waiting for its answer."""
        struck = self.struck(faults)
        answered = Counter(entry["fault"] for entry in self.journal(0) if entry["fault"] in struck)
        return any(answered[fault] < calls for fault, calls in struck.items())

    def disarm(self) -> None:
        """Remove all faults."""
        self.control("DELETE", "/faults")

    def variants(self) -> dict[str, str]:
        """Return the values of the variants."""
        return {item["name"]: item["value"] for item in self.control("GET", "/variants")["variants"]}

    def move(self, variants: Mapping[str, str]) -> None:
        """Set variants."""
        self.control("PATCH", "/variants", dict(variants))

    def journal(self, since: int) -> list[Item]:
        """Return the exchanges after an entry of the journal, oldest first."""
        return list(self.control("GET", "/journal", since=since, limit=10000)["journal"])

    def invitations(self) -> list[Item]:
        """Return all invitations of the sandbox's Trustpilot; one for both kinds of review is two emails and one
        entry.
        """
        by_request: dict[str, Item] = {}
        for mail in self.control("GET", "/invitations", limit=10000)["invitations"]:
            by_request.setdefault(mail.get("requestId", mail["id"]), mail)
        return list(by_request.values())

    def deliveries(self, message_ids: Iterable[str]) -> list[Item]:
        """Return Segment's deliveries of some messages."""
        return [item for message in message_ids for item in self._listed("deliveries", messageId=message)]

    def unfinished(self) -> list[Item]:
        """Return scheduled deliveries and retries of Segment that could affect the next case."""
        return [*self._listed("deliveries", state="awaiting-retry"), *self._listed("deliveries", state="pending")]

    def _listed(self, collection: str, **query: object) -> list[Item]:
        return list(self.control("GET", f"/segment/{collection}", limit=1000, **query)[collection])

    def control(self, method: str, path: str, body: object = None, **query: object) -> Item:
        """Call the sandbox's control API."""
        with _in_time():
            return self.client.call(method, f"/sandboxes/{self.id}{path}", body, query) or {}
