"""What a scene plays on: the running mock and destination, and what earlier scenes left behind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import requests

from mockserver.client import ControlClient
from mockserver.demo.judging import Judge

#: The sandbox that is played in.
SANDBOX: Final = "default"
#: The destination of the workspace.
DESTINATION: Final = "Trustpilot"
#: Seconds for one answer.
_PATIENCE: Final = 60
#: Of one scene at most so many exchanges are shown.
_SHOWN: Final = 60

Row = dict[str, Any]
#: What a table shows in one of its rows.
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything runs.

    :ivar mock: its address
    :ivar destination: its address
    :ivar demo: the demo's own, where it receives webhooks
    :ivar control_token: what the mock wants to be shown, or an empty string
    :ivar store: the folder in which the destination keeps its database and its log
    """

    mock: str
    destination: str
    demo: str
    control_token: str
    store: Path


@dataclass(slots=True)
class Finding:
    """One thing that was seen. ``good`` says whether it is as it should be; None for a plain fact."""

    text: str
    good: bool | None = None


@dataclass(slots=True)
class Table:
    """Rows under headings.

    :ivar folded: whether it is long and for those who ask
    """

    caption: str
    headings: tuple[str, ...]
    rows: Sequence[Cells]
    folded: bool = False


@dataclass(slots=True)
class Outcome:
    """What a scene showed.

    :ivar orders: numbers of orders whose way is worth a look
    :ivar exchanges: entries of the journal, oldest first
    """

    findings: list[Finding] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    exchanges: list[Row] = field(default_factory=list)

    def see(self, text: str, *, good: bool | None = None) -> None:
        """Note something."""
        self.findings.append(Finding(text, good))

    @property
    def counted(self) -> tuple[int, int]:
        """How many checks were as they should be, and how many there were."""
        checks = [finding.good for finding in self.findings if finding.good is not None]
        return sum(checks), len(checks)

    @property
    def right(self) -> bool:
        """Whether all of it was as it should be."""
        return all(finding.good is not False for finding in self.findings)


class Stage:
    """The running parts, and the hands that work them.

    :param judge: runs the contract cases
    :param run: which performance this is; each has order numbers of its own, as the destination forgets none
    """

    def __init__(self, place: Place, run: int, judge: Judge) -> None:
        self.place = place
        self.judge = judge
        self.run = run
        self.control = ControlClient(place.mock, place.control_token)
        #: What earlier scenes left: the integration key, the review, ...
        self.kept: dict[str, Any] = {}
        #: Webhooks that came.
        self.posted: list[Row] = []
        self._http = requests.Session()
        self._http.trust_env = False
        self.sandbox = self.control.sandbox(SANDBOX)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    @property
    def known(self) -> dict[str, str]:
        """The credentials of the sandbox."""
        return dict(self.sandbox["credentials"])

    @property
    def buyer(self) -> str:
        """The buyer's user id at the shop; each performance has a buyer of its own."""
        return f"customer-{self.run}"

    @property
    def address(self) -> str:
        """The buyer's e-mail address."""
        return f"grace.lind.{self.run}@example.com"

    # --- hands ----------------------------------------------------------------------------------------------------

    def bench(self, method: str, path: str, body: Any = None, **query: object) -> Any:
        """The control API of the sandbox."""
        return self.control.call(method, f"/sandboxes/{SANDBOX}{path}", body, query)

    def trustpilot(self, method: str, path: str, token: str | None = None, body: Any = None) -> requests.Response:
        """Trustpilot's API, as the business itself calls it."""
        headers = {"apikey": self.known["apiKey"]} if token is None else {"Authorization": f"Bearer {token}"}
        if token is not None:
            headers["x-business-user-id"] = self.known["businessUserId"]
        return self._http.request(method, self.place.mock + path, headers=headers, json=body, timeout=_PATIENCE)

    def public_api(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Segment's Public API, as the shop's own scripts call it."""
        headers = {"Authorization": f"Bearer {self.known['publicApiToken']}"}
        return self._http.request(method, self.place.mock + path, headers=headers, json=body, timeout=_PATIENCE)

    def access_token(self) -> str:
        """A token of the business, by its own application."""
        answer = self._http.post(
            f"{self.place.mock}/v1/oauth/oauth-business-users-for-applications/accesstoken",
            auth=(self.known["apiKey"], self.known["apiSecret"]),
            data={"grant_type": "password", "username": self.known["username"], "password": self.known["password"]},
            timeout=_PATIENCE,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def act(self, action: str, body: Row, key: str | None = None) -> requests.Response:
        """An action of the destination's, as its front end calls it.

        :param key: the integration key; by default that of whoever runs the destination
        """
        url = f"{self.place.destination.rstrip('/')}/actions/{action}"
        return self._http.post(url, json=body, auth=(key or self.known["integrationKey"], ""), timeout=_PATIENCE)

    def ready(self) -> bool:
        """Whether the destination can do its work."""
        answer = self._http.get(f"{self.place.destination.rstrip('/')}/readyz", timeout=_PATIENCE)
        return answer.status_code == HTTPStatus.OK

    def read(self, path: str) -> str:
        """A page of the destination."""
        return self._http.get(self.place.destination.rstrip("/") + path, timeout=_PATIENCE).text

    def log_in(self, login: str, **changes: str) -> requests.Response:
        """Log in at Trustpilot's page as the customer; where that leads is not followed."""
        form = {"username": self.known["username"], "password": self.known["password"], **changes}
        return self._http.post(login, data=form, allow_redirects=False, timeout=_PATIENCE)

    def track(self, event: Row) -> int:
        """Report an event to Segment as the shop does; the status."""
        url = f"{self.place.mock}/v1/track"
        return self._http.post(url, json=event, auth=(self.known["writeKey"], ""), timeout=_PATIENCE).status_code

    def order(self, number: int, **changes: Any) -> str:
        """Report an order, and wait until Segment has nothing more to do now.

        :param number: within the story
        :returns: its number
        """
        order_id = f"{self.run}{number:02d}"
        self.report(order_id, f"demo-{order_id}", revenue=49.9, currency="EUR", **changes)
        self.rest()
        return order_id

    def report(self, order_id: str, message_id: str, **more: Any) -> None:
        """Report an order of the buyer's, under that message id."""
        properties = {"order_id": order_id, "email": self.address, "name": "Grace", "surname": "Lind", **more}
        event = {"type": "track", "event": "Order Completed", "messageId": message_id, "userId": self.buyer}
        self.track({**event, "properties": properties})

    def rest(self) -> None:
        """Wait until nothing is under way."""
        self.bench("POST", "/settle", {})

    def advance(self, by: str) -> int:
        """Let time pass, and wait for what it brought; how many things happened."""
        performed = int(self.bench("POST", "/clock/advance", {"by": by})["performed"])
        self.rest()
        return performed

    # --- what there is to see -------------------------------------------------------------------------------------

    def newest(self) -> int:
        """The number of the newest exchange."""
        rows = self.bench("GET", "/journal", limit=1)["journal"]
        return int(rows[-1]["id"]) if rows else 0

    def exchanges(self, since: int) -> list[Row]:
        """What was said since then, oldest first."""
        rows: list[Row] = self.bench("GET", "/journal", since=since, limit=_SHOWN)["journal"]
        return rows

    def invitations(self, *orders: str) -> list[Row]:
        """The invitations of these orders."""
        found: list[Row] = []
        for order in orders:
            found += self.bench("GET", "/invitations", referenceNumber=order)["invitations"]
        return found

    def deliveries(self, order: str) -> list[Row]:
        """What became of an order's event at the destination."""
        rows: list[Row] = self.bench("GET", "/segment/deliveries", messageId=f"demo-{order}")["deliveries"]
        return rows


def called(exchanges: Iterable[Row], operation: str) -> list[Row]:
    """The exchanges of one operation."""
    return [entry for entry in exchanges if entry["operation"] == operation]


def query(url: str) -> dict[str, str]:
    """What an address carries."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
