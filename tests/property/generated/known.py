"""Things that exist: made-up ids alone would always be refused, and would not test the code behind that check."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase
from tpmock import spec

from tests.property.generated import good
from tests.property.generated.callers import Caller

#: One of this number of calls stays as generated.
STRANGER: Final = 8
_MORE_THAN_A_PAGE: Final = 100
#: What these remove others need; they meet what exists in the stateful phase, which makes it first.
_REMOVING: Final = frozenset({"deleteSandbox", "deleteReview", "deleteConsumer"})
_TAKING_BACK: Final = frozenset({"resetSandbox", "restoreSnapshot"})
#: Texts that mean something: a schema cannot say which locales, operations or templates there are.
_WORDS: Final[dict[str, Any]] = {
    "locale": "en-US",
    "sku": "ABC-1234",
    "page": 1,
    "limit": 1,
    "skip": 0,
    "startDateTime": "2024-01-01T00:00:00",
    "endDateTime": "2030-01-01",
    "startDate": "2024-01-01",
    "endDate": "2030-01-01",
    "preferredSendTime": "2030-01-01T12:00:00",
    "deleteOlderThan": "2013-09-23T13:37:00.000Z",
    "world": "default",
    "operation": "findBusinessUnit",
    "effect": "cut",
    "by": "PT1S",
    "delay": "PT1S",
    "timeout": "PT1S",
}
#: Members of bodies that name something.
_NAMING: Final = frozenset({"metadataId", "sourceId", "if"})
#: Lists from which a walk can go on.
_LEADING: Final = ("invitations", "webhooks")
#: What only an answer can give; left out, a list begins, and a review answers no invitation.
_GIVEN: Final = frozenset({"cursor", "pagination.cursor", "pageToken", "nextToken", "invitation"})


class Known:
    """What exists in two sandboxes.

    :param world: caller for the sandbox that programs use
    :param steered: caller for the sandbox whose clock, faults and variants change
    """

    def __init__(self, world: Caller, steered: Caller) -> None:
        operations = spec.load("trustpilot").operations

        def made(operation: str, **values: str) -> Any:
            wanted = good.values(world.sandbox, operations[operation]) | values
            answer = world.call(operations[operation], wanted, good.BODIES[operation])
            assert answer.status < 300, answer.text
            return answer.json if answer.body else None

        for _ in range(_MORE_THAN_A_PAGE):
            world.sandbox.control("POST", "/reviews", {"stars": 2})
        for number in range(2):
            world.sandbox.control("DELETE", f"/reviews/53bffd36000064000297537{number + 1}")
            world.sandbox.control("DELETE", f"/consumers/61761f1e8d2c4a0013b5c7d{12 + number:x}")
        made("addServiceReviewTags")
        steered.sandbox.control("POST", "/webhook-subscriptions", good.BODIES["createWebhookSubscription"])
        steered.sandbox.control("POST", "/reviews", {"stars": 5})
        conversation = made("createProductReviewConversation")
        steered.sandbox.invite()
        self._things: dict[str, Any] = {
            **conversation,
            "commentId": made("createComment", **conversation)["commentId"],
            "linkId": made("createServiceReviewInvitationLink")["id"],
            "invitationId": steered.sandbox.rows("invitations")[0]["id"],
        }
        names = ("templateId", "businessUnitId")
        self._words = _WORDS | {name: world.sandbox[name] for name in names}
        self._words["x-business-user-id"] = world.sandbox["businessUserId"]
        self.taken_back: set[str] = set()
        self._own = ["default", steered.sandbox.id, world.sandbox.id]
        self._by_api = {"trustpilot": world, "segment-tracking": world, "segment-public": world, "control": steered}

    def put_into(self, case: Any, operation: spec.Operation, kept: frozenset[str] = frozenset()) -> None:
        """Let a made-up call be about something that exists, unless what is wrong with it stands in that place.

        :param kept: names of parameters and members that an earlier answer gave
        """
        self._spare(case, operation)
        # By what was made up, and by nothing that earlier calls have a part in: a walk has to be the same each time.
        parts = [
            {k: v for k, v in (part or {}).items() if k not in kept} for part in (case.path_parameters, case.query)
        ]
        mark = zlib.crc32(repr((operation.id, parts)).encode())
        if operation.id in _REMOVING or mark % STRANGER == 0:
            return
        values = good.values(self._by_api[operation.api].sandbox, operation) | self._things
        if operation.id == "listWorldCollection" and case.meta.phase.name == TestPhase.STATEFUL:
            values["collection"] = _LEADING[mark % 2]
        else:
            values.pop("collection", None)
        for location, part in (
            (ParameterLocation.PATH, case.path_parameters),
            (ParameterLocation.QUERY, case.query),
            (ParameterLocation.HEADER, case.headers),
            (ParameterLocation.BODY, case.body),
        ):
            if isinstance(part, MutableMapping) and not case.meta.is_negative_at(location):
                known = self._words | (_named(operation) if location is ParameterLocation.BODY else values)
                _say(part, known, kept)

    def note(self, case: Any, operation: spec.Operation, status: int) -> None:
        """Note which sandboxes were reset: their earlier data is gone without a deletion."""
        if operation.id in _TAKING_BACK and status < 300:
            self.taken_back.add(case.path_parameters["sandboxId"])

    def was_taken_back(self, case: Any) -> bool:
        """Whether a call is about such a sandbox."""
        return (case.path_parameters or {}).get("sandboxId") in self.taken_back

    def _spare(self, case: Any, operation: spec.Operation) -> None:
        """What lists told of the sandboxes here may not be turned against them: others are there for that."""
        path = case.path_parameters or {}
        if operation.id == "deleteSandbox" and path.get("sandboxId") in self._own:
            path["sandboxId"] = "nobody"
        elif path.get("sandboxId") in self._own:
            path["sandboxId"] = self._own[1]


def _named(operation: spec.Operation) -> dict[str, Any]:
    """What a good body of an operation names that exists."""
    body = good.BODIES.get(operation.id)
    return {name: value for name, value in body.items() if name in _NAMING} if isinstance(body, dict) else {}


def _say(part: MutableMapping[str, Any], known: Mapping[str, Any], kept: frozenset[str]) -> None:
    for name in [name for name in part if name not in kept]:
        if name in _GIVEN:
            del part[name]
        elif name in known and part[name] is not None:
            part[name] = known[name]
        elif isinstance(part[name], dict):
            _say(part[name], known, kept)
