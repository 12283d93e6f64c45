"""For each operation that needs more than an id: what to send so that it says yes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tpmock.segment.model import id_of
from tpmock.spec import Operation

from tests.support.sandboxes import SandboxUnderTest, an_invitation, an_order

_LINK: Final = {"email": "ada@example.com", "name": "Ada Example"}
_SHOP_ORDER: Final = {"recipientEmail": "ada@example.com", "recipientName": "Ada Example", "referenceId": "1001"}
_PRODUCTS: Final = [{"sku": "ABC-1234", "name": "Metal Toy Car"}]
_TAGS: Final = {"tags": [{"group": "generic", "value": "tea"}]}
_LOCALE: Final = {"locale": "en-US"}
_SKU: Final = {"sku": "ABC-1234"}

#: Of the source of the default world, and of a destination of that name: ids of Segment's follow from names.
SOURCE: Final = id_of("source Shop backend")
DESTINATION: Final = id_of("destination Trustpilot")

_OVERVIEW: Final = {
    "startTime": "2026-01-01T00:00:00Z",
    "endTime": "2026-01-01T01:00:00Z",
    "granularity": "MINUTE",
    "sourceId": SOURCE,
}
OVERVIEWS: Final = (
    *("getIngressSuccessMetricsFromDeliveryOverview", "getIngressFailedMetricsFromDeliveryOverview"),
    *("getFilteredAtSourceMetricsFromDeliveryOverview", "getFilteredAtDestinationMetricsFromDeliveryOverview"),
    *("getEgressFailedMetricsFromDeliveryOverview", "getEgressSuccessMetricsFromDeliveryOverview"),
)
#: Those of them that are about one destination.
OVERVIEWS_OF_DESTINATIONS: Final = OVERVIEWS[3:]

QUERIES: Final[Mapping[str, Mapping[str, Any]]] = {
    **dict.fromkeys(OVERVIEWS, _OVERVIEW),
    **dict.fromkeys(OVERVIEWS_OF_DESTINATIONS, _OVERVIEW | {"destinationConfigId": DESTINATION}),
    "listDeliveryMetricsSummaryFromDestination": _OVERVIEW,
    "echo": {"message": "Hello"},
    "findBusinessUnit": {"name": "trustpilotdemo.com"},
    "searchBusinessUnits": {"query": "shop"},
    "listAllBusinessUnits": {"perPage": 2},
    "getBusinessUnitWebLinks": _LOCALE,
    "getServiceReviewWebLinks": _LOCALE,
    "getConsumerWebLinks": _LOCALE,
    "listBusinessUnitCategories": {"country": "DK"},
    "listCategories": {"country": "DK"},
    "getCategory": {"country": "DK"},
    "listLatestServiceReviews": {"language": "en"},
    "listDeletedReviews": {"limit": 1},
    "listDeletedConsumers": {"limit": 1},
    "deleteServiceReviewTag": {"group": "generic", "value": "tea"},
    # Only those who are not happy can be asked who they are.
    "listPrivateServiceReviews": {"stars": 1},
    "listProductReviews": _SKU,
    "getProductReviewsSummary": _SKU,
    "listImportedProductReviews": _SKU,
    "getImportedProductReviewsSummary": _SKU,
}

_REGULATION: Final = {"regulationType": "SUPPRESS_ONLY", "subjectType": "USER_ID", "subjectIds": ["u"]}
_DROP: Final = {"if": "type = 'page'", "actions": [{"type": "DROP"}]}

BODIES: Final[Mapping[str, Any]] = {
    "submitLogin": {"username": "owner@trustpilotdemo.example.com", "password": "correct-horse-battery"},
    "createEmailInvitations": an_invitation(),
    "createInvitation": {"recipientEmail": "ada@example.com", "recipientName": "Ada Example", "referenceId": "1001"},
    "sendShopOrder": _SHOP_ORDER,
    "sendShopOrders": {"invitations": [_SHOP_ORDER]},
    "sendShopSettings": {"source": "Magento2"},
    "sendPluginLog": {"message": "broken"},
    "createServiceReviewInvitationLink": _LINK,
    "createProductReviewInvitationLink": {"consumer": _LINK, "products": _PRODUCTS},
    "deleteInvitationData": {"customerEmails": ["ada@example.com"]},
    "submitServiceReviewPage": {"stars": "5", "title": "Great", "text": "All was well."},
    "submitProductReviewPage": {"stars-0": "5", "text-0": "All was well."},
    "getProductReviewsBatchSummaries": {"skus": ["ABC-1234"]},
    "getProductReviewsAttributeSummaries": {"skus": ["ABC-1234"]},
    "upsertProducts": {"products": [{"sku": "new-1", "title": "A new teapot"}]},
    "createProductReviewConversation": {},
    "createComment": {"content": "Thank you."},
    "updateComment": {"content": "Thank you very much."},
    "setConversationState": {"state": "public"},
    "replyToServiceReview": {"message": "Thank you."},
    "addServiceReviewTags": _TAGS,
    "setServiceReviewTags": _TAGS,
    "findReviewer": {},
    "createSandbox": {},
    "settle": {},
    "advanceClock": {"by": "P1D"},
    "createFault": {"operation": "findBusinessUnit", "status": 503},
    "setVariants": {"token_type": "BearerToken"},
    "putSegmentDestination": {"url": "http://127.0.0.1:9/segment", "settings": {"apiKey": "tpi-1"}},
    "testSegmentEvent": an_order(),
    "changeSegmentDestination": {"enabled": True},
    "replaySegmentEvents": {},
    "writeReview": {"stars": 5},
    "changeReview": {"stars": 4},
    "changeBusinessUnit": {"plan": "paid"},
    "changeBusinessUser": {"twoStep": True},
    "putSegmentEndpoint": {"url": "http://127.0.0.1:9/segment"},
    "putSegmentSource": {},
    "putSegmentAudience": {"members": [{"userId": "customer-1", "emails": ["ada@example.com"]}]},
    "sendEngageCalls": {"change": "audience-entered", "name": "Buyers", "profiles": [{"userId": "customer-1"}]},
    "createSource": {"slug": "another-shop", "enabled": True, "metadataId": "iUM16Md8P2"},
    "updateSource": {"enabled": True},
    "createDestination": {
        "sourceId": SOURCE,
        "metadataId": "5c6e52858392d6000101d4c1",
        "settings": {"apiKey": "tpi-1"},
    },
    "updateDestination": {"enabled": False},
    "createFilterForDestination": {"sourceId": SOURCE, "title": "No pages", "enabled": True, **_DROP},
    "updateFilterForDestination": {"enabled": False},
    "previewDestinationFilter": {"filter": _DROP, "payload": {"type": "page"}},
    "createWorkspaceRegulation": _REGULATION,
    "createSourceRegulation": _REGULATION,
    "addRedirectAddress": {"address": "https://shop.example.com/callback"},
    "createWebhookSubscription": {"event": "service-review-created", "url": "http://127.0.0.1:9/hook"},
}


def values(sandbox: SandboxUnderTest, operation: Operation) -> dict[str, Any]:
    """Parameters of a call about things of the default world, by name."""
    product = "Product" in operation.id
    login = {"client_id": sandbox["apiKey"], "redirect_uri": sandbox["redirectUri"], "response_type": "code"}
    known = {
        **login,
        "businessUnitId": sandbox["businessUnitId"],
        "partnerId": sandbox["partnerId"],
        "integrationKey": sandbox["integrationKey"],
        "consumerId": "61761f1e8d2c4a0013b5c7d9",
        "reviewId": "670d5810ba62e6b31de97de9" if product else "53bffd360000640002975370",
        "categoryId": "tea_store",
        "stars": "5",
        "sandboxId": sandbox.id,
        "name": "Trustpilot",
        "sourceId": SOURCE,
        "destinationId": DESTINATION,
        "collection": "events" if "Segment" in operation.id else "reviews",
    }
    needed = {one.name for one in operation.parameters if one.location == "path" or one.name in login}
    return {name: value for name, value in known.items() if name in needed} | dict(QUERIES.get(operation.id, {}))
