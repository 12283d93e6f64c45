"""Members of audiences and values of computed traits: updated with every event, sent by :mod:`.engage`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from sys import getsizeof
from typing import Any, Final

from tpmock.common.durations import seconds
from tpmock.common.moments import iso_milliseconds, parse_iso
from tpmock.core.bounded import BoundedDict, weight_of
from tpmock.core.json_text import members
from tpmock.core.memory import MEGABYTE, Memory
from tpmock.segment.model import Audience, Event, Json

#: Maximum number of audiences and computed traits of a workspace. Ours: Segment's own limit depends on the plan.
MOST: Final = 100
#: Maximum number of profiles of an audience or trait; the longest unseen are dropped first.
MOST_PROFILES: Final = 10_000
#: Maximum number of times and addresses of a profile; the oldest are dropped first.
MOST_MOMENTS: Final = 10_000
MOST_EMAILS: Final = 100
#: Maximum bytes of all audiences. Definitions and lists, which are never dropped, can use half of it.
MOST_BYTES: Final = 16 * MEGABYTE
#: Bytes of an audience and of a profile without their texts, and of a time.
_OWN_BYTES: Final = 400
_MOMENT_BYTES: Final = 32


class Audiences(BoundedDict[str, Audience]):
    """The audiences and computed traits of a workspace by name.

    When their bytes are used up, the longest unseen profiles of the largest are dropped. Definitions and lists stay.

    :param known: the initial content
    :param memory: the budget that they share with others
    """

    def __init__(self, known: Mapping[str, Audience], memory: Memory | None) -> None:
        super().__init__(
            known, size=MOST, weigh=lambda _, one: _weight(one), most=MOST_BYTES, memory=memory, name="audiences"
        )

    def observe(self, event: Event) -> None:
        """Count an event for the audiences that are computed from it. Engage's own calls do not count."""
        if self and event.reason is None and "personas" not in event.message["context"]:
            for name, audience in self.items():
                self.grow(name, count(audience, event))

    def has_room_for(self, audience: Audience) -> bool:
        """Return whether a definition fits into memory; the one it replaces is not counted."""
        others = (_defined_weight(one) for name, one in self.items() if name != audience.name)
        return _defined_weight(audience) + sum(others) <= MOST_BYTES // 2

    def forget(self, audience: Audience, user: str) -> None:
        """Delete all data of a user."""
        self.grow(audience.name, -_forget(audience, user))

    def drop_oldest(self) -> bool:
        """Drop the longest unseen profile of the largest audience that has several.

        :returns: whether one was dropped
        """
        spared = (one for one in self.values() if len(one.times) > 1)
        largest = max(spared, key=lambda one: self._weights.get(one.name, 0), default=None)
        if largest is None:
            return False
        self.forget(largest, next(iter(largest.times)))
        self.dropped += 1
        return True


def count(audience: Audience, event: Event) -> int:
    """Count an event if it is the one that the rule names and has a user.

    :returns: by how many bytes the audience has grown
    """
    message = event.message
    user = message.get("userId")
    if audience.event != message.get("event") or message["type"] != "track" or not isinstance(user, str) or not user:
        return 0
    grown = -_profile_weight(audience, user)
    moments = [*audience.times.pop(user, ()), _moment(message, event.received_at)]
    audience.times[user] = _lasting(audience, moments, event.received_at)
    known = audience.emails.setdefault(user, [])
    known.extend(email for email in dict.fromkeys(_emails(message)) if email not in known)
    del known[:-MOST_EMAILS]
    grown += _profile_weight(audience, user)
    while len(audience.times) > MOST_PROFILES:
        grown -= _forget(audience, next(iter(audience.times)))
    return grown


def prune(audience: Audience, now: float) -> None:
    """Drop times that no longer count, and users who are neither members nor need a call."""
    for user, moments in audience.times.items():
        audience.times[user] = _lasting(audience, moments, now)
    for user in users(audience) - set(audience.listed):
        if not audience.times.get(user) and not audience.told.get(user):
            _forget(audience, user)


def values(audience: Audience, now: float) -> dict[str, Any]:
    """Return the current values by user id: membership, or the number of events for a computed trait."""
    if audience.event is None:
        return dict.fromkeys(audience.listed, True)
    since = _since(audience, now)
    counts = {user: sum(since < moment <= now for moment in moments) for user, moments in audience.times.items()}
    if audience.computes == "trait":
        return counts
    return {user: True for user, found in counts.items() if found}


def changes(audience: Audience, now: float) -> dict[str, Any]:
    """Return by user id the values that destinations do not have yet; a member who left has the value False."""
    current = values(audience, now)
    if audience.computes == "audience":
        current |= {user: False for user, told in audience.told.items() if told and user not in current}
    return {user: value for user, value in current.items() if audience.told.get(user) != value}


def users(audience: Audience) -> set[str]:
    """Return all users of whom it has data."""
    return {*audience.listed, *audience.times, *audience.emails, *audience.told}


def _forget(audience: Audience, user: str) -> int:
    """Delete all data of a user; return the bytes that this frees."""
    weight = _profile_weight(audience, user)
    for known in (audience.times, audience.emails, audience.told):
        known.pop(user, None)
    if user in audience.listed:
        audience.listed.remove(user)
    return weight


def document(audience: Audience, now: float) -> Json:
    """Return an audience or a computed trait for the control API."""
    names = ("id", "name", "key", "computes", "event", "within", "form", "source", "destinations")
    moments = ("created_at", "synced_at", "next_sync_at")
    current = values(audience, now)
    return {
        **members(audience, *names, *moments, moment=iso_milliseconds),
        "values": current,
        "size": len(current),
        "pending": len(changes(audience, now)),
    }


def _moment(message: Json, otherwise: float) -> float:
    written = parse_iso(message["timestamp"]) if isinstance(message.get("timestamp"), str) else None
    return otherwise if written is None else written


def _emails(message: Json) -> Iterator[str]:
    traits = message["context"].get("traits")
    for place in (message.get("properties"), traits):
        email = place.get("email") if isinstance(place, Mapping) else None
        if isinstance(email, str) and email:
            yield email


def _since(audience: Audience, now: float) -> float:
    return float("-inf") if audience.within is None else now - seconds(audience.within)


def _lasting(audience: Audience, moments: list[float], now: float) -> list[float]:
    """Return the times that count now or may count later; for an audience the last one is sufficient."""
    since = _since(audience, now)
    lasting = sorted(moment for moment in moments if moment > since)
    if audience.computes == "trait":
        return lasting[-MOST_MOMENTS:]
    past = [moment for moment in lasting if moment <= now]
    return (past[-1:] + lasting[len(past) :])[-MOST_MOMENTS:]


def _weight(audience: Audience) -> int:
    return _own_weight(audience) + sum(_profile_weight(audience, user) for user in users(audience))


def _defined_weight(audience: Audience) -> int:
    """Return the bytes of the definition, with the profiles of a list."""
    return _own_weight(audience) + sum(_profile_weight(audience, user) for user in audience.listed)


def _own_weight(audience: Audience) -> int:
    return _OWN_BYTES + weight_of([audience.name, audience.event, audience.destinations])


def _profile_weight(audience: Audience, user: str) -> int:
    if not any(user in known for known in (audience.emails, audience.times, audience.told, audience.listed)):
        return 0
    moments = len(audience.times.get(user, ()))
    return _OWN_BYTES + getsizeof(user) + weight_of(audience.emails.get(user)) + moments * _MOMENT_BYTES
