"""A sandbox's addresses and credentials as environment variables, under the names that programs read."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any, Final

#: Environment variable: its place in a sandbox's description.
_NAMES: Final = {
    "TPMOCK_URL": ("urls", "mock"),
    "TRUSTPILOT_API_URL": ("urls", "trustpilot"),
    "TRUSTPILOT_INVITATIONS_API_URL": ("urls", "invitations"),
    "TRUSTPILOT_AUTHENTICATE_URL": ("urls", "authenticate"),
    "SEGMENT_HOST": ("urls", "segment"),
    "TRUSTPILOT_API_KEY": ("credentials", "apiKey"),
    "TRUSTPILOT_API_SECRET": ("credentials", "apiSecret"),
    "TRUSTPILOT_USERNAME": ("credentials", "username"),
    "TRUSTPILOT_PASSWORD": ("credentials", "password"),
    "TRUSTPILOT_BUSINESS_USER_ID": ("credentials", "businessUserId"),
    "TRUSTPILOT_BUSINESS_UNIT_ID": ("credentials", "businessUnitId"),
    "TRUSTPILOT_DOMAIN": ("credentials", "domain"),
    "TRUSTPILOT_TEMPLATE_ID": ("credentials", "templateId"),
    "TRUSTPILOT_PARTNER_ID": ("credentials", "partnerId"),
    "TRUSTPILOT_PARTNER_API_KEY": ("credentials", "partnerApiKey"),
    "TRUSTPILOT_PARTNER_API_SECRET": ("credentials", "partnerApiSecret"),
    "TRUSTPILOT_PARTNER_USERNAME": ("credentials", "partnerUsername"),
    "TRUSTPILOT_PARTNER_PASSWORD": ("credentials", "partnerPassword"),
    "TRUSTPILOT_REDIRECT_URI": ("credentials", "redirectUri"),
    "SEGMENT_WRITE_KEY": ("credentials", "writeKey"),
    "SEGMENT_PUBLIC_API_URL": ("urls", "segmentPublicApi"),
    "SEGMENT_PUBLIC_API_TOKEN": ("credentials", "publicApiToken"),
    "INTEGRATION_KEY": ("credentials", "integrationKey"),
}


def variables(sandbox: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables of a sandbox.

    :param sandbox: its description, as ``GET /_mock/sandboxes/{id}`` answers
    """
    return {name: sandbox[part][key] for name, (part, key) in _NAMES.items()}


def variable(credential: str) -> str | None:
    """Return the variable of a credential, by the credential's name; None where it has none."""
    return next((name for name, place in _NAMES.items() if place == ("credentials", credential)), None)


def shell(values: Mapping[str, str]) -> str:
    """For ``eval "$(tpmock env)"``."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items())


def dotenv(values: Mapping[str, str]) -> str:
    """For a ``.env`` file."""
    return "\n".join(f"{name}={json.dumps(value)}" for name, value in values.items())


def as_json(values: Mapping[str, str]) -> str:
    """For a program."""
    return json.dumps(values, indent=2)
