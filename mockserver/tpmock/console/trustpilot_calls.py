"""Requests to Trustpilot's API with the sandbox's credentials, as its shop or its partner."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from flask import g
from tpmock.common.control_client import RefusedError

#: Header with the mock's hint.
HINT = "X-Mock-Hint"


def operation(operation_id: str) -> dict[str, Any]:
    """Return a documented operation of the coverage.

    :raises LookupError: if no operation has the name
    """
    for row in g.client.control.call("GET", "/coverage")["operations"]:
        if row["operationId"] == operation_id:
            return dict(row)
    raise LookupError(operation_id)


def token(*, partner: bool = False) -> str:
    """Return a new access token: client credentials for the shop, password grant for the partner.

    :raises RefusedError: if none was issued, with Trustpilot's status
    """
    own = g.sandbox["credentials"]
    key, secret = (own["partnerApiKey"], own["partnerApiSecret"]) if partner else (own["apiKey"], own["apiSecret"])
    login = {"grant_type": "password", "username": own["partnerUsername"], "password": own["partnerPassword"]}
    form = login if partner else {"grant_type": "client_credentials"}
    headers = {
        "Authorization": f"Basic {base64.b64encode(f'{key}:{secret}'.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    made = operation("createAccessToken")
    response = g.client.send(made["method"], made["path"], g.client.as_browser(headers), urlencode(form).encode())
    if response.status != 200:  # noqa: PLR2004 - the one good answer
        raise RefusedError(response.status, f"No access token was issued. {_why(response)}")
    return str(json.loads(response.body)["access_token"])


def call(operation_id: str, body: Any = None, query: Mapping[str, str] | None = None, **path: str) -> Any:
    """Call a private operation with a new token, as the sandbox's business user.

    :param path: path parameters by name
    :raises RefusedError: if it is refused, with the mock's hint
    """
    called = operation(operation_id)
    headers = {"Authorization": f"Bearer {token()}", "x-business-user-id": g.sandbox["credentials"]["businessUserId"]}
    if body is not None:
        headers["Content-Type"] = "application/json"
    content = b"" if body is None else json.dumps(body).encode()
    target = called["path"].format(**{name: quote(value, safe="") for name, value in path.items()})
    url = f"{target}?{urlencode(query)}" if query else target
    response = g.client.send(called["method"], url, g.client.as_browser(headers), content)
    if response.status >= 400:  # noqa: PLR2004 - where HTTP's refusals begin
        raise RefusedError(response.status, _why(response))
    return json.loads(response.body) if response.body else None


def _why(response: Any) -> str:
    """Return the reason of a failure: the status, and the mock's hint."""
    return f"Trustpilot's API answered {response.status}. {response.headers.get(HINT, '')}".strip()
