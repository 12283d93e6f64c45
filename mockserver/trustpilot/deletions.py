"""What must be deleted wherever it was stored. Chapter "Deletions API"."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any, Final

from mockserver import hints
from mockserver.answers import Bindings
from mockserver.clock import iso_milliseconds, parse_iso
from mockserver.problems import Problem
from mockserver.trustpilot.model import Deletion
from mockserver.trustpilot.world import World

bindings = Bindings()

_DAY: Final = 86_400
_IS_DAY: Final = re.compile(r"[\d-]+", re.ASCII)


@bindings.handles("listDeletedReviews")
def list_deleted_reviews(
    world: World, limit: int, start_date: str | None, end_date: str | None, next_token: str | None
) -> dict[str, Any]:
    """Service reviews, in the order in which they went."""
    rows, token = _page(world.deleted_reviews.values(), "reviewId", limit, start_date, end_date, next_token)
    return {"reviews": rows, "nextToken": token}


@bindings.handles("listDeletedConsumers")
def list_deleted_consumers(
    world: World, limit: int, start_date: str | None, end_date: str | None, next_token: str | None
) -> dict[str, Any]:
    """Consumers, in the order in which they left."""
    rows, token = _page(world.deleted_consumers.values(), "consumerId", limit, start_date, end_date, next_token)
    return {"consumers": rows, "nextToken": token}


def _page(
    gone: Iterable[Deletion], name: str, limit: int, start: str | None, end: str | None, token: str | None
) -> tuple[list[dict[str, str]], str | None]:
    first, last = _moment("startDate", start), _end(end)
    found = [
        one for one in gone if (first is None or one.deleted_at >= first) and (last is None or one.deleted_at < last)
    ]
    if token is not None:
        found = _after(found, name, token)
    rows = [{name: one.id, "deletedAt": iso_milliseconds(one.deleted_at)} for one in found[:limit]]
    return rows, _token(name, found[limit - 1]) if len(found) > limit else None


def _end(text: str | None) -> float | None:
    """A day counts to its end; a moment is a moment."""
    moment = _moment("endDate", text)
    return moment if moment is None or text is None or not _IS_DAY.fullmatch(text) else moment + _DAY


def _moment(name: str, text: str | None) -> float | None:
    if text is None:
        return None
    moment = parse_iso(text)
    if moment is None:
        sentence = hints.moment_unreadable(name, text)
        raise Problem("invalid-request", hint=sentence, detail=sentence)
    return moment


def _token(name: str, last: Deletion) -> str:
    """As the sample's: the base64 of JSON that names the last one shown."""
    return base64.b64encode(json.dumps({"lastEvaluatedKey": {name: last.id}}).encode()).decode()


def _after(found: list[Deletion], name: str, token: str) -> list[Deletion]:
    try:
        last = json.loads(base64.b64decode(token, validate=True))["lastEvaluatedKey"][name]
        index = [one.id for one in found].index(last)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Problem("invalid-request", hint=hints.NEXT_TOKEN, detail=hints.NEXT_TOKEN) from None
    return found[index + 1 :]
