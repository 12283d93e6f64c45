"""The documents are OpenAPI, by a strict validator's word."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator
from tpmock import spec
from tpmock.common import package_data


def document(api: str) -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load(package_data.path("openapi", f"{api}.yaml").read_text(encoding="utf-8"))
    return raw


@pytest.mark.parametrize("api", spec.APIS)
def test_the_validator_finds_nothing(api: str) -> None:
    raw = document(api)
    assert raw["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(raw).iter_errors()] == []


def test_the_validator_would_find_something() -> None:
    raw = document("control")
    del raw["paths"]["/_mock/health"]["get"]["responses"]["200"]["description"]
    raw["paths"]["/_mock/coverage"]["get"]["operationId"] = "getHealth"
    assert len(list(OpenAPIV31SpecValidator(raw).iter_errors())) == 2
