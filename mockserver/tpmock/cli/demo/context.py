"""Context of a scene: the running mock and destination, and results of earlier scenes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import requests
from tpmock.cli.demo.contract_run import DemoContractRun
from tpmock.common import compiled, package_data
from tpmock.common.control_client import ControlClient

if TYPE_CHECKING:
    from tpmock.server.up import Up

#: Texts of the demo.
WORDS: Final = compiled.content(package_data.path("texts", "demo.yaml"))
#: The sandbox of the demo.
SANDBOX: Final = "default"
#: The destination of the workspace.
DESTINATION: Final = "Trustpilot"
#: Timeout of one response in seconds.
_PATIENCE: Final = 60
#: Maximum number of exchanges shown per scene.
_SHOWN: Final = 60

Row = dict[str, Any]
#: A cell of a table.
Cells = tuple[str, ...]


@dataclass(slots=True)
class Finding:
    """One observation. ``ok``: whether it is as expected; None for a fact without expectation."""

    text: str
    ok: bool | None = None


@dataclass(slots=True)
class Table:
    """Table with headings."""

    caption: str
    headings: tuple[str, ...]
    rows: Sequence[Cells]
    folded: bool = False


@dataclass(slots=True)
class SceneResult:
    """Result of a scene.

    :ivar orders: numbers of the orders to trace
    :ivar exchanges: entries of the journal, oldest first
    """

    findings: list[Finding] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    exchanges: list[Row] = field(default_factory=list)

    def note(self, text: str, *, ok: bool | None = None) -> None:
        """Add an observation."""
        self.findings.append(Finding(text, ok))

    def table(
        self, caption: str, headings: tuple[str, ...], rows: Iterable[Iterable[object]], *, folded: bool = False
    ) -> None:
        """Add a table; a ``folded`` one is long and collapsed."""
        self.tables.append(Table(caption, headings, [tuple(map(str, row)) for row in rows], folded))

    @property
    def counted(self) -> tuple[int, int]:
        """Return how many checks passed, and how many ran."""
        checks = [finding.ok for finding in self.findings if finding.ok is not None]
        return sum(checks), len(checks)

    @property
    def ok(self) -> bool:
        """Return whether all checks were as expected."""
        return all(finding.ok is not False for finding in self.findings)


class DemoContext:
    """The running mock and destination, with the operations of the demo.

    :param everything: the mock and the destination
    :param url: of the demo's own pages
    :param contract: runs the contract cases
    :param run: number of the session; each has its own order numbers, because the destination remembers all
    """

    def __init__(self, everything: Up, url: str, run: int, contract: DemoContractRun) -> None:
        self.mock = everything.url
        self.destination = everything.destination_url.rstrip("/")
        #: Where the destination keeps its database and its log.
        self.store = everything.store
        self.url = url
        self.contract = contract
        self.run = run
        self.control = ControlClient(everything.url, everything.control_token or "")
        #: Results of earlier scenes: the integration key, the review, ...
        self.kept: dict[str, Any] = {}
        #: Choice made in the current scene.
        self.choice = ""
        #: Received webhooks.
        self.posted: list[Row] = []
        self._since = 0
        self._http = requests.Session()
        self._http.trust_env = False
        self.sandbox = self.control.sandbox(SANDBOX)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def known(self) -> dict[str, str]:
        """The credentials of the sandbox."""
        return dict(self.sandbox["credentials"])

    @property
    def buyer(self) -> str:
        """The buyer's user id at the shop; each session has a buyer of its own."""
        return f"customer-{self.run}"

    @property
    def address(self) -> str:
        """The buyer's e-mail address."""
        return f"grace.lind.{self.run}@example.com"

    # --- operations ---------- --------------------------------------------------------------------------------------

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send a request, without the environment's proxies."""
        return self._http.request(method, url, timeout=_PATIENCE, **options)

    def control_api(self, method: str, path: str, body: Any = None, **query: object) -> Any:
        """The control API of the sandbox."""
        return self.control.call(method, f"/sandboxes/{SANDBOX}{path}", body, query)

    def trustpilot(self, method: str, path: str, token: str | None = None, body: Any = None) -> requests.Response:
        """Trustpilot's API, as the business itself calls it."""
        headers = {"apikey": self.known["apiKey"]}
        if token is not None:
            headers = {"Authorization": f"Bearer {token}", "x-business-user-id": self.known["businessUserId"]}
        return self.request(method, self.mock + path, headers=headers, json=body)

    def access_token(self) -> str:
        """Return an access token of the business's own application."""
        answer = self.request(
            "POST",
            f"{self.mock}/v1/oauth/oauth-business-users-for-applications/accesstoken",
            auth=(self.known["apiKey"], self.known["apiSecret"]),
            data={"grant_type": "password", "username": self.known["username"], "password": self.known["password"]},
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def act(self, action: str, body: Row, key: str | None = None) -> requests.Response:
        """Call an action of the destination, as its front end does.

        :param key: the integration key; default: the operator's
        """
        url = f"{self.destination}/actions/{action}"
        return self.request("POST", url, json=body, auth=(key or self.known["integrationKey"], ""))

    def log_in(self, login: str, **changes: str) -> requests.Response:
        """Log in at Trustpilot's page as the customer, without following the redirect."""
        form = {"username": self.known["username"], "password": self.known["password"], **changes}
        return self.request("POST", login, data=form, allow_redirects=False)

    def order(self, number: int, **changes: Any) -> str:
        """Report an order, and wait until Segment has processed it.

        :param number: number within the demo
        :returns: its number
        """
        order_id = f"{self.run}{number:02d}"
        self.report(order_id, f"demo-{order_id}", revenue=49.9, currency="EUR", **changes)
        self.rest()
        return order_id

    def report(self, order_id: str, message_id: str, **more: Any) -> None:
        """Report an order of the buyer with this message id."""
        properties = {"order_id": order_id, "email": self.address, "name": "Grace", "surname": "Lind", **more}
        event = {"type": "track", "event": "Order Completed", "messageId": message_id, "userId": self.buyer}
        url = f"{self.mock}/v1/track"
        self.request("POST", url, json={**event, "properties": properties}, auth=(self.known["writeKey"], ""))

    def rest(self) -> None:
        """Wait until nothing is in progress."""
        self.control_api("POST", "/settle", {})

    def advance(self, by: str) -> int:
        """Advance the clock, wait for the results, and return how many entries ran."""
        performed = int(self.control_api("POST", "/clock/advance", {"by": by})["performed"])
        self.rest()
        return performed

    # --- observations ---- -------------------------------------------------------------------------------------

    def begin(self, *orders: str) -> SceneResult:
        """Mark the newest exchange, and return an empty result for the scene."""
        rows = self.control_api("GET", "/journal", limit=1)["journal"]
        self._since = int(rows[-1]["id"]) if rows else 0
        return SceneResult(orders=list(orders))

    def exchanges(self) -> list[Row]:
        """The exchanges since the scene began, oldest first."""
        rows: list[Row] = self.control_api("GET", "/journal", since=self._since, limit=_SHOWN)["journal"]
        return rows

    def invitations(self, *orders: str) -> list[Row]:
        """The invitations of these orders."""
        found: list[Row] = []
        for order in orders:
            found += self.control_api("GET", "/invitations", referenceNumber=order)["invitations"]
        return found

    def deliveries(self, order: str) -> list[Row]:
        """Return the deliveries of an order's event."""
        rows: list[Row] = self.control_api("GET", "/segment/deliveries", messageId=f"demo-{order}")["deliveries"]
        return rows


def called(exchanges: Iterable[Row], operation: str) -> list[Row]:
    """The exchanges of one operation."""
    return [entry for entry in exchanges if entry["operation"] == operation]


def query(url: str) -> dict[str, str]:
    """Return the query parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
