"""Callers: each with the credentials that its operation requires."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from tpmock import spec

from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest, basic

#: On any other host the root without a login request is the page that says what this program is.
_LOGIN_HOST: Final = {"Host": "authenticate.trustpilot.com"}
_PAGES: Final = ("showLogin", "submitLogin")
_PARTNER: Final = ("checkPartnerEligibility", "createPartnerCustomerKey")


def operations() -> dict[str, spec.Operation]:
    """Every operation of every document, by id."""
    return {name: operation for api in spec.APIS for name, operation in spec.load(api).operations.items()}


class Caller:
    """Programs and people who use one sandbox. One token of each kind: one for every call would meet their limit."""

    def __init__(self, sandbox: SandboxUnderTest) -> None:
        self.sandbox = sandbox
        self._bearer = {"Authorization": f"Bearer {sandbox.access_token()}"}
        self._partner = {"Authorization": f"Bearer {sandbox.partner_token()}"}
        self._by_scheme: Mapping[str, Mapping[str, str]] = {
            "writeKey": {"Authorization": basic(sandbox["writeKey"])},
            "publicApiToken": {"Authorization": f"Bearer {sandbox['publicApiToken']}"},
            "clientCredentials": {"Authorization": basic(sandbox["apiKey"], sandbox["apiSecret"])},
            "accessToken": self._bearer,
            "apiKeyHeader": {"apikey": sandbox["apiKey"]},
            # A mock that is started without a token takes everyone's word.
            "controlToken": {},
        }

    def headers(self, operation: spec.Operation) -> dict[str, str]:
        """What the first security scheme of an operation asks for."""
        if operation.id in _PAGES:
            return dict(_LOGIN_HOST)
        if operation.id in _PARTNER:
            return dict(self._partner)
        return dict(self._by_scheme[operation.security[0]]) if operation.security else {}

    def call(self, operation: spec.Operation, values: Mapping[str, Any], body: Any) -> Answer:
        """One call.

        :param values: of path, query and header parameters by name; what the operation does not have is left out
        :param body: sent as JSON, or as a form where nothing else is documented; None for none
        """
        header = {
            parameter.name: values[parameter.name]
            for parameter in operation.parameters
            if parameter.location == "header" and parameter.name in values
        }
        as_form = body is not None and spec.model.FORM in operation.body and spec.model.JSON not in operation.body
        return self.sandbox.call(
            operation.method,
            self.target(operation, values),
            data=None if as_form else body,
            form=body if as_form else None,
            headers={**self.headers(operation), **header},
        )

    @staticmethod
    def target(operation: spec.Operation, values: Mapping[str, Any]) -> str:
        """Path and query of a call with these values, by name; what the operation does not have is left out."""
        path, query = operation.path, {}
        for parameter in operation.parameters:
            if parameter.name in values:
                if parameter.location == "path":
                    path = path.replace(f"{{{parameter.name}}}", quote(str(values[parameter.name]), safe=""))
                elif parameter.location == "query":
                    query[parameter.name] = values[parameter.name]
        return f"{path}?{urlencode(query)}" if query else path
