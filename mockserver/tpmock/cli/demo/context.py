"""Context of a scene: the running programs, and results of earlier scenes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import requests
from tpmock.cli.demo.artefacts import SceneResult
from tpmock.cli.demo.contract_run import DemoContractRun
from tpmock.cli.demo.programs import SANDBOX, DemoPrograms
from tpmock.common import compiled, package_data

#: Texts of the demo.
WORDS: Final = compiled.content(package_data.path("texts", "demo.yaml"))
#: The destination of the workspace.
DESTINATION: Final = "Trustpilot"
#: Timeout of one response in seconds.
_PATIENCE: Final = 60
#: Maximum number of exchanges shown per scene.
_SHOWN: Final = 60

Row = dict[str, Any]


class MissingError(Exception):
    """An earlier scene did not make what this one needs. The message is for the user."""


class DemoContext:
    """The running programs, with the operations of the demo.

    :param programs: the mock and the integration
    :param url: of the demo's own pages
    :param contract: runs the contract cases
    :param run: number of the session; each has its own order numbers, because the integration remembers all
    :param backfill: number of orders of the backfill
    :param tell: shows how far a long scene is
    """

    def __init__(
        self,
        programs: DemoPrograms,
        url: str,
        run: int,
        contract: DemoContractRun,
        backfill: int,
        tell: Callable[[str], None],
    ) -> None:
        self.programs, self.url, self.run, self.contract = programs, url, run, contract
        self.backfill, self.tell = backfill, tell
        self.mock = programs.url
        self.control = programs.control
        self.destination = programs.running.url.rstrip("/")
        self.known = programs.credentials
        self.claims = programs.subject.claims
        #: Results of earlier scenes: the integration key, the review, ...
        self.kept: dict[str, Any] = {}
        #: Choice made in the current scene.
        self.choice = ""
        #: Received webhooks.
        self.posted: list[Row] = []
        self._since = 0
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def buyer(self) -> str:
        """The buyer's user id at the shop; each session has a buyer of its own."""
        return f"customer-{self.run}"

    @property
    def address(self) -> str:
        """The buyer's e-mail address."""
        return f"grace.lind.{self.run}@example.com"

    def made(self, name: str) -> Any:
        """Return a result of an earlier scene.

        :raises MissingError: if that scene failed
        """
        if name not in self.kept:
            raise MissingError(WORDS["missing"][name])
        return self.kept[name]

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
        """Call an action of the integration, as its front end does.

        :param key: the integration key; default: the operator's
        """
        url = f"{self.destination}/actions/{action}"
        return self.request("POST", url, json=body, auth=(key or self.programs.running.key, ""))

    def log_in(self, login: str, **changes: str) -> requests.Response:
        """Log in at Trustpilot's page as the customer, without following the redirect."""
        form = {"username": self.known["username"], "password": self.known["password"], **changes}
        return self.request("POST", login, data=form, allow_redirects=False)

    def order(self, number: int, **changes: Any) -> str:
        """Report an order, and wait until it has been processed.

        :param number: number within the demo
        :returns: its number
        """
        order_id = f"{self.run}{number:02d}"
        self.report(order_id, f"demo-{order_id}", **{"revenue": 49.9, "currency": "EUR", **changes})
        self.rest()
        return order_id

    def report(self, order_id: str, message_id: str, **more: Any) -> Row:
        """Report an order of the buyer with this message id, and return its event."""
        given = {"order_id": order_id, "email": self.address, "name": "Grace", "surname": "Lind"}
        event: Row = {"type": "track", "event": "Order Completed", "messageId": message_id, "userId": self.buyer}
        event["properties"] = {**given, **more}
        sandbox = self.programs.running.sandbox
        assert sandbox is not None  # noqa: S101 - every subject of a contract has one
        sandbox.track([event])
        return event

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

    def mail(self, invitation: Mapping[str, Any]) -> Row:
        """Return the email of an invitation."""
        found: Row = self.control_api("GET", f"/invitations/{invitation['id']}/mail")
        return found

    def deliveries(self, message: str) -> list[Row]:
        """Return the deliveries of an event, by its message id."""
        sandbox = self.programs.running.sandbox
        assert sandbox is not None  # noqa: S101 - as above
        return sandbox.deliveries([message])


def called(exchanges: Iterable[Row], operation: str) -> list[Row]:
    """The exchanges of one operation."""
    return [entry for entry in exchanges if entry["operation"] == operation]


def query(url: str) -> dict[str, str]:
    """Return the query parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
