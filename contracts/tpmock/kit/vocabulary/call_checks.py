"""The checks about the calls that a subject makes, and about what it keeps."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tpmock.common.durations import seconds
from tpmock.common.moments import parse_iso
from tpmock.kit.cases import pointers
from tpmock.kit.cases.wording import counted, masked
from tpmock.kit.vocabulary.checks import check, finding
from tpmock.kit.vocabulary.findings import Finding
from tpmock.kit.vocabulary.observation import Item, Observation

_JOURNAL = "GET /_mock/sandboxes/{id}/journal"
_WRONGLY_CALLED = {400, 404, 405, 415}
# 64 ** 8 texts of Base64 are as long: none of them is met by chance.
_TOO_LONG_FOR_CHANCE = 8
_SKUS = ("/productReviewInvitation/products/*/sku", "/productReviewInvitation/productSkus/*")
_SECRET_PARAMETERS = {"apikey", "access_token", "token"}


@check
def _sent(seen: Observation, args: Mapping[str, Any]) -> Iterator[Finding]:
    operation = args["operation"]
    made = seen.calls([operation])
    if not made and not args.get("optional"):
        advice = "Make the call; the exchanges say why it was not made."
        yield finding(False, f"{operation}: a call", "none", advice=advice)  # noqa: FBT003 - see finding
    for entry in made:
        for expected, found in _differences(entry, args):
            where, exchanges = f"{_JOURNAL}/{entry['id']}", seen.exchanges([operation])
            yield finding(False, f"{operation}: {expected}", found, where, exchanges=exchanges)  # noqa: FBT003 - as above
            return
    if made:
        yield finding(True, "such calls", "such calls")  # noqa: FBT003 - as above


@check
def _sequence(seen: Observation, args: Sequence[str]) -> Iterator[Finding]:
    made = list(dict.fromkeys(entry["operation"] for entry in seen.calls(args)))
    found = " -> ".join(made) or "none of these calls"
    yield finding(made == list(args), " -> ".join(args), found, exchanges=seen.exchanges(args))


@check
def _well_called(seen: Observation, _args: object) -> Iterator[Finding]:
    wrong = [entry for entry in seen.calls() if entry["status"] in _WRONGLY_CALLED and not entry["fault"]]
    found, advice = "so", ""
    for entry in wrong[:1]:
        found = f"{entry['method']} {urlsplit(entry['url']).path} answered {entry['status']}"
        advice = entry.get("hint") or ""
    yield finding(not wrong, "well-formed calls", found, advice=advice)


@check
def _clean_urls(seen: Observation, _args: object) -> Iterator[Finding]:
    data = {*seen.personal, *seen.secrets}
    held = [(entry, datum) for entry in seen.calls() for datum in data if datum and datum in unquote(entry["url"])]
    named = [entry for entry in seen.calls() if _SECRET_PARAMETERS & parse_qs(urlsplit(entry["url"]).query).keys()]
    found = masked(held[0][1]) if held else "a key or token as query parameter" if named else "so"
    where = f"{_JOURNAL}/{(held[0][0] if held else named[0])['id']}" if held or named else ""
    yield finding(not held and not named, "addresses without personal data and secrets", found, where)


@check
def _not_passed_on(seen: Observation, args: Sequence[str]) -> Iterator[Finding]:
    held = [(entry, text) for entry in seen.calls() for text in args if text in str(entry["request"]) + entry["url"]]
    found = f"{masked(held[0][1])} in a call of {held[0][0]['operation']}" if held else "so"
    where = f"{_JOURNAL}/{held[0][0]['id']}" if held else ""
    yield finding(not held, "calls with the necessary data only", found, where)


@check
def _forgotten(seen: Observation, args: Sequence[str]) -> Iterator[Finding]:
    left = [reference for reference in args if reference in seen.references]
    found = f"an invitation for {left[0]}" if left else "nothing"
    exchanges = seen.exchanges(["deleteInvitationData"])
    yield finding(not left, f"nothing left of {counted(len(args), 'order')}", found, exchanges=exchanges)


@check
def _kept(seen: Observation, args: Sequence[str]) -> Iterator[Finding]:
    gone = [reference for reference in args if reference not in seen.references]
    found = f"no invitation for {gone[0]}" if gone else "all of them"
    exchanges = seen.exchanges(["deleteInvitationData"])
    yield finding(not gone, f"the invitations of {counted(len(args), 'order')}", found, exchanges=exchanges)


@check
def _products(seen: Observation, args: Sequence[str]) -> Iterator[Finding]:
    bodies = [entry["request"].get("body") for entry in seen.calls(["createEmailInvitations"])]
    named = [str(sku) for body in bodies for pointer in _SKUS for sku in pointers.find(body, pointer)]
    wrong = [sku for sku in named if sku not in args]
    # A destination without product invitations names none.
    missing = [sku for sku in args if named and sku not in named]
    found = f"SKU {wrong[0]!r}" if wrong else f"no SKU {missing[0]!r}" if missing else "these, or no products"
    exchanges = seen.exchanges(["createEmailInvitations"])
    yield finding(not wrong and not missing, f"products by SKU {' and '.join(args)}", found, exchanges=exchanges)


@check
def _send_time(seen: Observation, args: str) -> Iterator[Finding]:
    bodies = [entry["request"].get("body") for entry in seen.calls(["createEmailInvitations"])]
    pointer = "/serviceReviewInvitation/preferredSendTime"
    times = [str(time) for body in bodies for time in pointers.find(body, pointer)]
    wrong = [time for time in times if in_utc(time) != in_utc(args)]
    yield finding(not wrong, f"preferredSendTime {args}, or none", wrong[0] if wrong else "so")


@check
def _same_send_time(seen: Observation, args: str) -> Iterator[Finding]:
    bodies = [entry["request"].get("body") for entry in seen.calls(["createEmailInvitations"])]
    pointer = "/serviceReviewInvitation/preferredSendTime"
    times = [str(next(iter(pointers.find(body, pointer)), "")) for body in bodies]
    read = [in_utc(time) for time in times if time]
    moments = [moment for moment in read if isinstance(moment, float)]
    fine = not read or (len(moments) == len(times) and max(moments) - min(moments) <= seconds(args))
    expected = f"no preferredSendTime, or all within {args} of each other"
    yield finding(fine, expected, "so" if fine else " and ".join(time or "none" for time in times))


@check
def _one_line(seen: Observation, args: Sequence[str]) -> Iterator[Finding]:
    bodies = [entry["request"].get("body") for entry in seen.calls(["createEmailInvitations"])]
    broken = [name for body in bodies for name in args if len(_lines(body, name)) > 1]
    found = f"a line break in {broken[0]}" if broken else "so"
    yield finding(not broken, f"{' and '.join(args)} on one line", found)


def _lines(body: object, name: str) -> list[str]:
    value = body.get(name) if isinstance(body, dict) else None
    # A break at the end is one too.
    return f"{value}.".splitlines() if isinstance(value, str) else []


def _holds(content: bytes, datum: str) -> bool:
    """Return whether a file holds a person's datum, and not the same few letters by chance, as keys and tokens do."""
    sought = datum.encode()
    if len(sought) >= _TOO_LONG_FOR_CHANCE or "@" in datum:
        return sought in content
    # In a binary file a short name has no boundaries that could be distinguished from chance.
    return (
        b"\0" not in content and re.search(rb"(?<![\w+/-])" + re.escape(sought) + rb"(?![\w+/=-])", content) is not None
    )


@check
def _not_logged(seen: Observation, _args: object) -> Iterator[Finding]:
    # A database may be where a program keeps its keys. A text is a log.
    texts = {name: content for name, content in seen.stored.items() if b"\0" not in content}
    secrets = {*_written(seen.secrets), *_tokens(seen)}
    sought = [(seen.elsewhere, {*seen.personal, *secrets}), (texts, secrets)]
    held = [
        (name, datum)
        for files, data in sought
        for name, content in files.items()
        for datum in data
        if _holds(content.lower(), datum.casefold())
    ]
    found = f"{masked(held[0][1])} in {held[0][0]}" if held else "nothing"
    expected = "no personal data in a file outside the working folder, and no secret in any log"
    yield finding(not held, expected, found, exchanges=())


@check
def _not_stored(seen: Observation, _args: object) -> Iterator[Finding]:
    held = [
        (name, datum)
        for name, content in seen.stored.items()
        for datum in seen.personal
        if _holds(content.lower(), datum.casefold())
    ]
    found = f"{masked(held[0][1])} in {held[0][0]}" if held else "nothing"
    yield finding(not held, f"nothing personal in {counted(len(seen.stored), 'file')}", found, exchanges=())


def _written(secrets: Iterable[str]) -> Iterator[str]:
    """Yield secrets as they are, and as they stand in the header of HTTP Basic, before whatever follows the colon."""
    for secret in secrets:
        yield secret
        whole = f"{secret}:".encode()
        yield base64.b64encode(whole[: len(whole) // 3 * 3]).decode()


def _tokens(seen: Observation) -> Iterator[str]:
    for entry in seen.calls():
        kind, _, token = str(entry["request"]["headers"].get("Authorization", "")).partition(" ")
        if kind.casefold() == "bearer" and len(token) >= _TOO_LONG_FOR_CHANCE:
            yield token


def _differences(entry: Item, args: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what should be and what is, for everything about a call that is not as the arguments say."""
    request = entry["request"]
    headers = {name.casefold(): str(value) for name, value in request["headers"].items()}
    body = request.get("body")
    form = parse_qs(body) if isinstance(body, str) else {}
    if "host" in args and urlsplit(entry["url"]).hostname != args["host"]:
        yield f"host {args['host']}", f"host {urlsplit(entry['url']).hostname}"
    for name, pattern in args.get("headers", {}).items():
        value = headers.get(name.casefold(), "")
        if not fnmatchcase(value, str(pattern)):
            yield f"header {name}: {pattern}", f"{name}: {value or 'missing'}"
    if "any_header" in args and args["any_header"] not in headers.values():
        yield f"a header with the value {args['any_header']}", "no header with it"
    for pointer, wanted in args.get("json", {}).items():
        found = pointers.find(body, pointer)
        if not found or any(value != wanted for value in found):
            yield f"{pointer} {wanted!r}", ", ".join(map(repr, found)) or f"no {pointer}"
    for name, wanted in args.get("form", {}).items():
        if form.get(name) != [str(wanted)]:
            yield f"{name}={wanted}", f"{name}={', '.join(form.get(name, ['missing']))}"
    both = args.get("never_both", ())
    if both and all(pointers.find(body, pointer) for pointer in both):
        yield f"one of {' and '.join(both)}", "both"


def in_utc(text: str) -> float | str:
    """Return a send time as a moment; Trustpilot's own form of it too, which is UTC and month first."""
    if "/" in text:
        try:
            return datetime.strptime(text, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC).timestamp()
        except ValueError:
            return text
    moment = parse_iso(text)
    return text if moment is None else moment
