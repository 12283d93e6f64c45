"""Calls made up from the documents, good and bad: no server error, no undocumented answer, no accepted rubbish.

The quick profile runs here; ``SCHEMATHESIS_EXAMPLES=500 pytest tests/generated`` is the long one.
"""

from __future__ import annotations

import os
from importlib.resources import files
from typing import Any

import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.doors import InProcess, Judge
from tests.sandboxes import SandboxUnderTest, basic

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "25"))
quick = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: Refusing bad data is what Segment does not do: it answers 200 and drops.
STRICT = [*CHECKS, negative_data_rejection]

_door = InProcess()
_sandbox = SandboxUnderTest(_door, Judge())


def document(api: str) -> Any:
    raw = yaml.safe_load((files("contracts") / "openapi" / f"{api}.yaml").read_text(encoding="utf-8"))
    config = SchemathesisConfig()
    schema = schemathesis.openapi.from_dict(raw, config=config)
    schema.app = _door.mock
    return schema


trustpilot = document("trustpilot")
tracking = document("segment-tracking")
control = document("control")


PAGES = ("showLogin", "submitLogin")
PARTNER = ("checkPartnerEligibility", "createPartnerCustomerKey")
# One of each for the whole run: a token for every call would meet the limit on token requests.
_bearer = {"Authorization": f"Bearer {_sandbox.access_token()}"}
_partner = {"Authorization": f"Bearer {_sandbox.partner_token()}"}


def credentials(operation: dict[str, Any]) -> dict[str, str]:
    """What the operation's first security scheme asks for."""
    name = operation["operationId"]
    if name in PAGES:
        # On any other host the root without a login request is the page that says what this program is.
        return {"Host": "authenticate.trustpilot.com"}
    if name in PARTNER:
        return _partner
    schemes = [scheme for entry in operation.get("security", ()) for scheme in entry]
    if "clientCredentials" in schemes:
        return {"Authorization": basic(_sandbox["apiKey"], _sandbox["apiSecret"])}
    return _bearer if schemes[:1] == ["accessToken"] else {"apikey": _sandbox["apiKey"]}


@trustpilot.parametrize()
@quick
def test_trustpilot(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers=credentials(case.operation.definition.raw), checks=STRICT)


@tracking.parametrize()
@quick
def test_tracking(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers={"Authorization": basic(_sandbox["writeKey"])}, checks=CHECKS)


@control.parametrize()
@quick
def test_control(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(checks=STRICT)
