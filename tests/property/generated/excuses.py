"""Findings of checks that are not mistakes: each with its reason, and with a call that shows that it still occurs.

A document can say which texts have the right form, not which of them mean something; what a schema allows may therefore
be refused all the same, with a sentence. Only refusals with the very words of an entry are excused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.property.generated.callers import operations
from tests.property.generated.good import BODIES, OVERVIEWS
from tests.support.sandboxes import an_invitation


@dataclass(frozen=True, slots=True)
class Excuse:
    """One refusal of what the document allows.

    :param operation: an operationId
    :param words: what stands in the hint
    :param reason: why the document does not say it
    :param values: parameters of a call that shows it, beside those of a good one
    :param body: its body; None for that of a good one
    :param failure: what Schemathesis calls it
    :param status: what it is answered with
    """

    operation: str
    words: str
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    failure: str = "RejectedPositiveData"
    status: int = 400


_THINGS: Final = "Which things there are changes with every call."
_FORMS: Final = "A sentence that shows the forms of a moment helps more than a pattern."
_ADDRESSES: Final = "A sentence that shows an address helps more than a pattern."
_WHOLE: Final = "The form on the page is filled in by people; what is missing is shown on the page."
_READ: Final = "Segment reads JSON, whatever Content-Type says."
_LOCALES: Final = "The variant invitation_locale says whether an unknown one is refused."
_ASKED: Final = "Segment documents parameters that are answered with an error."
_FAR: Final = "aa-AA"
_GONE: Final = "EnsureResourceAvailability"
_IDS: Final = ["00000000000000000000000a"]
_SAMPLE: Final = {"actions": [{"type": "SAMPLE"}]}

REFUSALS: Final = (
    *(
        Excuse("echo", "asks for", _ASKED, {name: value}, failure=failure, status=status)
        for name, value, failure, status in (
            ("triggerUnexpectedError", "true", "ServerError", 500),
            ("statusCode", "500", "ServerError", 500),
            ("triggerError", "true", "RejectedPositiveData", 422),
            ("triggerMultipleErrors", "true", "RejectedPositiveData", 422),
            ("statusCode", "422", "RejectedPositiveData", 422),
        )
    ),
    *(
        Excuse(name, words, "Which grants are taken depends on the credentials beside them.", {}, body)
        for name in ("createAccessToken", "refreshAccessToken")
        for words, body in (
            ("grant_type was", {"grant_type": "other"}),
            ("needs the form field", {"grant_type": "authorization_code"}),
            ("refresh_token is missing", {"grant_type": "refresh_token"}),
        )
    ),
    *(
        Excuse(name, words, _THINGS, values)
        for name in ("showLogin", "submitLogin")
        for words, values in (
            ("No sandbox owns this API key", {"client_id": "nobody"}),
            ("redirect_uri", {"redirect_uri": "https://elsewhere.example.com"}),
        )
    ),
    Excuse(
        "createEmailInvitations",
        "must be SKUs of the catalog",
        _THINGS,
        {},
        an_invitation(productReviewInvitation={"productSkus": ["nothing"]}),
    ),
    Excuse(
        "createEmailInvitations",
        "must be sent before",
        "A schema cannot compare two moments.",
        {},
        an_invitation(
            serviceReviewInvitation={"preferredSendTime": "2030-01-02T00:00:00"},
            productReviewInvitation={"preferredSendTime": "2030-01-01T00:00:00", "productSkus": ["ABC-1234"]},
        ),
    ),
    *(
        Excuse(name, "locale is not valid", _LOCALES, {}, {**BODIES[name], "locale": _FAR})
        for name in (
            *("createEmailInvitations", "createInvitation"),
            *("createServiceReviewInvitationLink", "createProductReviewInvitationLink"),
        )
    ),
    Excuse(
        "createEmailInvitations",
        "names no template of this business unit",
        _THINGS,
        {},
        an_invitation(serviceReviewInvitation={"templateId": _IDS[0]}),
    ),
    Excuse(
        "createInvitation",
        "names no template of this business unit",
        _THINGS,
        {},
        {**BODIES["createInvitation"], "templateId": _IDS[0]},
    ),
    Excuse(
        "createEmailInvitations",
        "preferredSendTime",
        _FORMS,
        {},
        an_invitation(serviceReviewInvitation={"preferredSendTime": "soon"}),
    ),
    Excuse(
        "createInvitation", "preferredSendTime", _FORMS, {}, BODIES["createInvitation"] | {"preferredSendTime": "x"}
    ),
    Excuse("deleteInvitationData", "deleteOlderThan", _FORMS, {}, {"deleteOlderThan": "soon"}),
    Excuse(
        "createProductReviewInvitationLink",
        "ids from the catalog",
        _THINGS,
        {},
        {"consumer": {"email": "ada@example.com", "name": "Ada"}, "productIds": _IDS},
    ),
    *(
        Excuse(name, "Name the products", "Two parameters of which one is needed.", {"sku": ""})
        for name in ("listProductReviews", "getProductReviewsSummary")
    ),
    *(
        Excuse(name, "Name the products", "An empty text and an empty list are the same in a query.", {"sku": ""})
        for name in ("listImportedProductReviews", "getImportedProductReviewsSummary")
    ),
    *(
        Excuse(name, words, _WHOLE, {"linkId": "trustpilotdemo.com"}, body)
        for name in ("submitServiceReviewPage", "submitProductReviewPage")
        for words, body in (
            ("one to five stars", {"x": "y"}),
            ("Describe your experience", {"stars": "5"}),
            ("Enter your name", {"stars": "5", "text": "All was well."}),
        )
    ),
    Excuse("listAllBusinessUnits", "cursor is not valid", _THINGS, {"cursor": "nothing"}),
    Excuse("listServiceReviews", "end at page 1000", "A larger page is answered by variant.", {"page": 1001}),
    Excuse("listAllServiceReviews", "pageToken is not valid", _THINGS, {"pageToken": "nothing"}),
    *(Excuse("listPrivateServiceReviews", name, _FORMS, {name: "soon"}) for name in ("startDateTime", "endDateTime")),
    *(
        Excuse(name, words, reason, {words.split()[0]: "soon"})
        for name in ("listDeletedReviews", "listDeletedConsumers")
        for words, reason in (("startDate was", _FORMS), ("endDate was", _FORMS), ("nextToken is not valid", _THINGS))
    ),
    *(
        Excuse(name, "the body is not valid JSON", _READ)
        for name in (
            *("track", "identify", "page", "screen", "group", "alias", "batch"),
            *("trackShort", "identifyShort", "pageShort", "screenShort", "groupShort", "aliasShort", "batchShort"),
            *("importBatch", "sendMetrics"),
        )
    ),
    Excuse(
        "createOauthToken",
        "must be",
        "An error message names what is missing, as for any OAuth client.",
        {},
        {"x": "y"},
    ),
    Excuse("putSegmentOauthApp", "not an RSA public key", "No schema knows a key.", {}, {"publicKeys": {"k": "x"}}),
    *(
        Excuse("putSegmentAudience", words, "A sentence says which of both, and in which form.", {}, body)
        for words, body in (
            ("give either members", {}),
            ("event: is missing", {"computes": "trait", "members": []}),
            ("is not a duration", {"event": "Order Completed", "within": "soon"}),
        )
    ),
    Excuse("putSegmentAudience", "needs a letter or a digit", "A key is made from the name.", {"name": "!"}),
    Excuse(
        "sendEngageCalls",
        "needs a letter or a digit",
        "A key is made from the name.",
        {},
        BODIES["sendEngageCalls"] | {"name": "!"},
    ),
    *(
        Excuse(name, "There is no source", _THINGS, {}, BODIES[name] | {"source": "nothing"}, _GONE, 404)
        for name in ("sendEngageCalls", "putSegmentDestination", "putSegmentAudience")
    ),
    Excuse(
        "createFilterForDestination",
        "This workspace has no source",
        _THINGS,
        {},
        BODIES["createFilterForDestination"] | {"sourceId": "nothing"},
        _GONE,
        404,
    ),
    Excuse("putSegmentEndpoint", "not a usable address", "Ports end at 65535.", {}, {"url": "http://a:99999/"}),
    *(
        Excuse(name, "pagination.cursor is not from an answer", _THINGS, {"pagination.cursor": "nothing"}, status=422)
        for name in (
            *("getDestinationsCatalog", "getSourcesCatalog", "listSources", "listDestinations"),
            *(
                "listFiltersFromDestination",
                "listWorkspaceRegulations",
                "listRegulationsFromSource",
                "listSuppressions",
            ),
        )
    ),
    *(
        Excuse(name, words, reason, values, status=422)
        for name in OVERVIEWS
        for words, reason, values in (
            ("startTime: ", _FORMS, {"startTime": "soon"}),
            ("endTime: ", _FORMS, {"endTime": "soon"}),
            ("granularity: ", "How long a stretch may be depends on it.", {"endTime": "2026-01-02T00:00:00Z"}),
            ("pagination.cursor is not from an answer", _THINGS, {"pagination.cursor": "nothing"}),
        )
    ),
    *(
        Excuse("listDeliveryMetricsSummaryFromDestination", words, reason, values, status=422)
        for words, reason, values in (
            ("startTime: ", _FORMS, {"startTime": "soon"}),
            ("endTime: ", _FORMS, {"endTime": "soon"}),
            ("granularity: ", "How long a stretch may be depends on it.", {"startTime": "2020-01-02T00:00:00Z"}),
        )
    ),
    *(
        Excuse(name, "metadataId", _THINGS, {}, BODIES[name] | {"metadataId": "x"}, status=422)
        for name in ("createSource", "createDestination")
    ),
    *(
        Excuse(name, "settings.apiKey", "The catalog has the names of the settings.", {}, body, status=422)
        for name, body in (
            ("createDestination", BODIES["createDestination"] | {"settings": {}}),
            ("updateDestination", {"settings": {"apiKey": ""}}),
        )
    ),
    *(
        Excuse(name, "needs it", "Which member an action needs follows from its type.", {}, body, status=422)
        for name, body in (
            ("createFilterForDestination", BODIES["createFilterForDestination"] | _SAMPLE),
            ("previewDestinationFilter", {"filter": {"if": "type = 'page'", **_SAMPLE}, "payload": {}}),
        )
    ),
    Excuse(
        "previewDestinationFilter",
        "if: ",
        "FQL is a language of its own.",
        {},
        {"filter": {"if": "type =", "actions": [{"type": "DROP"}]}, "payload": {}},
        status=422,
    ),
    Excuse("createSandbox", "there is no variant", "listVariants says which there are.", {}, {"variants": {"x": "y"}}),
    Excuse("createSandbox", "world: there is no", "Which there are, is said at the start.", {}, {"world": "x"}),
    Excuse(
        "putSegmentDestination",
        "has no address of",
        "Which catalog entries have an endpoint changes with every call.",
        {},
        {"integration": "Another", "settings": {"apiKey": "tpi-1"}},
    ),
    Excuse(
        "createSandbox",
        "is not a time between 1970 and 8999",
        "A calendar begins in 1970 here.",
        {},
        {"time": "0030-08-25T16:02:32Z"},
    ),
    Excuse("setVariants", "there is no variant", "listVariants says which there are.", {}, {"x": "y"}),
    *(
        Excuse(name, f"{side}: ", _FORMS, {side: "soon"})
        for name in ("listJournal", "exportJournal")
        for side in ("from", "to")
    ),
    Excuse("advanceClock", "is not a duration", _FORMS, {}, {"by": "soon"}),
    Excuse("settle", "is not a duration", _FORMS, {}, {"timeout": "soon"}),
    # Kinds of faults, their members and their one-line form: each error has a message.
    Excuse("createFault", "", "How members go together is a small language.", {}, {"operation": "x", "status": 500}),
    *(
        Excuse("putSegmentDestination", words, reason, {}, BODIES["putSegmentDestination"] | {"filters": [one]})
        for words, reason, one in (
            (
                "needs it",
                "What an action needs depends on its type.",
                {"title": "x", "if": "true", "actions": [{"type": "SAMPLE"}]},
            ),
        )
    ),
    Excuse(
        "putSegmentDestination",
        "function.code",
        "What it defines is known when it is read.",
        {},
        {"function": {"code": "0", "settings": {}}},
    ),
    *(
        Excuse(name, "not a usable address", "Ports end at 65535.", {}, BODIES[name] | {"url": "http://a:99999/"})
        for name in ("putSegmentDestination", "changeSegmentDestination", "createWebhookSubscription")
    ),
    Excuse("addRedirectAddress", "cannot be registered", _ADDRESSES, {}, {"address": "0"}),
    Excuse("writeReview", "say which product", "Only where there are several.", {}, {"stars": 5, "type": "product"}),
    *(
        Excuse(name, words, _THINGS, {}, BODIES[name] | body, _GONE, 404)
        for name, words, body in (
            ("writeReview", "There is no invitation", {"invitation": "nothing"}),
            ("writeReview", "There is no business unit", {"businessUnitId": "nothing"}),
            ("changeReview", "There is no consumer", {"likes": ["nobody"]}),
            ("addRedirectAddress", "There is no API key", {"apiKey": "unknown"}),
            ("createWebhookSubscription", "There is no business unit", {"businessUnitId": "nothing"}),
        )
    ),
    *(
        Excuse(
            name, "There is no review", "A consumer who leaves takes them along.", {"reviewId": "x"}, None, _GONE, 404
        )
        for name in ("changeReview", "deleteReview")
    ),
    Excuse("findReviewer", "one to three stars", _THINGS, {"reviewId": "53bffd36000064000297537d"}),
    Excuse("changeReview", "only product reviews", "The id says which kind it is.", {}, {"state": "archived"}),
    Excuse(
        "changeReview",
        "only service reviews",
        "The id says which kind it is.",
        {"reviewId": "670d5810ba62e6b31de97de9"},
        {"likes": []},
    ),
    Excuse("changeReview", "was not asked who they are", _THINGS, {}, {"findReviewer": {"status": "Pending"}}),
)

#: Paths on which another operation answers other methods, as one of its collections, which the check does not see; with
#: the methods of both.
SHARED: Final = {
    "writeReview": "GET, POST",
    "createWebhookSubscription": "GET, POST",
    "addRedirectAddress": "DELETE, GET, POST",
    "removeRedirectAddress": "DELETE, GET, POST",
    # Of another host: a mock behind one address serves the login page at the same path.
    "getWorkspace": "GET, POST",
}

#: Lists of which what is in them can be deleted, while the list stays; by what empties it.
EMPTIED: Final = {
    "listFaults": "clearFaults",
    "listJournal": "clearJournal",
    "listServiceReviewTags": "deleteServiceReviewTag",
}


def excused(failure: str, operation_id: str, status: int, hint: str, *, url: str, taken_back: bool = False) -> bool:
    """Whether there is an entry for what a check complained of.

    :param failure: the name of Schemathesis's failure
    :param url: as it was sent
    :param taken_back: whether the sandbox was reset or restored meanwhile, and so has nothing that was made before
    """
    if failure == _GONE and taken_back:
        return True
    if failure == "AcceptedNegativeData":
        return _empty_list(operation_id, url)
    if failure in {"AllowHeaderMismatch", "UnsupportedMethodResponse"}:
        return operation_id in SHARED
    if failure == "UseAfterFree":
        return operation_id in EMPTIED
    return any(
        (one.failure, one.operation, one.status) == (failure, operation_id, status) and one.words in hint
        for one in REFUSALS
    )


def _empty_list(operation_id: str, url: str) -> bool:
    """Whether a list in the query is an empty text on the wire, which an empty list is too, and nothing at all."""
    lists = {parameter.name for parameter in operations()[operation_id].parameters if parameter.many}
    return any(name in lists for name, text in parse_qsl(urlsplit(url).query, keep_blank_values=True) if not text)
