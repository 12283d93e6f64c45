"""The rules of Trustpilot's API for the server: its handlers, and how to identify its callers."""

from __future__ import annotations

from typing import Final

from tpmock.core import hints
from tpmock.core.api_rules import ApiRules
from tpmock.trustpilot import (
    access,
    authentication,
    business_units,
    categories,
    consumers,
    conversations,
    deletions,
    integration_key,
    invitation_data,
    invitations,
    login,
    partners,
    product_reviews,
    product_summaries,
    products,
    profiles,
    resources,
    review_page,
    service_reviews,
)

RULES: Final = ApiRules(
    bindings=(
        authentication.bindings,
        business_units.bindings,
        categories.bindings,
        consumers.bindings,
        conversations.bindings,
        deletions.bindings,
        integration_key.bindings,
        invitation_data.bindings,
        invitations.bindings,
        login.bindings,
        partners.bindings,
        product_reviews.bindings,
        product_summaries.bindings,
        products.bindings,
        profiles.bindings,
        resources.bindings,
        review_page.bindings,
        service_reviews.bindings,
    ),
    authenticators=authentication.AUTHENTICATORS,
    scheme_hints={"accessTokenQuery": hints.TOKEN_IN_QUERY},
    key_as_token_hint=hints.API_KEY_AS_TOKEN,
    guard=access.guard,
    revoke=authentication.revoke,
    path_references={
        "reviewId": "reviewId",
        "conversationId": "conversationId",
        "linkId": "linkId",
        "referenceId": "orderId",
        "referenceNumber": "orderId",
    },
    query_reference="referenceId",
    body_references=("referenceNumber", "referenceId"),
    fills={
        "createEmailInvitations": ("invitations",),
        "createInvitation": ("invitations",),
        "sendShopOrder": ("invitations",),
        "sendShopOrders": ("invitations",),
        "submitServiceReviewPage": ("webhooks",),
        "submitProductReviewPage": ("webhooks",),
    },
    full="rate-limited",
    joins_by_time=True,
)
