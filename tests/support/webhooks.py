"""Validation of webhook bodies against the schema, so that no test forgets it."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from tpmock.common import package_data

_SCHEMA = json.loads(package_data.path("schemas", "webhook.json").read_text(encoding="utf-8"))
_VALIDATOR = Draft202012Validator(_SCHEMA, format_checker=FormatChecker())


def judged(body: Any) -> dict[str, Any]:
    """The one event of an envelope, once it has the documented form, and no address beside a service review."""
    error = next(_VALIDATOR.iter_errors(body), None)
    assert error is None, f"{error.json_path}: {error.message}"
    [event] = body["events"]
    told: dict[str, Any] = event
    assert told["eventName"].startswith("product-") or "@" not in json.dumps(body), "an e-mail address in a webhook"
    return told
