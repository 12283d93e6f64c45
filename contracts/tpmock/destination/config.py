"""The configuration of the destination, read from the environment and checked before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from cryptography.fernet import Fernet
from tpmock.destination.rules import values, variables
from tpmock.destination.rules.preferences import Preferences
from tpmock.destination.rules.variables import configuration, variable

DATABASE_URL = "DATABASE_URL"
"""The variable that says where the database is; the kit and ``tpmock up`` give it too."""

DEFAULT_DATABASE = "sqlite:///tpmock-destination.db"
_ON_UNKNOWN = ("hold", "repeat")


class SettingsError(Exception):
    """The environment cannot be used; ``sentences`` says why, one sentence per wrong or missing value."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def _repeat(text: str) -> bool:
    if text not in _ON_UNKNOWN:
        raise ValueError(f"must be {' or '.join(_ON_UNKNOWN)}")
    return text == _ON_UNKNOWN[True]


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(key for each in text.split(",") if (key := each.strip()))
    try:
        for key in keys:
            Fernet(key)
    except ValueError:
        raise ValueError(
            "must be Fernet keys, separated by commas, the newest first; `tpmock destination new-key` makes one"
        ) from None
    return keys


@configuration
class DestinationSettings:
    """Settings of the destination. Secrets stay out of ``repr``; spans are in seconds."""

    integration_key: str = variable(
        "INTEGRATION_KEY", values.integration_key, 'The value of the setting "API Key" in Segment', secret=True
    )
    api_url: str = variable(
        "TRUSTPILOT_API_URL", values.base_url, "Where tokens are requested", default="https://api.trustpilot.com"
    )
    invitations_api_url: str = variable(
        "TRUSTPILOT_INVITATIONS_API_URL",
        values.base_url,
        "Where invitations are requested",
        default="https://invitations-api.trustpilot.com",
    )
    api_key: str = variable("TRUSTPILOT_API_KEY", values.api_key, "The API key, which is the client id", secret=True)
    api_secret: str = variable("TRUSTPILOT_API_SECRET", values.printable, "Its secret", secret=True)
    business_unit_id: str = variable(
        "TRUSTPILOT_BUSINESS_UNIT_ID", values.object_id, "The business unit that consumers are invited for"
    )
    business_user_id: str = variable(
        "TRUSTPILOT_BUSINESS_USER_ID", values.object_id, "The business user: an admin or manager of the unit"
    )
    partner_id: str | None = variable(
        "TRUSTPILOT_PARTNER_ID", values.printable, "Sent as a header with every call", default=None
    )
    partner_header: str = variable(
        "TRUSTPILOT_PARTNER_HEADER",
        values.header_name,
        "As which header; no source names it",
        default="X-Trustpilot-Partner-Id",
    )
    partner_api_key: str | None = variable(
        "TRUSTPILOT_PARTNER_API_KEY",
        values.api_key,
        "The partner's own API key: with the other partner variables, `OAUTH_REDIRECT_URI` and `ENCRYPTION_KEYS`, "
        "customers can connect their shops",
        default=None,
        secret=True,
    )
    partner_api_secret: str | None = variable(
        "TRUSTPILOT_PARTNER_API_SECRET", values.printable, "Its secret", default=None, secret=True
    )
    partner_username: str | None = variable(
        "TRUSTPILOT_PARTNER_USERNAME",
        values.line,
        "The partner's business user, without 2-step verification",
        default=None,
        secret=True,
    )
    partner_password: str | None = variable(
        "TRUSTPILOT_PARTNER_PASSWORD", values.line, "Its password", default=None, secret=True
    )
    authenticate_url: str = variable(
        "TRUSTPILOT_AUTHENTICATE_URL",
        values.base_url,
        "Where customers log in",
        default="https://authenticate.trustpilot.com",
    )
    oauth_redirect_uri: str | None = variable(
        "OAUTH_REDIRECT_URI",
        values.oauth_redirect_uri,
        "Where customers come back to: our address with a path of your choice, registered with Trustpilot, https or "
        "loopback",
        default=None,
    )
    timeout: float = variable(
        "TRUSTPILOT_TIMEOUT",
        values.seconds,
        "Seconds to wait for a connection, and again for each part of an answer",
        default=8.0,
    )
    # A secret: it may carry a database password.
    database_url: str = variable(
        DATABASE_URL,
        values.database_url,
        "A file of SQLite for one copy, `postgresql://...` for several",
        default=DEFAULT_DATABASE,
        secret=True,
    )
    outcome_folder: str = variable(
        "OUTCOME_FOLDER",
        values.line,
        "Where outcomes of invitations are kept while the database is unavailable: a folder that survives a restart",
        default="tpmock-destination-outcomes",
    )
    encryption_keys: tuple[str, ...] = variable(
        "ENCRYPTION_KEYS",
        _keys,
        "Seal secrets and addresses: the first one does, all can open. Without any, a key derived from "
        "`TRUSTPILOT_API_SECRET` does, and no connections can be stored",
        default=(),
        secret=True,
    )
    repeat_unknown: bool = variable(
        "ON_UNKNOWN_OUTCOME",
        _repeat,
        "When the outcome of an invitation is unknown: `hold` the order, or `repeat` it and risk a second email",
        default=False,
        show=_ON_UNKNOWN.__getitem__,
    )
    strict_names: bool = variable(
        "STRICT_NAMES",
        values.yes,
        "Read only `Order Completed`, `properties.order_id` and `properties.email`, letter by letter",
        default=False,
    )
    consumer_cap: int = variable(
        "CONSUMER_CAP",
        values.count,
        "Maximum number of invitations of one buyer within the span; 0 for any number",
        default=0,
    )
    consumer_cap_span: float = variable(
        "CONSUMER_CAP_DAYS", values.some_days, "That span", default=30 * values.DAY, show=values.in_days
    )
    order_retention: float = variable(
        "ORDER_RETENTION_DAYS",
        values.some_days,
        "How long an order is remembered, without personal data; a replay after that invites again",
        default=730 * values.DAY,
        show=values.in_days,
    )
    address_retention: float = variable(
        "ADDRESS_RETENTION_DAYS",
        values.some_days,
        "How long the buyer of an order is remembered, sealed, to be erased at Trustpilot on demand",
        default=365 * values.DAY,
        show=values.in_days,
    )
    proxy_hops: int = variable(
        "PROXY_HOPS",
        values.count,
        "Proxies in front that append the caller to `X-Forwarded-For`; 0 when callers connect directly",
        default=0,
    )
    metrics_token: str | None = variable(
        "METRICS_TOKEN", values.printable, "The Bearer token that `/metrics` requires", default=None, secret=True
    )
    preferences: Preferences = field(default_factory=Preferences)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> DestinationSettings:
        """Read the settings.

        :raises SettingsError: with every problem found, not only the first
        """
        problems: list[str] = []
        found = variables.read(cls, environment, problems)
        preferences = variables.read(Preferences, environment, problems)
        if problems:
            raise SettingsError(problems)
        return cls(**found, preferences=Preferences(**preferences))


def database_url_of(environment: Mapping[str, str]) -> str:
    """Return where the database is, for commands that need nothing else.

    :raises SettingsError: when the variable is wrong
    """
    try:
        return values.database_url(environment.get(DATABASE_URL, "").strip() or DEFAULT_DATABASE)
    except ValueError as problem:
        raise SettingsError([f"{DATABASE_URL} {problem}."]) from None
