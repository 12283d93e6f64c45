"""The Trustpilot things of a sandbox, as plain records, and the world that holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mockserver.chance import Chance
from mockserver.clock import Clock, parse_iso
from mockserver.ring import Ring
from mockserver.timeline import Due, Schedule

Json = dict[str, Any]
Grant = Literal["password", "client_credentials", "authorization_code", "refresh_token"]


@dataclass(slots=True)
class BusinessUnit:
    """One domain with its reviews. ``stars`` counts reviews by their number of stars."""

    id: str
    domain: str
    referring: list[str]
    display_name: str
    country: str
    plan: Literal["paid", "free"]
    partner_permission: bool
    stars: dict[int, int]
    only_partner: str | None = None


@dataclass(slots=True)
class BusinessUser:
    """A person with a login. ``roles`` gives the role on each business unit."""

    id: str
    username: str
    password: str
    name: str
    roles: dict[str, str]
    two_step: bool = False


@dataclass(slots=True)
class Partner:
    """A company that builds integrations."""

    id: str
    name: str


@dataclass(slots=True)
class Application:
    """An API key with its secret: a shop's own, a partner's, or one a partner made for a customer."""

    key: str
    secret: str
    name: str
    business_units: list[str] = field(default_factory=list)
    redirect_uris: list[str] = field(default_factory=list)
    partner: str | None = None
    customer_of: str | None = None


@dataclass(slots=True)
class Token:
    """An access token. ``user_id`` is None for client credentials, which act for nobody."""

    value: str
    application: Application
    grant: Grant
    user_id: str | None
    issued_at: float
    expires_at: float
    revoked: bool = False


@dataclass(slots=True)
class RefreshToken:
    """What a new pair of tokens is given for, once. ``access`` is the access token issued with it."""

    value: str
    application: Application
    user_id: str | None
    expires_at: float
    access: str


@dataclass(slots=True)
class Code:
    """An authorization code, good for one exchange."""

    value: str
    application: Application
    user_id: str
    redirect_uri: str
    expires_at: float


@dataclass(slots=True)
class Template:
    """The text of an invitation mail."""

    id: str
    business_unit: str
    name: str
    type: Literal["service", "product"]
    locale: str
    default: bool


@dataclass(slots=True)
class Invitation:
    """An e-mail invitation.

    :param request: the JSON object that was sent, as it was sent: ten thousand of these are kept, and as bytes they
        are a quarter of the size
    :param due: its place on the timeline
    """

    id: str
    business_unit_id: str
    business_user_id: str | None
    request: bytes
    created_at: float
    send_at: float
    trace: str | None
    due: Due
    state: Literal["queued", "delivered"] = "queued"
    sent_at: float | None = None


@dataclass(slots=True)
class ProductReview:
    """A published review of one product."""

    id: str
    unit: str
    sku: str
    url: str
    stars: int
    language: str
    created_at: float
    consumer: Json
    content: str


class World:
    """All Trustpilot things of one sandbox. Rules read and change it under the sandbox's lock.

    :param seed: the world file, its placeholders replaced
    :param clock: the sandbox's time
    :param chance: for ids, the same for the same seed
    :param secrets: for keys and tokens, different in every sandbox
    :param schedule: the sandbox's timeline
    :param variants: the sandbox's switches
    :param on_credential: told every new credential by which the sandbox can be found
    :param off_credential: told when one is forgotten
    """

    def __init__(
        self,
        seed: Mapping[str, Any],
        *,
        clock: Clock,
        chance: Chance,
        secrets: Chance,
        schedule: Schedule,
        variants: Mapping[str, str],
        on_credential: Callable[[str], None],
        off_credential: Callable[[str], None],
    ) -> None:
        self.clock = clock
        self.chance = chance
        self.secrets = secrets
        self.schedule = schedule
        self.variants = variants
        self._on_credential = on_credential
        self.units = {entry["id"]: _unit(entry) for entry in seed["business_units"]}
        self.unit_names = {name.lower(): unit for unit in self.units.values() for name in unit.referring}
        self.users = {entry["id"]: BusinessUser(**entry) for entry in seed["business_users"]}
        self.partners = {entry["id"]: Partner(**entry) for entry in seed["partners"]}
        self.templates = {entry["id"]: Template(**entry) for entry in seed["templates"]}
        self.product_reviews = sorted(
            (_product_review(entry) for entry in seed["product_reviews"]), key=lambda review: -review.created_at
        )
        self.applications: dict[str, Application] = {}
        self.tokens: Ring[str, Token] = Ring(forget=lambda token: off_credential(token.value))
        self.refresh_tokens: Ring[str, RefreshToken] = Ring(forget=lambda token: off_credential(token.value))
        self.codes: Ring[str, Code] = Ring(forget=lambda code: off_credential(code.value))
        self.invitations: Ring[str, Invitation] = Ring(forget=lambda invitation: schedule.call_off(invitation.due))
        for entry in seed["applications"]:
            self.add_application(Application(**entry))
        for partner_id in self.partners:
            on_credential(partner_id)

    def now(self) -> float:
        """The moment it is in the sandbox."""
        return self.clock.now()

    def add_application(self, application: Application) -> None:
        """Make an API key known."""
        self.applications[application.key] = application
        self._on_credential(application.key)

    def add_token(self, token: Token) -> None:
        """Make an access token known."""
        self.tokens[token.value] = token
        self._on_credential(token.value)

    def add_refresh_token(self, token: RefreshToken) -> None:
        """Make a refresh token known."""
        self.refresh_tokens[token.value] = token
        self._on_credential(token.value)

    def add_code(self, code: Code) -> None:
        """Make an authorization code known."""
        self.codes[code.value] = code
        self._on_credential(code.value)

    def user_named(self, username: str) -> BusinessUser | None:
        """The business user with that login."""
        return next((user for user in self.users.values() if user.username.lower() == username.lower()), None)


def _unit(entry: Mapping[str, Any]) -> BusinessUnit:
    return BusinessUnit(**{"referring": [entry["domain"]], **entry})


def _product_review(entry: Mapping[str, Any]) -> ProductReview:
    fields = dict(entry)
    created_at = parse_iso(fields.pop("at"))
    if created_at is None:
        raise ValueError(f"product review {entry['id']}: 'at' is no date")
    consumer = fields.pop("consumer")
    return ProductReview(
        created_at=created_at, consumer={"id": consumer["id"], "displayName": consumer["name"]}, **fields
    )
