"""The world of a sandbox: all its Trustpilot things, and their indexes."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from sys import getsizeof
from typing import Final, Literal, Protocol, TypeVar

from tpmock.core.bounded import BoundedDict, weight_of
from tpmock.core.memory import MEGABYTE
from tpmock.core.rate_meter import RateMeter
from tpmock.outbound.services import SandboxServices
from tpmock.trustpilot import model
from tpmock.trustpilot.review_index import ReviewIndex
from tpmock.trustpilot.world_state import WorldState

#: Maximum bytes of invitations, of their links and of webhooks, each.
RECORDS_BYTES: Final = 16 * MEGABYTE
#: Bytes of one of them without its texts, and of a webhook attempt.
OWN_BYTES: Final = 500

Credential = model.Token | model.RefreshToken | model.Code

#: Fields that are a mapping by key in a world and a list in its state.
_BY_KEY: Final = (
    *("units", "users", "partners", "applications", "templates", "consumers", "products", "locations", "tokens"),
    *("refresh_tokens", "codes", "invitations", "links", "conversations", "deleted_reviews", "deleted_consumers"),
    "subscriptions",
)


class _HasId(Protocol):
    id: str


_R = TypeVar("_R", bound=_HasId)


def by_id(records: Iterable[_R]) -> dict[str, _R]:
    """Return records by their id."""
    return {record.id: record for record in records}


def fingerprint(email: str) -> str:
    """Return a hash that recognizes an address without revealing it."""
    return hashlib.sha256(email.lower().encode("utf-8", "surrogatepass")).hexdigest()


def _link_weight(link: model.InvitationLink) -> int:
    texts = (link.reference_id, link.email, link.name, link.redirect_uri, link.location)
    return OWN_BYTES + sum(map(getsizeof, texts)) + weight_of(link.tags) + weight_of(link.products)


class World(SandboxServices):
    """All Trustpilot things of one sandbox. Handlers read and change it under the sandbox's lock.

    :param state: its records, which it takes over
    """

    def __init__(self, state: WorldState, services: SandboxServices) -> None:
        super().__init__(**vars(services))
        self.meter = RateMeter(state.calls)
        # Accounts
        self.units = by_id(state.units)
        self.unit_names = {name.lower(): unit for unit in state.units for name in unit.referring}
        self.unit_by_key = {unit.integration_key: unit for unit in state.units if unit.integration_key}
        self.users = by_id(state.users)
        self.partners = by_id(state.partners)
        self.applications: dict[str, model.Application] = {}
        self.tokens: BoundedDict[str, model.Token] = BoundedDict(on_evict=self._disown)
        self.refresh_tokens: BoundedDict[str, model.RefreshToken] = BoundedDict(on_evict=self._disown)
        #: Refresh tokens that are no longer valid, and why; not saved with the state.
        self.spent: BoundedDict[str, Literal["used", "revoked"]] = BoundedDict()
        self.codes: BoundedDict[str, model.Code] = BoundedDict(
            on_evict=self._disown, weigh=lambda _, code: OWN_BYTES + getsizeof(code.redirect_uri), most=RECORDS_BYTES
        )
        # Invitations
        self.templates = by_id(state.templates)
        #: Unsent ones wait and are not evicted.
        self.invitations = BoundedDict(
            by_id(state.invitations),
            on_evict=lambda invitation: self.schedule.cancel(invitation.due),
            weigh=lambda _, invitation: OWN_BYTES + len(invitation.request),
            most=RECORDS_BYTES,
            waits=lambda invitation: invitation.state in ("queued", "sending"),
            memory=self.memory,
            name="invitations",
        )
        self.links: BoundedDict[str, model.InvitationLink] = BoundedDict(
            on_evict=lambda link: self.off_credential(link.id),
            weigh=lambda _, link: _link_weight(link),
            most=RECORDS_BYTES,
            memory=self.memory,
            name="links",
        )
        #: People who unsubscribed from invitation emails, by :func:`fingerprint`: their addresses may be erased, and
        #: they still want no email. A state file of an earlier version has the addresses themselves.
        self.unsubscribed: BoundedDict[str, None] = BoundedDict(
            dict.fromkeys(fingerprint(known) if "@" in known else known for known in state.unsubscribed)
        )
        # Reviews
        self.consumers = by_id(state.consumers)
        #: Consumers by e-mail address, in lower case; None until first use.
        self.consumer_by_email: dict[str, str] | None = None
        self.service_reviews = ReviewIndex(state.service_reviews)
        self.product_reviews = ReviewIndex(state.product_reviews)
        self.conversations = by_id(state.conversations)
        self.products = {(product.unit, product.sku): product for product in state.products}
        self.locations = by_id(state.locations)
        # Deletions and webhooks
        self.deleted_reviews = BoundedDict(by_id(state.deleted_reviews))
        self.deleted_consumers = BoundedDict(by_id(state.deleted_consumers))
        self.subscriptions = by_id(state.subscriptions)
        webhooks = {webhook.id: webhook for webhook in state.webhooks}
        #: Undelivered ones wait and are not evicted.
        self.webhooks = BoundedDict(
            webhooks,
            weigh=lambda _, webhook: OWN_BYTES * (1 + len(webhook.attempts)) + len(webhook.body),
            most=RECORDS_BYTES,
            waits=lambda webhook: webhook.state == "pending",
            memory=self.memory,
            name="webhooks",
        )
        #: Scheduled ones and those in flight.
        self.webhooks_under_way = {number: webhooks[number] for number in state.webhooks_under_way}
        #: By review and address: undelivered webhooks in order. The first is in flight or scheduled, the others wait.
        self.webhook_queues: dict[tuple[str, str], deque[model.WebhookDelivery]] = {}
        for numbers in state.webhook_queues:
            queue = deque(webhooks[number] for number in numbers)
            self.webhook_queues[queue[0].review, queue[0].url] = queue
        self.reviews_by_consumer: dict[str, list[str]] = {}
        self._stars: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for review in self.service_reviews.all():
            self.count(review, +1)
        self._add_credentials(state)

    def _add_credentials(self, state: WorldState) -> None:
        for own in (*self.partners, *self.unit_by_key):
            self.on_credential(own)
        for application in state.applications:
            self.add_application(application)
        records: list[Credential] = [*state.tokens, *state.refresh_tokens, *state.codes]
        for record in records:
            # Merge records that the state holds twice.
            record.application = self.applications[record.application.key]
            self.add_credential(record)
        for link in state.links:
            self.add_link(link)

    def state(self) -> WorldState:
        """Return all records. They are the live ones, so serialize them under the lock."""
        return WorldState(
            **{name: list(getattr(self, name).values()) for name in _BY_KEY},
            service_reviews=list(self.service_reviews.all()),
            product_reviews=list(self.product_reviews.all()),
            unsubscribed=list(self.unsubscribed),
            webhooks=[self.webhooks[number] for number in sorted(self.webhooks)],
            webhooks_under_way=list(self.webhooks_under_way),
            webhook_queues=[[one.id for one in queue] for queue in self.webhook_queues.values()],
            calls=self.meter.state(),
        )

    @property
    def size(self) -> int:
        """Return the number of reviews and consumers, which can be very large."""
        return len(self.service_reviews) + len(self.product_reviews) + len(self.consumers)

    # --- credentials ----------------------------------------------------------------------------------------------

    def add_application(self, application: model.Application) -> None:
        """Add an API key."""
        self.applications[application.key] = application
        self.on_credential(application.key)

    def add_credential(self, record: Credential) -> None:
        """Add a token or an authorization code."""
        if isinstance(record, model.Token):
            self.tokens[record.value] = record
        elif isinstance(record, model.RefreshToken):
            self.refresh_tokens[record.value] = record
        else:
            self.codes[record.value] = record
        self.on_credential(record.value)

    def _disown(self, record: Credential) -> None:
        self.off_credential(record.value)

    def add_link(self, link: model.InvitationLink) -> None:
        """Add the link of an invitation; its id finds the sandbox when a consumer opens it."""
        self.links[link.id] = link
        self.traces.also(link.trace, f"linkId:{link.id}")
        self.on_credential(link.id)

    def drop_link(self, link: model.InvitationLink) -> None:
        """Remove a link: it then shows the page for an unknown one."""
        if self.links.pop(link.id, None) is not None:
            self.off_credential(link.id)

    def user_named(self, username: str) -> model.BusinessUser | None:
        """Return the business user with that login."""
        return next((user for user in self.users.values() if user.username.lower() == username.lower()), None)

    # --- numbers --------------------------------------------------------------------------------------------------

    def stars(self, unit_id: str) -> Mapping[int, int]:
        """Return the number of a unit's service reviews by number of stars."""
        return self._stars.get(unit_id, {})

    def count(self, review: model.ServiceReview, by: int) -> None:
        """Update the counts of a unit and of a consumer when a service review is added (+1) or removed (-1)."""
        self._stars[review.unit][review.stars] += by
        written = self.reviews_by_consumer.setdefault(review.consumer, [])
        if by > 0:
            written.append(review.id)
        else:
            written.remove(review.id)
