"""The world of a sandbox: all Trustpilot things in it, and how they are found."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Mapping

from mockserver.chance import Chance
from mockserver.clock import Clock
from mockserver.meter import Meter
from mockserver.outbound import Outbound
from mockserver.ring import Ring
from mockserver.timeline import Schedule
from mockserver.traces import Traces
from mockserver.trustpilot.model import (
    Application,
    BusinessUser,
    Code,
    Deletion,
    Invitation,
    InvitationLink,
    RefreshToken,
    ServiceReview,
    Token,
    WebhookDelivery,
)
from mockserver.trustpilot.shelf import Shelf
from mockserver.trustpilot.world_state import WorldState


def fingerprint(email: str) -> str:
    """What an address can be known again by, and not be read from."""
    return hashlib.sha256(email.lower().encode("utf-8", "surrogatepass")).hexdigest()


class World:
    """All Trustpilot things of one sandbox. Rules read and change it under the sandbox's lock.

    :param state: its records; they are its own from now on
    :param clock: the sandbox's time
    :param chance: for ids, the same for the same seed
    :param secrets: for keys and tokens, different in every sandbox
    :param schedule: the sandbox's timeline
    :param variants: the sandbox's switches
    :param traces: where what happens to an order is noted
    :param outbound: the sandbox's way out, for webhooks
    :param on_credential: told every new credential by which the sandbox can be found
    :param off_credential: told when one is forgotten
    """

    def __init__(
        self,
        state: WorldState,
        *,
        clock: Clock,
        chance: Chance,
        secrets: Chance,
        schedule: Schedule,
        variants: Mapping[str, str],
        traces: Traces,
        outbound: Outbound,
        on_credential: Callable[[str], None],
        off_credential: Callable[[str], None],
    ) -> None:
        self.clock = clock
        self.chance = chance
        self.secrets = secrets
        self.schedule = schedule
        self.variants = variants
        self.traces = traces
        self.outbound = outbound
        self.meter = Meter(state.calls)
        self._on_credential = on_credential
        self._off_credential = off_credential
        # Accounts
        self.units = {unit.id: unit for unit in state.units}
        self.unit_names = {name.lower(): unit for unit in state.units for name in unit.referring}
        self.users = {user.id: user for user in state.users}
        self.partners = {partner.id: partner for partner in state.partners}
        self.applications: dict[str, Application] = {}
        self.tokens: Ring[str, Token] = Ring(forget=lambda token: off_credential(token.value))
        self.refresh_tokens: Ring[str, RefreshToken] = Ring(forget=lambda token: off_credential(token.value))
        self.codes: Ring[str, Code] = Ring(forget=lambda code: off_credential(code.value))
        # Invitations
        self.templates = {template.id: template for template in state.templates}
        self.invitations: Ring[str, Invitation] = Ring(forget=lambda invitation: schedule.call_off(invitation.due))
        self.links: Ring[str, InvitationLink] = Ring(forget=lambda link: off_credential(link.id))
        #: Whoever has unsubscribed from invitation mails, by :func:`fingerprint`: they may have to be forgotten, and
        #: still want no mail.
        self.unsubscribed: Ring[str, None] = Ring()
        # Reviews
        self.consumers = {consumer.id: consumer for consumer in state.consumers}
        #: Who has which e-mail address, in lower case; None until someone asks.
        self.consumer_by_email: dict[str, str] | None = None
        self.service_reviews = Shelf(state.service_reviews)
        self.product_reviews = Shelf(state.product_reviews)
        self.conversations = {conversation.id: conversation for conversation in state.conversations}
        self.products = {(product.unit, product.sku): product for product in state.products}
        self.locations = {location.id: location for location in state.locations}
        # What is gone, and who is told
        self.deleted_reviews: Ring[str, Deletion] = Ring()
        self.deleted_consumers: Ring[str, Deletion] = Ring()
        self.subscriptions = {subscription.id: subscription for subscription in state.subscriptions}
        self.webhooks: Ring[int, WebhookDelivery] = Ring()
        #: Those that are due or on their way, however many: the ring may forget one, but it is not lost.
        self.webhooks_under_way: dict[int, WebhookDelivery] = {}
        #: By review and address: what is not yet delivered, in its order. The first is under way, the others wait.
        self.webhook_queues: dict[tuple[str, str], deque[WebhookDelivery]] = {}
        self.reviews_by_consumer: dict[str, list[str]] = {}
        self._stars: dict[str, dict[int, int]] = {}
        for review in self.service_reviews.all():
            self.count(review, +1)
        self._let_in(state)
        self._fill_rings(state)
        for partner_id in self.partners:
            on_credential(partner_id)

    def _let_in(self, state: WorldState) -> None:
        """What has a credential by which the sandbox is found."""
        for application in state.applications:
            self.add_application(application)
        for token in state.tokens:
            token.application = self.applications[token.application.key]
            self.add_token(token)
        for refresh_token in state.refresh_tokens:
            refresh_token.application = self.applications[refresh_token.application.key]
            self.add_refresh_token(refresh_token)
        for code in state.codes:
            code.application = self.applications[code.application.key]
            self.add_code(code)
        for link in state.links:
            self.add_link(link)

    def _fill_rings(self, state: WorldState) -> None:
        """What is kept in a ring."""
        for invitation in state.invitations:
            self.invitations[invitation.id] = invitation
        for known in state.unsubscribed:
            # A file of an earlier version has the addresses themselves.
            self.unsubscribed[fingerprint(known) if "@" in known else known] = None
        for gone, kept in (
            (state.deleted_reviews, self.deleted_reviews),
            (state.deleted_consumers, self.deleted_consumers),
        ):
            for deletion in gone:
                kept[deletion.id] = deletion
        webhooks = {webhook.id: webhook for webhook in state.webhooks}
        for webhook in state.webhooks:
            self.webhooks[webhook.id] = webhook
        self.webhooks_under_way = {number: webhooks[number] for number in state.webhooks_under_way}
        for numbers in state.webhook_queues:
            queue = deque(webhooks[number] for number in numbers)
            self.webhook_queues[queue[0].review, queue[0].url] = queue

    def state(self) -> WorldState:
        """Everything, as records; they are the living ones, so they have to be written down under the lock."""
        unfinished = [
            *self.webhooks_under_way.values(),
            *(one for queue in self.webhook_queues.values() for one in queue),
        ]
        webhooks = {one.id: one for one in [*unfinished, *self.webhooks.values()]}
        return WorldState(
            units=list(self.units.values()),
            users=list(self.users.values()),
            partners=list(self.partners.values()),
            applications=list(self.applications.values()),
            templates=list(self.templates.values()),
            consumers=list(self.consumers.values()),
            service_reviews=list(self.service_reviews.all()),
            product_reviews=list(self.product_reviews.all()),
            products=list(self.products.values()),
            locations=list(self.locations.values()),
            tokens=list(self.tokens.values()),
            refresh_tokens=list(self.refresh_tokens.values()),
            codes=list(self.codes.values()),
            invitations=list(self.invitations.values()),
            links=list(self.links.values()),
            unsubscribed=list(self.unsubscribed),
            conversations=list(self.conversations.values()),
            deleted_reviews=list(self.deleted_reviews.values()),
            deleted_consumers=list(self.deleted_consumers.values()),
            subscriptions=list(self.subscriptions.values()),
            webhooks=[webhooks[number] for number in sorted(webhooks)],
            webhooks_under_way=list(self.webhooks_under_way),
            webhook_queues=[[one.id for one in queue] for queue in self.webhook_queues.values()],
            calls=self.meter.state(),
        )

    def now(self) -> float:
        """The moment it is in the sandbox."""
        return self.clock.now()

    @property
    def size(self) -> int:
        """How many things are in it that there can be very many of."""
        return len(self.service_reviews) + len(self.product_reviews) + len(self.consumers)

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
        self.traces.also(link.trace, f"linkId:{link.id}")
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
