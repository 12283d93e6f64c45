"""The mock as the kit sees it: its control API and its Segment side, over HTTP."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

Item = dict[str, Any]

# The longest wait for rest a case needs: a subject that hangs keeps Segment waiting for ten seconds an attempt.
REST = "PT30S"
_PATIENCE = 60.0
_DESTINATION = "Trustpilot"


class MockGoneError(Exception):
    """The mock cannot be reached, so no case can be judged."""


class MockRefusedError(Exception):
    """The mock refused a step of a case; the text is the mock's own explanation."""


class NoRestError(Exception):
    """A sandbox did not come to rest; the text is the mock's own explanation."""


class ControlApi:
    """Calls to one mock.

    :param url: its base address, such as ``http://127.0.0.1:8080``.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        # A proxy of the environment or a ~/.netrc must not come between the kit and a mock on this machine.
        self._session.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def call(self, method: str, path: str, body: object = None, **query: object) -> Item:
        """One call to the control API.

        :param path: below ``/_mock``, such as ``/sandboxes``.
        :returns: the answer's JSON; an empty object when there is none.
        :raises MockRefusedError: for any other answer than a success.
        :raises MockGoneError: when there is nobody to answer.
        :raises NoRestError: when the answer takes too long, as it does while a subject keeps everybody waiting.
        """
        return self.request(method, f"{self.url}/_mock{path}", json=body, params=query)

    def request(self, method: str, url: str, **options: Any) -> Item:
        """One request to the mock, on whichever side; see :meth:`call`."""
        try:
            with self._session.request(method, url, timeout=_PATIENCE, **options) as response:
                if not response.ok:
                    raise MockRefusedError(f"{method} {url} answered {response.status_code}: {_detail(response)}")
                return dict(response.json()) if response.content else {}
        except requests.Timeout as problem:
            raise NoRestError(f"{method} {url} was not done after {_PATIENCE:g} s.") from problem
        except requests.RequestException as problem:
            raise MockGoneError(
                f"The mock at {self.url} gave no usable answer to {method} {url}: {type(problem).__name__}."
            ) from problem

    def create_sandbox(self, seed: int, name: str | None = None) -> Sandbox:
        """A new sandbox of this mock.

        :param name: its id, if it is free; without one the mock chooses.
        """
        if name is not None:
            with contextlib.suppress(MockRefusedError):
                return Sandbox.of(self, self.call("POST", "/sandboxes", {"seed": seed, "id": name}))
        return Sandbox.of(self, self.call("POST", "/sandboxes", {"seed": seed}))

    def sandbox(self, sandbox_id: str) -> Sandbox:
        """A sandbox that exists.

        :raises MockRefusedError: when there is none of that id.
        """
        return Sandbox.of(self, self.call("GET", f"/sandboxes/{quote(sandbox_id, safe='')}"))


@dataclass(frozen=True, slots=True)
class Sandbox:
    """One universe of the mock, and what the kit does in it."""

    api: ControlApi
    id: str
    credentials: Mapping[str, str]
    urls: Mapping[str, str]

    @classmethod
    def of(cls, api: ControlApi, described: Item) -> Sandbox:
        """The sandbox that the mock describes."""
        return cls(api, described["id"], described["credentials"], described["urls"])

    def delete(self) -> None:
        """Remove the sandbox."""
        self.api.call("DELETE", f"/sandboxes/{quote(self.id, safe='')}")

    def connect(self, url: str, key: str) -> None:
        """Make Segment deliver to a destination."""
        self._call(
            "PUT", f"/segment/destinations/{_DESTINATION}", {"url": url, "enabled": True, "settings": {"apiKey": key}}
        )

    def track(self, events: Sequence[Item]) -> None:
        """Send events into Segment's tracking API: a single one to the path of its type, several as one batch."""
        path = events[0]["type"] if len(events) == 1 else "batch"
        body = events[0] if len(events) == 1 else {"batch": list(events)}
        self.api.request(
            "POST", f"{self.urls['segment']}/v1/{path}", json=body, auth=(self.credentials["writeKey"], "")
        )

    def control(self, method: str, path: str, body: object = None) -> Item:
        """Any call to the sandbox's control API: what people do, that no program of ours does.

        :param path: below the sandbox, such as ``/reviews``.
        """
        return self._call(method, path, body)

    def settle(self) -> None:
        """Wait until nothing is due and nothing is under way.

        :raises NoRestError: when that does not happen within :data:`REST`.
        """
        try:
            self._call("POST", "/settle", {"timeout": REST})
        except MockRefusedError as problem:
            raise NoRestError(str(problem)) from problem

    def advance(self, by: str) -> None:
        """Let time pass."""
        self._call("POST", "/clock/advance", {"by": by})

    def arm(self, fault: Item) -> Item:
        """Make the next calls of an operation go wrong.

        :returns: the fault as the mock describes it, with its id.
        """
        return self._call("POST", "/faults", fault)

    def held_back(self, faults: Iterable[Item]) -> bool:
        """Whether a call that one of these faults has struck is still waiting for its answer."""
        armed = {item["id"]: item for item in self._call("GET", "/faults")["faults"]}
        struck = {fault["id"]: armed.get(fault["id"], {"struck": fault["count"]})["struck"] for fault in faults}
        answered = Counter(entry["fault"] for entry in self.journal(0) if entry["fault"] in struck)
        return any(answered[fault] < calls for fault, calls in struck.items())

    def disarm(self) -> None:
        """No faults any more."""
        self._call("DELETE", "/faults")

    def variants(self) -> dict[str, str]:
        """Where the switches stand."""
        return {item["name"]: item["value"] for item in self._call("GET", "/variants")["variants"]}

    def move(self, variants: Mapping[str, str]) -> None:
        """Move switches."""
        self._call("PATCH", "/variants", dict(variants))

    def journal(self, since: int) -> list[Item]:
        """The exchanges after an entry of the journal, oldest first."""
        return list(self._call("GET", "/journal", since=since, limit=10000)["journal"])

    def invitations(self) -> list[Item]:
        """All invitations of the sandbox's Trustpilot; one for both kinds of review is two mails, and told once."""
        by_request: dict[str, Item] = {}
        for mail in self._call("GET", "/invitations", limit=10000)["invitations"]:
            by_request.setdefault(mail.get("requestId", mail["id"]), mail)
        return list(by_request.values())

    def deliveries(self, message_ids: Iterable[str]) -> list[Item]:
        """Segment's deliveries of some messages."""
        return [item for message in message_ids for item in self._listed("deliveries", messageId=message)]

    def unfinished(self) -> list[Item]:
        """Deliveries that Segment has yet to make, or to try again, and that could disturb the next case."""
        return [*self._listed("deliveries", state="awaiting-retry"), *self._listed("deliveries", state="pending")]

    def _listed(self, collection: str, **query: object) -> list[Item]:
        return list(self._call("GET", f"/segment/{collection}", limit=1000, **query)[collection])

    def _call(self, method: str, path: str, body: object = None, **query: object) -> Item:
        return self.api.call(method, f"/sandboxes/{quote(self.id, safe='')}{path}", body, **query)


def _detail(response: requests.Response) -> str:
    try:
        problem = response.json()
        return str(problem.get("detail") or problem.get("title") or problem)
    except (ValueError, AttributeError):
        return response.text[:200]
