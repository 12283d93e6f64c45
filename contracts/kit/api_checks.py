"""The checks about answers of an API, and about how a subject calls it; see :mod:`contracts.kit.judging`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.kit import pointers
from contracts.kit.findings import Finding
from contracts.kit.judging import check, finding_of
from contracts.kit.observation import Answer, Observation
from contracts.kit.wording import counted

_ID = re.compile(r"[0-9a-f]{24}")
_NO_ANSWER = Answer(None, error="no answer at all", what="the case")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "text": lambda value: isinstance(value, str) and bool(value.strip()),
    "digits": lambda value: isinstance(value, str) and value.isdecimal(),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
    "id": lambda value: isinstance(value, str) and bool(_ID.fullmatch(value)),
    "time": _is_time,
}


@check
def _fields(seen: Observation, told: Mapping[str, str]) -> Iterator[Finding]:
    """The last answer has these fields, of these types.

    Why it matters: a client is written against fields and types. One that is missing or has turned from a number into
    a text breaks every client at once, and usually late.

    How to fix: compare the body with the reference. Where the API itself has changed, the clients and the documents
    have to follow.
    """
    answer = seen.answers[-1] if seen.answers else _NO_ANSWER
    document = answer.data()
    for pointer, wanted in told.items():
        found = pointers.find(document, pointer)
        kinds = wanted.split("|")
        wrong = [value for value in found if not any(_TYPES[kind](value) for kind in kinds)]
        said = f"{wrong[0]!r}" if wrong else "no such field"
        yield finding_of(
            passed=bool(found) and not wrong,
            expected=f"{pointer} of type {wanted.replace('|', ' or ')}",
            found=said if wrong or not found else wanted,
            where=f"the answer {answer.error or answer.status} to {answer.what}",
            advice="Compare the body with the reference (tpmock test --explain fields).",
        )


@check
def _values(seen: Observation, told: Mapping[str, Any]) -> Iterator[Finding]:
    """The last answer has these values in these places.

    Why it matters: what is shown to people, or decided by, has to be what Trustpilot says, now and not some time ago.

    How to fix: take the value from Trustpilot's answer, do not compute it; ask again when it may have changed.
    """
    answer = seen.answers[-1] if seen.answers else _NO_ANSWER
    document = answer.data()
    for pointer, wanted in told.items():
        found = pointers.find(document, pointer)
        yield finding_of(
            passed=bool(found) and all(value == wanted for value in found),
            expected=f"{pointer} {wanted!r}",
            found=", ".join(f"{value!r}" for value in found[:5]) or f"no {pointer}",
            where=f"the answer {answer.error or answer.status} to {answer.what}",
            advice="Take the value from Trustpilot's answer (tpmock test --explain values).",
        )


@check
def _collected(seen: Observation, told: Mapping[str, Any]) -> Iterator[Finding]:
    """All answers together hold so many different values in this place, each once and in this order.

    Why it matters: whoever reads page by page must end with everything, and with nothing twice.

    How to fix: keep the order of a list stable while it is read, and go on behind the last item of the page before.
    """
    found = [value for answer in seen.answers for value in pointers.find(answer.data(), told["each"])]
    problems = []
    if len(found) != told["count"]:
        problems.append(counted(len(found), "value"))
    if len(set(map(str, found))) != len(found):
        problems.append("some of them twice")
    order = told.get("order")
    if order and found != sorted(found, reverse=order == "descending"):
        problems.append(f"not in {order} order")
    yield finding_of(
        passed=not problems,
        expected=f"{counted(told['count'], 'value')} at {told['each']}, each once" + (f", {order}" if order else ""),
        found=", ".join(problems) or "so it is",
        where=f"{counted(len(seen.answers), 'answer')} together",
        advice="Look at what the pages hold (tpmock test --explain collected).",
    )


@check
def _content_type(seen: Observation, told: str) -> Iterator[Finding]:
    """Every answer says that its body is of this type.

    Why it matters: clients choose how to read a body by its Content-Type; what is called something else is not read.

    How to fix: send Content-Type: application/json with JSON, errors included.
    """
    wrong = [answer for answer in seen.answers if answer.content_type.partition(";")[0].strip().casefold() != told]
    yield finding_of(
        passed=bool(seen.answers) and not wrong,
        expected=f"Content-Type {told}",
        found=(wrong[0].content_type or "none") if wrong else told if seen.answers else "no answer",
        where=f"the answer to {wrong[0].what}" if wrong else "all answers",
        advice=f"Send Content-Type: {told}.",
    )


@check
def _omits(seen: Observation, told: Sequence[str]) -> Iterator[Finding]:
    """None of these texts is in an answer.

    Why it matters: what one business or buyer may see is not meant for everybody: order numbers, addresses, what has
    been deleted.

    How to fix: show the public fields only, and drop at once what Trustpilot no longer has.
    """
    shown = [(answer, text) for answer in seen.answers for text in told if text.casefold() in answer.body.casefold()]
    yield finding_of(
        passed=bool(seen.answers) and not shown,
        expected=f"nothing of {', '.join(told)}",
        found=shown[0][1] if shown else "nothing of it" if seen.answers else "no answer",
        where=f"the answer to {shown[0][0].what}" if shown else "all answers",
        advice="Show the public fields only (tpmock test --explain omits).",
    )
