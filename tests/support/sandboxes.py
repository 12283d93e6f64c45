"""A test's own sandbox, spoken to as programs speak to Trustpilot and Segment."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tests.support.doors import Answer, Door, Judge

TOKEN_PATH = "/v1/oauth/oauth-business-users-for-applications/accesstoken"
REFRESH_PATH = "/v1/oauth/oauth-business-users-for-applications/refresh"
REVOKE_PATH = "/v1/oauth/oauth-business-users-for-applications/revoke"

Headers = Mapping[str, str]


class SandboxUnderTest:
    """One sandbox of a mock, with the calls that tests make most."""

    def __init__(self, door: Door, judge: Judge, *, sandbox_id: str | None = None, **options: Any) -> None:
        self._door = door
        self._judge = judge
        if sandbox_id is None:
            described = self.call("POST", "/_mock/sandboxes", data=options)
            assert described.status == 201
        else:
            described = self.call("GET", f"/_mock/sandboxes/{sandbox_id}")
        self.id: str = described.json["id"]
        self.credentials: dict[str, str] = described.json["credentials"]

    def __getitem__(self, credential: str) -> str:
        return self.credentials[credential]

    def call(
        self,
        method: str,
        target: str,
        *,
        data: Any = None,
        form: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Headers | None = None,
    ) -> Answer:
        """One call; ``data`` goes as JSON, ``form`` as a form, ``body`` as it is."""
        sent = dict(headers or {})
        if data is not None:
            body = json.dumps(data).encode()
            sent.setdefault("Content-Type", "application/json")
        if form is not None:
            body = urlencode(form).encode()
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        answer = self._door.send(method, target, sent, body)
        self._judge.judge(method, target, answer)
        return answer

    def control(self, method: str, path: str, data: Any = None) -> Any:
        """One call of the control API for this sandbox; the JSON of its answer, which must be a success."""
        answer = self.call(method, f"/_mock/sandboxes/{self.id}{path}", data=data)
        assert answer.status < 300, answer.text
        return answer.json if answer.body else None

    def rows(self, collection: str) -> list[dict[str, Any]]:
        """A collection of the sandbox."""
        rows: list[dict[str, Any]] = self.control("GET", f"/{collection}")[collection.rpartition("/")[2]]
        return rows

    # --- Trustpilot -----------------------------------------------------------------------------------------------

    def token(self, form: Mapping[str, str] | None = None, *, path: str = TOKEN_PATH, client: str = "api") -> Answer:
        """A call of the token endpoint; ``client`` is api, partnerApi or other."""
        headers = {"Authorization": basic(self[f"{client}Key"], self[f"{client}Secret"])}
        return self.call("POST", path, form=form or {"grant_type": "client_credentials"}, headers=headers)

    def access_token(self) -> str:
        """A fresh access token by client credentials."""
        token: str = self.token().json["access_token"]
        return token

    def password_form(self, username: str = "", password: str = "") -> dict[str, str]:
        """The form of the password grant."""
        username, password = username or self["username"], password or self["password"]
        return {"grant_type": "password", "username": username, "password": password}

    def partner_token(self) -> str:
        """A fresh partner access token."""
        form = self.password_form(self["partnerUsername"], self["partnerPassword"])
        token: str = self.token(form, client="partnerApi").json["access_token"]
        return token

    def invite(self, invitation: Any = None, *, token: str | None = None, headers: Headers | None = None) -> Answer:
        """A call of the invitation API."""
        path = f"/v1/private/business-units/{self['businessUnitId']}/email-invitations"
        sent = {"Authorization": f"Bearer {token or self.access_token()}", **(headers or {})}
        return self.call("POST", path, data=invitation if invitation is not None else an_invitation(), headers=sent)

    def get(self, target: str, headers: Headers | None = None) -> Answer:
        """A public call with the API key."""
        return self.call("GET", target, headers={"apikey": self["apiKey"], **(headers or {})})

    # --- Segment --------------------------------------------------------------------------------------------------

    def track(self, message: Any, path: str = "/v1/track", headers: Headers | None = None) -> Answer:
        """A call of the tracking API."""
        return self.call(
            "POST", path, data=message, headers={"Authorization": basic(self["writeKey"]), **(headers or {})}
        )

    def connect(self, url: str, *, enabled: bool = True) -> None:
        """Let Segment deliver to ``url``."""
        settings = {"url": url, "enabled": enabled, "settings": {"apiKey": self["integrationKey"]}}
        self.control("PUT", "/segment/destinations/Trustpilot", settings)

    def settle(self) -> None:
        """Wait until nothing is due and nothing is in progress."""
        self.control("POST", "/settle", {})

    def advance(self, by: str) -> None:
        """Advance the clock."""
        self.control("POST", "/clock/advance", {"by": by})


def basic(user: str, password: str = "") -> str:
    """The Authorization header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def an_invitation(**changes: Any) -> dict[str, Any]:
    """A body that the invitation API takes."""
    return {
        "referenceNumber": "1001",
        "consumerName": "Ada Example",
        "consumerEmail": "ada@example.com",
        "serviceReviewInvitation": {},
        **changes,
    }


def an_order(**properties: Any) -> dict[str, Any]:
    """An Order Completed event."""
    wanted = {"order_id": "1001", "email": "ada@example.com", "name": "Ada", "surname": "Example", **properties}
    return {"type": "track", "userId": "customer-1", "event": "Order Completed", "properties": wanted}
