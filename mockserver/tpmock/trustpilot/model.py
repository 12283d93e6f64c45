"""The Trustpilot things of a sandbox, as plain records: accounts, invitations, reviews and related data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Grant = Literal["password", "client_credentials", "authorization_code", "refresh_token", "implicit"]


@dataclass(slots=True)
class BusinessUnit:
    """One domain. The world's indexes hold and count its reviews.

    :param integration_key: the key with which plugins and pages of the shop send orders
    """

    id: str
    domain: str
    referring: list[str]
    display_name: str
    country: str
    plan: Literal["paid", "free"]
    partner_permission: bool
    only_partner: str | None = None
    categories: list[str] = field(default_factory=list)
    profile: Json = field(default_factory=dict)
    integration_key: str | None = None


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
    """An access token. ``user_id`` is None for client credentials, which have no user."""

    value: str
    application: Application
    grant: Grant
    user_id: str | None
    issued_at: float
    expires_at: float
    revoked: bool = False


@dataclass(slots=True)
class RefreshToken:
    """A refresh token, valid once. ``access`` is the access token issued with it."""

    value: str
    application: Application
    user_id: str | None
    expires_at: float
    access: str


@dataclass(slots=True)
class Code:
    """An authorization code, valid for one exchange."""

    value: str
    application: Application
    user_id: str
    redirect_uri: str
    expires_at: float


@dataclass(slots=True)
class Template:
    """The text of an invitation email."""

    id: str
    business_unit: str
    name: str
    type: Literal["service", "product"]
    locale: str
    default: bool


#: States of an invitation, in the words of Trustpilot's status page.
InvitationState = Literal["queued", "sending", "delivered", "delivered-unsubscribed", "not-delivered"]


@dataclass(slots=True)
class Invitation:
    """One email of an invitation: a request for service and product reviews creates two.

    :param type: service or product
    :param request: the JSON object as sent: bytes need a quarter of the memory, which counts for ten thousand
        emails; the two emails of a request share it
    :param request_id: shared by the emails of one request
    :param base_url: the address by which the caller reached us, so that the link in the email leads back to us
    :param due: its number on the timeline
    :param reason: why it was not delivered
    :param link: the id of the link in the email, once it is delivered
    """

    id: str
    type: Literal["service", "product"]
    business_unit_id: str
    business_user_id: str | None
    request: bytes
    request_id: str
    base_url: str
    created_at: float
    send_at: float
    trace: str | None
    due: int
    state: InvitationState = "queued"
    reason: str | None = None
    sent_at: float | None = None
    link: str | None = None


@dataclass(slots=True)
class Consumer:
    """A person who writes reviews. Private calls show ``email``, public calls never do."""

    id: str
    display_name: str
    email: str | None = None
    name: str | None = None
    city: str | None = None
    country: str | None = None
    locale: str | None = None
    about: str | None = None
    gender: str | None = None
    birth_year: int | None = None
    has_image: bool = False
    created_at: float | None = None


@dataclass(slots=True)
class CompanyReply:
    """A company's answer to a service review."""

    text: str
    created_at: float
    updated_at: float | None = None
    author_business_user_id: str | None = None


@dataclass(slots=True)
class Report:
    """A report of a review: reason, reporter, and what is shown meanwhile."""

    source: str
    reasons: list[str]
    created_at: float
    public_comment: str | None = None
    review_visibility: str = "visible"


@dataclass(slots=True)
class FinderRequest:
    """A company's question about the identity of a review's writer."""

    id: str
    created_at: float
    status: str
    message: str | None
    consumer_response: Json | None = None


@dataclass(slots=True)
class UnitChange:
    """A business unit that a review belonged to before, and when it was moved away."""

    business_unit_id: str
    identifying_name: str
    display_name: str
    changed_at: float


@dataclass(slots=True)
class ServiceReview:
    """A review of a company. ``reference_id`` and ``referral_email`` come from the invitation it answers, if any."""

    id: str
    unit: str
    consumer: str
    stars: int
    title: str
    text: str
    language: str
    created_at: float
    experienced_at: float | None = None
    updated_at: float | None = None
    source: str = "Organic"
    reference_id: str | None = None
    referral_email: str | None = None
    location: str | None = None
    verified: bool = False
    likes: list[str] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    reply: CompanyReply | None = None
    report: Report | None = None
    finder_requests: list[FinderRequest] = field(default_factory=list)
    trace: str | None = None
    compliance_labels: list[str] = field(default_factory=list)
    business_unit_history: list[UnitChange] = field(default_factory=list)


@dataclass(slots=True)
class ProductReview:
    """A review of one product. An imported one was collected elsewhere before."""

    id: str
    unit: str
    sku: str
    url: str
    stars: int
    language: str
    created_at: float
    consumer: str
    content: str
    locale: str = "en-US"
    product_name: str = ""
    brand: str | None = None
    state: Literal["published", "unpublished", "underModeration", "archived"] = "published"
    imported: bool = False
    reference_id: str | None = None
    conversation: str | None = None
    attribute_ratings: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    trace: str | None = None


@dataclass(slots=True)
class Comment:
    """One comment of a conversation."""

    id: str
    author_id: str
    author_type: Literal["businessUser", "consumer"]
    content: str
    created_at: float
    updated_at: float | None = None


@dataclass(slots=True)
class Conversation:
    """The conversation of a company with the writer of a product review."""

    id: str
    unit: str
    consumer: str
    review: str
    state: Literal["public", "private"] = "public"
    comments: list[Comment] = field(default_factory=list)


@dataclass(slots=True)
class Product:
    """An entry of a unit's catalog, with Trustpilot's own field names in ``fields``."""

    id: str
    unit: str
    sku: str
    fields: Json


@dataclass(slots=True)
class Location:
    """One address of a company. ``external_id`` is the company's own code, ``id`` a UUID."""

    id: str
    unit: str
    external_id: str
    name: str
    url_formatted_name: str
    address: Json = field(default_factory=dict)


@dataclass(slots=True)
class InvitationLink:
    """A link for one consumer to write a service review, or reviews of ``products``.

    :param products: with Trustpilot's own field names; ``sku`` and ``name`` at least
    :param used: whether the review, or all of them, have been written
    :param answered: the SKUs of ``products`` that have their review
    :param invitation: the id of the email that contains it; None for a link that was requested directly
    """

    id: str
    unit: str
    kind: Literal["service", "product"]
    reference_id: str | None
    email: str | None
    name: str | None
    locale: str | None
    redirect_uri: str | None
    created_at: float
    location: str | None = None
    tags: list[str] = field(default_factory=list)
    products: list[Json] = field(default_factory=list)
    used: bool = False
    answered: list[str] = field(default_factory=list)
    invitation: str | None = None
    trace: str | None = None


@dataclass(slots=True)
class Deletion:
    """The record of a deleted review or consumer, with the time: nothing else of it is kept."""

    id: str
    deleted_at: float


@dataclass(slots=True)
class Subscription:
    """A webhook subscription of an address to one kind of event (set by hand in the real app)."""

    id: str
    event: str
    url: str
    unit: str


@dataclass(slots=True)
class WebhookAttempt:
    """One attempt to post a webhook."""

    at: float
    status: int | None
    error: str | None
    milliseconds: float


@dataclass(slots=True)
class WebhookDelivery:
    """The webhook of one event for one subscription.

    :param body: the documented envelope, as posted
    :param review: the review of the event: an address gets the events of one review in order
    :param due: the number of the next attempt on the timeline
    """

    id: int
    event: str
    url: str
    body: bytes
    trace: str | None
    created_at: float
    review: str
    state: Literal["pending", "delivered", "failed"] = "pending"
    attempts: list[WebhookAttempt] = field(default_factory=list)
    due: int | None = None
