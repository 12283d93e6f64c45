"""What the destination is told by its environment, checked before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from cryptography.fernet import Fernet

from contracts.destination import values
from contracts.destination.preferences import CHOICES, DEFAULTS, Preferences


class SettingsError(Exception):
    """The environment cannot be used; ``sentences`` says why, one sentence per wrong or missing value."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the destination is configured with. Secrets stay out of ``repr``; spans are in seconds.

    :param integration_key: what the customer pastes into Segment as "API Key".
    :param api_url: where tokens are requested, without a path.
    :param invitations_api_url: where invitations are requested, without a path.
    :param business_user_id: on whose behalf a client-credentials token acts (Trustpilot, invitation API:
        ``x-business-user-id``).
    :param partner_header: Trustpilot asks partners to send their id as a header but does not name the header, hence
        a setting.
    :param partner_api_key: of the partner's own application, for onboarding; so are the three after it.
    :param authenticate_url: where a customer logs in.
    :param oauth_redirect_uri: where a customer comes back to; Trustpilot has to know it beforehand.
    :param timeout: seconds to wait for a connection and, again, between two parts of an answer.
    :param database_url: SQLAlchemy URL of what remembers orders, connections and tokens.
    :param encryption_keys: Fernet keys, the newest first.
    :param repeat_unknown: whether an order is requested again when nobody knows what became of the first request.
    :param consumer_cap: how many invitations one buyer gets within ``consumer_cap_span``; 0 for any number.
    :param order_retention: how long it is remembered that an order was dealt with.
    :param address_retention: how long it is remembered whose order it was.
    :param metrics_token: what ``/metrics`` asks for as a Bearer token; None for nothing.
    """

    integration_key: str = field(repr=False)
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    business_unit_id: str
    business_user_id: str
    api_url: str = "https://api.trustpilot.com"
    invitations_api_url: str = "https://invitations-api.trustpilot.com"
    partner_id: str | None = None
    partner_header: str = "X-Trustpilot-Partner-Id"
    partner_api_key: str | None = field(default=None, repr=False)
    partner_api_secret: str | None = field(default=None, repr=False)
    partner_username: str | None = field(default=None, repr=False)
    partner_password: str | None = field(default=None, repr=False)
    authenticate_url: str = "https://authenticate.trustpilot.com"
    oauth_redirect_uri: str | None = None
    timeout: float = 8.0
    # May carry a database password.
    database_url: str = field(default="sqlite:///tpmock-destination.db", repr=False)
    encryption_keys: tuple[str, ...] = field(default=(), repr=False)
    repeat_unknown: bool = False
    consumer_cap: int = 0
    consumer_cap_span: float = 30 * values.DAY
    order_retention: float = 730 * values.DAY
    address_retention: float = 365 * values.DAY
    metrics_token: str | None = field(default=None, repr=False)
    preferences: Preferences = field(default_factory=Preferences)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings.

        :param environment: variable names and values, usually ``os.environ``; an empty value counts as missing.
        :raises SettingsError: with every problem found, not only the first.
        """
        sentences: list[str] = []
        found = {each.name: each.parsed(environment, sentences) for each in VARIABLES}
        wishes = {
            choice.field: Variable(choice.variable, choice.field, choice.parse, "").parsed(environment, sentences)
            for choice in CHOICES
        }
        if sentences:
            raise SettingsError(sentences)
        given = {each.field: found[each.name] for each in VARIABLES if found[each.name] is not None}
        preferences = Preferences(**{name: value for name, value in wishes.items() if value is not None})
        return cls(**given, preferences=preferences)


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the environment.

    :param field: of :class:`Settings` that it fills.
    :param parse: raises ValueError with the rest of a sentence that begins with the name.
    :param meaning: for people.
    """

    name: str
    field: str
    parse: Callable[[str], object]
    meaning: str
    required: bool = False

    def parsed(self, environment: Mapping[str, str], sentences: list[str]) -> Any:
        """The value, None when there is none; what is wrong with it is added to ``sentences``."""
        text = environment.get(self.name, "").strip()
        try:
            if text:
                return self.parse(text)
            if self.required:
                sentences.append(f"{self.name} is missing.")
        except ValueError as problem:
            sentences.append(f"{self.name} {problem}.")
        return None


def described() -> Iterator[tuple[str, str, str]]:
    """Every variable, whether it is required or what its default is, and its meaning."""
    defaults = {each.name: each.default for each in fields(Settings)}
    for variable in VARIABLES:
        yield variable.name, _shown(defaults[variable.field], variable.parse), variable.meaning
    for choice in CHOICES:
        yield choice.variable, _shown(DEFAULTS[choice.field], choice.parse), choice.meaning


def database_url_of(environment: Mapping[str, str]) -> str:
    """Where the database is, for whoever needs nothing else.

    :raises SettingsError: when the variable is wrong.
    """
    sentences: list[str] = []
    url = next(each for each in VARIABLES if each.name == DATABASE_URL).parsed(environment, sentences)
    if sentences:
        raise SettingsError(sentences)
    return str(url or next(each.default for each in fields(Settings) if each.name == "database_url"))


def _shown(default: object, parse: Callable[[str], object]) -> str:
    if default is MISSING:
        return "required"
    if default is None or default == ():
        return "optional"
    if parse is _on_unknown:
        return f"`{_ON_UNKNOWN[default is True]}`"
    if parse is values.some_days and isinstance(default, float):
        default = f"{default / values.DAY:g}"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


_ON_UNKNOWN = ("hold", "repeat")


def _on_unknown(text: str) -> bool:
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


DATABASE_URL = "DATABASE_URL"
"""The variable that says where the database is; the kit and ``tpmock up`` give it too."""

VARIABLES: tuple[Variable, ...] = (
    Variable(
        "INTEGRATION_KEY",
        "integration_key",
        values.integration_key,
        'What is pasted into Segment as "API Key"',
        required=True,
    ),
    Variable("TRUSTPILOT_API_URL", "api_url", values.base_url, "Where tokens are requested"),
    Variable(
        "TRUSTPILOT_INVITATIONS_API_URL", "invitations_api_url", values.base_url, "Where invitations are requested"
    ),
    Variable("TRUSTPILOT_API_KEY", "api_key", values.api_key, "The API key, which is the client id", required=True),
    Variable("TRUSTPILOT_API_SECRET", "api_secret", values.printable, "Its secret", required=True),
    Variable(
        "TRUSTPILOT_BUSINESS_UNIT_ID",
        "business_unit_id",
        values.identifier,
        "For which business unit consumers are invited",
        required=True,
    ),
    Variable(
        "TRUSTPILOT_BUSINESS_USER_ID",
        "business_user_id",
        values.identifier,
        "On whose behalf: an admin or manager of the unit",
        required=True,
    ),
    Variable("TRUSTPILOT_PARTNER_ID", "partner_id", values.printable, "Sent as a header with every call"),
    Variable("TRUSTPILOT_PARTNER_HEADER", "partner_header", values.header_name, "As which header; no source names it"),
    Variable(
        "TRUSTPILOT_PARTNER_API_KEY",
        "partner_api_key",
        values.api_key,
        "The partner's own API key: with the other partner variables, `OAUTH_REDIRECT_URI` and `ENCRYPTION_KEYS`, "
        "customers can connect their shops",
    ),
    Variable("TRUSTPILOT_PARTNER_API_SECRET", "partner_api_secret", values.printable, "Its secret"),
    Variable(
        "TRUSTPILOT_PARTNER_USERNAME",
        "partner_username",
        values.line,
        "The partner's business user, without 2-step verification",
    ),
    Variable("TRUSTPILOT_PARTNER_PASSWORD", "partner_password", values.line, "Its password"),
    Variable("TRUSTPILOT_AUTHENTICATE_URL", "authenticate_url", values.base_url, "Where customers log in"),
    Variable(
        "OAUTH_REDIRECT_URI",
        "oauth_redirect_uri",
        values.oauth_redirect_uri,
        "Where customers come back to: our address with a path of your choice, registered with Trustpilot, https or "
        "loopback",
    ),
    Variable(
        "TRUSTPILOT_TIMEOUT",
        "timeout",
        values.seconds,
        "Seconds to wait for a connection, and again for each part of an answer",
    ),
    Variable(
        DATABASE_URL,
        "database_url",
        values.database_url,
        "A file of SQLite for one copy, `postgresql://...` for several",
    ),
    Variable(
        "ENCRYPTION_KEYS",
        "encryption_keys",
        _keys,
        "Seal secrets and addresses: the first one does, all can open. Without any, a key derived from "
        "`TRUSTPILOT_API_SECRET` does, and no connections can be stored",
    ),
    Variable(
        "ON_UNKNOWN_OUTCOME",
        "repeat_unknown",
        _on_unknown,
        "When nobody knows whether an invitation was made: `hold` the order, or `repeat` it and risk a second mail",
    ),
    Variable(
        "CONSUMER_CAP", "consumer_cap", values.count, "Most invitations of one buyer within the span; 0 for any number"
    ),
    Variable("CONSUMER_CAP_DAYS", "consumer_cap_span", values.some_days, "That span"),
    Variable(
        "ORDER_RETENTION_DAYS",
        "order_retention",
        values.some_days,
        "How long an order is remembered, without personal data; a replay after that invites again",
    ),
    Variable(
        "ADDRESS_RETENTION_DAYS",
        "address_retention",
        values.some_days,
        "How long the buyer of an order is remembered, sealed, to be erased at Trustpilot on demand",
    ),
    Variable("METRICS_TOKEN", "metrics_token", values.printable, "What `/metrics` asks for as a Bearer token"),
)
"""Every variable but those of :data:`~contracts.destination.preferences.CHOICES`."""
