"""The checks about the calls that a subject makes, and about what it keeps; see :mod:`contracts.kit.judging`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from contracts.kit import pointers
from contracts.kit.findings import Finding
from contracts.kit.judging import check, finding_of
from contracts.kit.observation import Item, Observation
from contracts.kit.wording import counted, masked

_JOURNAL = "GET /_mock/sandboxes/{id}/journal"
_WRONGLY_CALLED = {400, 404, 405, 415}


@check
def _sent(seen: Observation, told: Mapping[str, Any]) -> Iterator[Finding]:
    """Every call of this operation carried what it should, and nothing that it should not.

    Why it matters: a mock that answers hides a call that the real API would refuse, log or put into the wrong account:
    a missing header, a key in an address, a time without a zone.

    How to fix: compare the call, as the journal shows it, with the reference.
    """
    operation = told["operation"]
    made = seen.calls([operation])
    if not made and not told.get("optional"):
        yield _of_call(operation, "a call", "none", "Make the call; the exchanges say why it was not made.", seen)
    for entry in made:
        for expected, found in _differences(entry, told):
            yield _of_call(operation, expected, found, "Compare the call with the reference.", seen, entry)
            return
    if made:
        yield finding_of(passed=True, expected="such calls", found="such calls", where=_JOURNAL, advice="")


@check
def _sequence(seen: Observation, told: Sequence[str]) -> Iterator[Finding]:
    """These operations were called, each for the first time after the one before.

    Why it matters: some steps give what the next one needs, and a step that is left out is a customer who is told
    nothing, or is told that it works when it does not.

    How to fix: follow the steps in their order, and stop at the first that says no.
    """
    made = list(dict.fromkeys(entry["operation"] for entry in seen.calls(told)))
    yield finding_of(
        passed=made == list(told),
        expected=" -> ".join(told),
        found=" -> ".join(made) or "none of these calls",
        where=_JOURNAL,
        advice="Follow the steps in their order (tpmock test --explain sequence).",
        exchanges=seen.exchanges(told),
    )


@check
def _well_called(seen: Observation, told: bool) -> Iterator[Finding]:  # noqa: ARG001, FBT001 - every check takes what it is told
    """No call of the subject was refused as wrongly made: unknown path, wrong host, wrong form, broken body.

    Why it matters: such a call fails each time. It is a mistake in the program, and no retry mends it.

    How to fix: follow the hint beside the answer; two hosts serve the API, and the documents say which path is where.
    """
    wrong = [entry for entry in seen.calls() if entry["status"] in _WRONGLY_CALLED and not entry["fault"]]
    yield finding_of(
        passed=not wrong,
        expected="calls that are well made",
        found=f"{wrong[0]['method']} {urlsplit(wrong[0]['url']).path} answered {wrong[0]['status']}" if wrong else "so",
        where=_JOURNAL,
        advice=(wrong[0].get("hint") if wrong else "") or "Compare the call with the reference.",
    )


@check
def _clean_urls(seen: Observation, told: bool) -> Iterator[Finding]:  # noqa: ARG001, FBT001 - every check takes what it is told
    """No address that the subject called holds personal data or a secret.

    Why it matters: addresses are written into the logs of every proxy on the way, and kept there.

    How to fix: send keys in headers and data in bodies.
    """
    data = {*seen.personal, *seen.secrets}
    held = [(entry, datum) for entry in seen.calls() for datum in data if datum and datum in unquote(entry["url"])]
    named = [entry for entry in seen.calls() if {"apikey", "access_token", "token"} & parse_qs(_query(entry)).keys()]
    yield finding_of(
        passed=not held and not named,
        expected="addresses without personal data and secrets",
        found=masked(held[0][1]) if held else "a key or token as query parameter" if named else "so",
        where=f"{_JOURNAL}/{(held[0][0] if held else named[0])['id']}" if held or named else _JOURNAL,
        advice="Send keys in headers and data in bodies.",
    )


@check
def _not_passed_on(seen: Observation, told: Sequence[str]) -> Iterator[Finding]:
    """None of these texts is in any call of the subject.

    Why it matters: what an invitation does not need, Trustpilot should not get. The law asks for it, and so does the
    customer.

    How to fix: choose the fields that are sent, instead of passing on the order.
    """
    held = [(entry, text) for entry in seen.calls() for text in told if text in str(entry["request"]) + entry["url"]]
    yield finding_of(
        passed=not held,
        expected="calls with what is needed and no more",
        found=f"{masked(held[0][1])} in a call of {held[0][0]['operation']}" if held else "so",
        where=f"{_JOURNAL}/{held[0][0]['id']}" if held else _JOURNAL,
        advice="Choose the fields that are sent, instead of passing on the order.",
    )


@check
def _forgotten(seen: Observation, told: Sequence[str]) -> Iterator[Finding]:
    """Trustpilot holds no invitation with one of these reference numbers any more.

    Why it matters: who asks to be forgotten is forgotten with every address, or not at all. Whether the deleting call
    named them all is seen by what is left: a record of the call must not hold them either.

    How to fix: keep what is needed to name all of it, until Trustpilot has confirmed; then delete what was kept.
    """
    left = [reference for reference in told if reference in seen.references]
    yield finding_of(
        passed=not left,
        expected=f"nothing left of {counted(len(told), 'order')}",
        found=f"an invitation for {left[0]}" if left else "nothing",
        where="GET /_mock/sandboxes/{id}/invitations",
        advice="Have every address of the user deleted (tpmock test --explain forgotten).",
        exchanges=seen.exchanges(["deleteInvitationData"]),
    )


@check
def _send_time(seen: Observation, told: str) -> Iterator[Finding]:
    """Every invitation with a preferred send time has this one, in UTC.

    Why it matters: Trustpilot reads send times as UTC. A local time without its zone sends hours early or late, and on
    the wrong day for half of the world.

    How to fix: add the delay to the event's timestamp with its offset, convert to UTC, and write it without an offset
    or with Z.
    """
    times = [time for entry in seen.calls(["createEmailInvitations"]) for time in _send_times(entry)]
    wrong = [time for time in times if _in_utc(time) != _in_utc(told)]
    yield finding_of(
        passed=not wrong,
        expected=f"preferredSendTime {told}, or none",
        found=wrong[0] if wrong else "so",
        where=_JOURNAL,
        advice="Convert to UTC (tpmock test --explain send_time).",
    )


@check
def _not_stored(seen: Observation, told: bool) -> Iterator[Finding]:  # noqa: ARG001, FBT001 - every check takes what it is told
    """No file of the subject holds an e-mail address or name of the case in clear: no database, no log.

    Why it matters: what is not kept cannot leak, and need not be found when a person asks to be forgotten.

    How to fix: keep the order id and a keyed hash; seal what has to be read again; log ids and field names.
    """
    held = [
        (name, datum)
        for name, content in seen.stored.items()
        for datum in seen.personal
        if datum.casefold().encode() in content.lower()
    ]
    yield finding_of(
        passed=not held,
        expected=f"nothing personal in {counted(len(seen.stored), 'file')}",
        found=f"{masked(held[0][1])} in {held[0][0]}" if held else "nothing",
        where="the working folder of the subject",
        advice="Keep the order id and a keyed hash; log ids and field names.",
        exchanges=(),
    )


def _differences(entry: Item, told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What should be and what is, for everything about a call that is not as told."""
    request = entry["request"]
    headers = {name.casefold(): str(value) for name, value in request["headers"].items()}
    body = request.get("body")
    form = parse_qs(body) if isinstance(body, str) else {}
    if "host" in told and urlsplit(entry["url"]).hostname != told["host"]:
        yield f"host {told['host']}", f"host {urlsplit(entry['url']).hostname}"
    for name, pattern in told.get("headers", {}).items():
        value = headers.get(name.casefold(), "")
        if not fnmatchcase(value, str(pattern)):
            yield f"header {name}: {pattern}", f"{name}: {value or 'missing'}"
    if "any_header" in told and told["any_header"] not in headers.values():
        yield f"a header with the value {told['any_header']}", "no header with it"
    for pointer, wanted in told.get("json", {}).items():
        found = pointers.find(body, pointer)
        if not found or any(value != wanted for value in found):
            yield f"{pointer} {wanted!r}", ", ".join(map(repr, found)) or f"no {pointer}"
    for name, wanted in told.get("form", {}).items():
        if form.get(name) != [str(wanted)]:
            yield f"{name}={wanted}", f"{name}={', '.join(form.get(name, ['missing']))}"
    both = told.get("never_both", ())
    if both and all(pointers.find(body, pointer) for pointer in both):
        yield f"one of {' and '.join(both)}", "both"


def _send_times(entry: Item) -> list[str]:
    found = pointers.find(entry["request"].get("body"), "/serviceReviewInvitation/preferredSendTime")
    return [str(value) for value in found]


def _in_utc(text: str) -> datetime | str:
    """A send time as a moment; Trustpilot's own form of it too, which is UTC and month first."""
    try:
        if "/" in text:
            return datetime.strptime(text, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _query(entry: Item) -> str:
    return urlsplit(entry["url"]).query


def _of_call(
    operation: str, expected: str, found: str, advice: str, seen: Observation, entry: Item | None = None
) -> Finding:
    where = _JOURNAL if entry is None else f"{_JOURNAL}/{entry['id']}"
    return finding_of(
        passed=False,
        expected=f"{operation}: {expected}",
        found=found,
        where=where,
        advice=advice,
        exchanges=seen.exchanges([operation]) if entry is not None else None,
    )
