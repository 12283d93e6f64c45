"""Judges the body of a webhook as the schema says, so that no test forgets to."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

_SCHEMA = json.loads((files("contracts") / "schemas" / "webhook.json").read_text(encoding="utf-8"))
_VALIDATOR = Draft202012Validator(_SCHEMA, format_checker=FormatChecker())


def judged(body: Any) -> dict[str, Any]:
    """The one event of an envelope, once the envelope has the documented form and no e-mail address in it."""
    error = next(_VALIDATOR.iter_errors(body), None)
    assert error is None, f"{error.json_path}: {error.message}"
    assert "@" not in json.dumps(body), "an e-mail address in a webhook"
    [event] = body["events"]
    told: dict[str, Any] = event
    return told
