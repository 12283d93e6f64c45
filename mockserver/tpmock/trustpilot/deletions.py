"""Deleted content that integrations must delete too. Chapter "Deletions API"."""

from __future__ import annotations

import base64
import json
import re
from typing import Final

from tpmock.common.moments import iso_milliseconds
from tpmock.core import hints
from tpmock.core.problems import invalid
from tpmock.core.responses import Bindings
from tpmock.trustpilot.model import Deletion, Json
from tpmock.trustpilot.review_filters import parse_moment
from tpmock.trustpilot.world import World

bindings = Bindings()

_DAY: Final = 86_400
_IS_DAY: Final = re.compile(r"[\d-]+", re.ASCII)


#: By operation, the kind of the deleted thing and the name of its id.
_FEEDS: Final = {"listDeletedReviews": ("reviews", "reviewId"), "listDeletedConsumers": ("consumers", "consumerId")}


@bindings.handles(*_FEEDS)
def list_deleted(world: World, operation: str, limit: int, next_token: str | None, arguments: Json) -> Json:
    """List deleted service reviews or consumers, in the order of deletion."""
    feed, name = _FEEDS[operation]
    gone = (world.deleted_reviews if feed == "reviews" else world.deleted_consumers).values()
    first, last = parse_moment("startDate", arguments["start_date"]), _end(arguments["end_date"])
    found = [
        one for one in gone if (first is None or one.deleted_at >= first) and (last is None or one.deleted_at < last)
    ]
    if next_token is not None:
        found = _after(found, name, next_token)
    rows = [{name: one.id, "deletedAt": iso_milliseconds(one.deleted_at)} for one in found[:limit]]
    if len(found) <= limit:
        return {feed: rows, "nextToken": None}
    # As in the sample: the base64 of JSON that names the last item of the page.
    last_shown = json.dumps({"lastEvaluatedKey": {name: found[limit - 1].id}})
    return {feed: rows, "nextToken": base64.b64encode(last_shown.encode()).decode()}


def _end(text: str | None) -> float | None:
    """Return the end of a day; a moment stays unchanged."""
    moment = parse_moment("endDate", text)
    return moment if moment is None or text is None or not _IS_DAY.fullmatch(text) else moment + _DAY


def _after(found: list[Deletion], name: str, token: str) -> list[Deletion]:
    try:
        last = json.loads(base64.b64decode(token, validate=True))["lastEvaluatedKey"][name]
        index = [one.id for one in found].index(last)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise invalid(hints.NEXT_TOKEN, "nextToken") from None
    return found[index + 1 :]
