"""The default world shows each documented shape: every member, null where allowed, every list empty and full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

import pytest
from tpmock import spec
from tpmock.spec.model import JSON, Operation

from tests.property.generated import good
from tests.property.generated.callers import Caller
from tests.support import shapes
from tests.support.doors import InProcess, Judge
from tests.support.sandboxes import SandboxUnderTest

OPERATIONS: Final = spec.load("trustpilot").operations
#: The successes with a JSON body of every operation.
ANSWERS: Final = [
    (operation.id, status)
    for operation in OPERATIONS.values()
    for status, response in operation.responses.items()
    if status[0] == "2" and JSON in response.content
]
#: The unit of the default world that has every shape, and what belongs to it.
SHAPES: Final[dict[str, Any]] = {
    "businessUnitId": "5a0000000000000000000005",
    "sku": "MILL-1",
    "skus": "MILL-1",
    "stars": None,
    "serviceReviewId": "53bffd3600006400029753b0",
    "productReviewId": "670d5810ba62e6b31de97df0",
    "consumerId": "61761f1e8d2c4a0013b5c7df",
    "conversationId": "670d5810ba62e6b31de97fc0",
    "commentId": "670d5810ba62e6b31de97fd0",
    "includeReportedReviews": "true",
    "language": "de",
    "domain": "shapes.example.com",
    "categoryId": "animals_pets",
}
#: What has as little as is allowed.
BARE: Final = SHAPES | {
    "sku": "CUP-1",
    "skus": "CUP-1",
    "serviceReviewId": "53bffd3600006400029753b1",
    "productReviewId": "670d5810ba62e6b31de97df2",
    "consumerId": "61761f1e8d2c4a0013b5c7e0",
    "conversationId": "670d5810ba62e6b31de97fc3",
    "commentId": "670d5810ba62e6b31de97fd1",
    "categoryId": "cat_breeder",
}
#: What calls are about, one after the other; an operation takes what it has parameters for, None takes one away.
SUBJECTS: Final[tuple[Mapping[str, Any], ...]] = (
    {},
    SHAPES,
    BARE,
    *(SHAPES | {"serviceReviewId": f"53bffd3600006400029753b{number}"} for number in (2, 3, 4)),
    SHAPES | {"sku": "MILL-1,CUP-1", "perPage": 1, "language": None},
    {"productReviewId": "670d5810ba62e6b31de97ded"},
    *({"businessUnitId": f"5a000000000000000000000{number}"} for number in (3, 4)),
    {"perPage": 1, "limit": 1},
    {"page": 50, "startDate": "2030-01-01", "query": "nothing", "country": "SE", "sku": "unknown", "skus": "unknown"},
    {"page": 50, "includeReportedReviews": "true", "language": "xx", "parentId": "cat_breeder"},
)
#: Bodies of the calls that read with POST.
BODIES: Final[Mapping[str, tuple[Any, ...]]] = {
    "getProductReviewsBatchSummaries": ({"skus": ["MILL-1", "unknown"]},),
    "getProductReviewsAttributeSummaries": ({"skus": ["MILL-1", "unknown"]},),
    "getConsumerProfiles": tuple(
        {"consumerIds": [SHAPES["consumerId"], *more]} for more in ([], [BARE["consumerId"], "f" * 24])
    ),
}
#: Variants under which an operation answers with further members, beside the defaults.
VARIANTS: Final[Mapping[str, Mapping[str, str]]] = {
    "listBusinessUnitLocations": {"locations_body": "object"},
    "getProductReviewsSummary": {"product_summary_path": "filters-give-reviews"},
    "listCategories": {"category_fields": "older"},
    "getCategory": {"category_fields": "older"},
}
#: Operations whose answers are made of what the call itself sends, not of the world.
SENT: Final = (
    *("createAccessToken", "refreshAccessToken", "checkPartnerEligibility", "createPartnerCustomerKey"),
    *("createInvitation", "getInvitation", "createServiceReviewInvitationLink", "createProductReviewInvitationLink"),
    *("sendShopOrder", "sendShopOrders", "sendShopSettings", "sendPluginLog", "upsertProducts", "findReviewer"),
    *("createProductReviewConversation", "createComment", "updateComment", "createDisplayName", "validateDisplayName"),
)
JUDGED: Final = [one for one in ANSWERS if one[0] not in SENT]
#: Shapes that no answer has, by a pattern of operation and place, and why.
REASONS: Final[Mapping[str, str]] = {
    "*links = []": "An answer has links always; only the list of a next page may be empty.",
    "*.name.referring = []": "A unit is always found by its own domain.",
    "listProducts *.variationAttributes.*": "A null or an empty list there repeats what an upload sends.",
    "get*Summaries .summaries = []": "A request names at least one SKU, and each gets its summary.",
    "listBusinessUnitCategories .predictedTopCategory": "No source shows one.",
    "getCategory .countries = []": "A category is in one country at least.",
    "listCategoryBusinessUnits .businessUnits[].categories = []": "A unit of a category has that category.",
    "listLocales .locales = []": "The list is the same in every world.",
    "listCountries .countries = []": "The list is the same in every world.",
    "list[AL]*ServiceReviews .reviews[].reportData*": "All reviews and the latest ones leave out reported reviews.",
    "listAllServiceReviews .nextPageToken": "A page has 100 reviews; no unit of the default world has more.",
}


@pytest.fixture(scope="module")
def lacking() -> Iterator[dict[tuple[str, str], set[str]]]:
    """What no answer has, by operation and status."""
    door = InProcess()
    caller = Caller(SandboxUnderTest(door, Judge()))
    yield {(name, status): unseen(caller, OPERATIONS[name], status) for name, status in JUDGED}
    door.close()


def calls(caller: Caller, operation: Operation) -> Iterator[tuple[dict[str, Any], Any]]:
    """Parameters and body of every call of an operation that is worth making."""
    kind = "product" if "Product" in operation.id else "service"
    bodies = BODIES.get(operation.id, (None,))
    made: set[str] = set()
    for subject in SUBJECTS:
        about = {**subject, "reviewId": subject.get(f"{kind}ReviewId")} if f"{kind}ReviewId" in subject else subject
        values = {**good.values(caller.sandbox, operation), "domain": "new.example.com", **about}
        given = {name: value for name, value in values.items() if value is not None}
        target = caller.target(operation, given)
        if target not in made:
            made.add(target)
            yield from ((given, body) for body in bodies)


def answers(caller: Caller, operation: Operation) -> dict[str, list[Any]]:
    """The successes of an operation by status, under the default variants and under its own."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for variants in ({}, VARIANTS.get(operation.id, {})):
        caller.sandbox.control("PATCH", "/variants", variants)
        for values, body in calls(caller, operation):
            answer = caller.call(operation, values, body)
            if answer.status < 300:
                found[str(answer.status)].append(answer.json)
    defaults = spec.load("trustpilot").variants
    caller.sandbox.control(
        "PATCH", "/variants", {name: defaults[name].default for name in VARIANTS.get(operation.id, {})}
    )
    return found


def unseen(caller: Caller, operation: Operation, status: str) -> set[str]:
    """The documented shapes of an answer that no call gets."""
    schema = operation.responses[status].content[JSON].document
    found = {shape for answer in answers(caller, operation)[status] for shape in shapes.seen(schema, answer)}
    return {f"{operation.id} {shape}" for shape in set(shapes.documented(schema)) - found}


def reason(shape: str) -> str | None:
    """The pattern in :data:`REASONS` that fits a shape."""
    return next((pattern for pattern in REASONS if fnmatchcase(shape, pattern.replace("[]", "[[]]"))), None)


@pytest.mark.parametrize(("operation_id", "status"), JUDGED)
def test_the_default_world_has_every_documented_shape(
    lacking: dict[tuple[str, str], set[str]], operation_id: str, status: str
) -> None:
    assert {shape for shape in lacking[operation_id, status] if reason(shape) is None} == set()


def test_each_reason_is_needed(lacking: dict[tuple[str, str], set[str]]) -> None:
    assert {reason(shape) for shapes in lacking.values() for shape in shapes} - {None} == set(REASONS)
    assert {name for name, _ in ANSWERS} >= set(SENT)
