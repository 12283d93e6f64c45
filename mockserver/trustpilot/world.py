"""The world of a sandbox: all Trustpilot things in it, and how they are found."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.chance import Chance
from mockserver.clock import Clock, parse_iso
from mockserver.meter import Meter
from mockserver.outbound import Outbound
from mockserver.ring import Ring
from mockserver.timeline import Schedule
from mockserver.trustpilot.model import (
    Application,
    BusinessUnit,
    BusinessUser,
    Code,
    Consumer,
    Conversation,
    Deletion,
    Invitation,
    InvitationLink,
    Location,
    Partner,
    Product,
    ProductReview,
    RefreshToken,
    Reply,
    Report,
    ServiceReview,
    Subscription,
    Template,
    Token,
    WebhookDelivery,
)
from mockserver.trustpilot.shelf import Shelf


class World:
    """All Trustpilot things of one sandbox. Rules read and change it under the sandbox's lock.

    :param seed: the world file, its placeholders replaced
    :param clock: the sandbox's time
    :param chance: for ids, the same for the same seed
    :param secrets: for keys and tokens, different in every sandbox
    :param schedule: the sandbox's timeline
    :param variants: the sandbox's switches
    :param outbound: the sandbox's way out, for webhooks
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
        outbound: Outbound,
        on_credential: Callable[[str], None],
        off_credential: Callable[[str], None],
    ) -> None:
        self.clock = clock
        self.chance = chance
        self.secrets = secrets
        self.schedule = schedule
        self.variants = variants
        self.outbound = outbound
        self.meter = Meter()
        self._on_credential = on_credential
        self._off_credential = off_credential
        # Accounts
        self.units = {entry["id"]: _unit(entry) for entry in seed["business_units"]}
        self.unit_names = {name.lower(): unit for unit in self.units.values() for name in unit.referring}
        self.users = {entry["id"]: BusinessUser(**entry) for entry in seed["business_users"]}
        self.partners = {entry["id"]: Partner(**entry) for entry in seed["partners"]}
        self.applications: dict[str, Application] = {}
        self.tokens: Ring[str, Token] = Ring(forget=lambda token: off_credential(token.value))
        self.refresh_tokens: Ring[str, RefreshToken] = Ring(forget=lambda token: off_credential(token.value))
        self.codes: Ring[str, Code] = Ring(forget=lambda code: off_credential(code.value))
        # Invitations
        self.templates = {entry["id"]: Template(**entry) for entry in seed["templates"]}
        self.invitations: Ring[str, Invitation] = Ring(forget=lambda invitation: schedule.call_off(invitation.due))
        self.links: Ring[str, InvitationLink] = Ring(forget=lambda link: off_credential(link.id))
        #: Whoever has unsubscribed from invitation mails, in lower case.
        self.unsubscribed: Ring[str, None] = Ring()
        # Reviews
        self.consumers = {entry["id"]: _consumer(entry) for entry in seed["consumers"]}
        #: Who has which e-mail address, in lower case; None until someone asks.
        self.consumer_by_email: dict[str, str] | None = None
        self.service_reviews = Shelf(_service_review(entry) for entry in seed["service_reviews"])
        self.product_reviews = Shelf(_product_review(entry) for entry in seed["product_reviews"])
        self.conversations: dict[str, Conversation] = {}
        self.products = {(entry["unit"], entry["sku"]): Product(**entry) for entry in seed["products"]}
        self.locations = {entry["id"]: Location(**entry) for entry in seed["locations"]}
        # What is gone, and who is told
        self.deleted_reviews: Ring[str, Deletion] = Ring()
        self.deleted_consumers: Ring[str, Deletion] = Ring()
        self.subscriptions: dict[str, Subscription] = {}
        self.webhooks: Ring[int, WebhookDelivery] = Ring()
        #: By review and address: what is not yet delivered, in its order. The first is under way, the others wait.
        self.webhook_queues: dict[tuple[str, str], deque[WebhookDelivery]] = {}
        self.reviews_by_consumer: dict[str, list[str]] = {}
        self._stars: dict[str, dict[int, int]] = {}
        for review in self.service_reviews.all():
            self.count(review, +1)
        for entry in seed["applications"]:
            self.add_application(Application(**entry))
        for partner_id in self.partners:
            on_credential(partner_id)

    def now(self) -> float:
        """The moment it is in the sandbox."""
        return self.clock.now()

    # --- accounts -------------------------------------------------------------------------------------------------

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

    def add_link(self, link: InvitationLink) -> None:
        """Make the link of an invitation known; by its id the sandbox is found when a consumer opens it."""
        self.links[link.id] = link
        self._on_credential(link.id)

    def drop_link(self, link: InvitationLink) -> None:
        """Forget a link: whoever opens it now is told that there is none."""
        if self.links.pop(link.id, None) is not None:
            self._off_credential(link.id)

    def user_named(self, username: str) -> BusinessUser | None:
        """The business user with that login."""
        return next((user for user in self.users.values() if user.username.lower() == username.lower()), None)

    # --- numbers --------------------------------------------------------------------------------------------------

    def stars(self, unit_id: str) -> Mapping[int, int]:
        """How many service reviews a unit has, by number of stars."""
        return self._stars.get(unit_id, {})

    def count(self, review: ServiceReview, by: int) -> None:
        """Keep the numbers of a unit and of a consumer right when a service review comes (+1) or goes (-1)."""
        stars = self._stars.setdefault(review.unit, {})
        stars[review.stars] = stars.get(review.stars, 0) + by
        written = self.reviews_by_consumer.setdefault(review.consumer, [])
        if by > 0:
            written.append(review.id)
        else:
            written.remove(review.id)


def _moments(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with every ``..._at`` as a moment."""
    return {name: _moment(entry, name) if name.endswith("_at") else value for name, value in entry.items()}


def _moment(entry: Mapping[str, Any], name: str) -> float:
    moment = parse_iso(entry[name])
    if moment is None:
        raise ValueError(f"world file: {entry.get('id', 'an entry')}: {name} is no date")
    return moment


def _unit(entry: Mapping[str, Any]) -> BusinessUnit:
    return BusinessUnit(**{"referring": [entry["domain"]], **entry})


def _consumer(entry: Mapping[str, Any]) -> Consumer:
    return Consumer(**_moments(entry))


def _service_review(entry: Mapping[str, Any]) -> ServiceReview:
    review = ServiceReview(**_moments(entry))
    if review.reply is not None:
        review.reply = Reply(**_moments(dict(entry["reply"])))
    if review.report is not None:
        review.report = Report(**_moments(dict(entry["report"])))
    return review


def _product_review(entry: Mapping[str, Any]) -> ProductReview:
    return ProductReview(**_moments(entry))
