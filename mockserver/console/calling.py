"""Calls of Trustpilot's API in the sandbox's own name, as its shop or its partner makes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from flask import g

from mockserver.client import RefusedError

#: The header in which the mock says what was wrong.
HINT = "X-Mock-Hint"


def operation(operation_id: str) -> dict[str, Any]:
    """A documented operation, as the coverage lists it.

    :raises LookupError: when there is none of that name
    """
    for row in g.door.control.call("GET", "/coverage")["operations"]:
        if row["operationId"] == operation_id:
            return dict(row)
    raise LookupError(operation_id)


def token(*, partner: bool = False) -> str:
    """A fresh access token, for the shop by client credentials, for the partner by its login.

    :raises RefusedError: when there is none, with Trustpilot's status
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
    result = g.door.send(made["method"], made["path"], g.door.as_browser(headers), urlencode(form).encode())
    if result.status != 200:  # noqa: PLR2004 - the one good answer
        raise RefusedError(result.status, f"No token could be had. {_why(result)}")
    return str(json.loads(result.body)["access_token"])


def call(operation_id: str, body: Any = None, query: Mapping[str, str] | None = None, **path: str) -> Any:
    """Call a private operation with a fresh token, in the name of the sandbox's business user.

    :param body: a JSON value, or None for none
    :param query: its parameters, by name
    :param path: the parameters of the path, by name
    :returns: the answer's JSON; None when it is empty
    :raises RefusedError: when it is refused, with what the mock says about it
    """
    wanted = operation(operation_id)
    headers = {"Authorization": f"Bearer {token()}", "x-business-user-id": g.sandbox["credentials"]["businessUserId"]}
    if body is not None:
        headers["Content-Type"] = "application/json"
    content = b"" if body is None else json.dumps(body).encode()
    target = wanted["path"].format(**{name: quote(value, safe="") for name, value in path.items()})
    url = f"{target}?{urlencode(query)}" if query else target
    result = g.door.send(wanted["method"], url, g.door.as_browser(headers), content)
    if result.status >= 400:  # noqa: PLR2004 - where HTTP's refusals begin
        raise RefusedError(result.status, _why(result))
    return json.loads(result.body) if result.body else None


def _why(result: Any) -> str:
    """What to tell of an answer that is none."""
    return f"Trustpilot's API answered {result.status}. {result.headers.get(HINT, '')}".strip()
