"""The checks about answers of an API, and about how a subject calls it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tpmock.common.moments import parse_iso
from tpmock.kit.cases import pointers
from tpmock.kit.cases.wording import counted
from tpmock.kit.vocabulary.checks import check, finding
from tpmock.kit.vocabulary.findings import Finding
from tpmock.kit.vocabulary.observation import Observation, ReceivedAnswer

_ID = re.compile(r"[0-9a-f]{24}")
_NO_ANSWER = ReceivedAnswer(None, error="no answer at all", what="the case")


_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "text": lambda value: isinstance(value, str) and bool(value.strip()),
    "digits": lambda value: isinstance(value, str) and value.isdecimal(),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
    "id": lambda value: isinstance(value, str) and bool(_ID.fullmatch(value)),
    "time": lambda value: isinstance(value, str) and parse_iso(value) is not None,
}


@check
def _fields(seen: Observation, args: Mapping[str, str]) -> Iterator[Finding]:
    answer = seen.answers[-1] if seen.answers else _NO_ANSWER
    document, where = answer.data(), f"the answer {answer.error or answer.status} to {answer.what}"
    for pointer, wanted in args.items():
        found = pointers.find(document, pointer)
        kinds = wanted.split("|")
        wrong = [value for value in found if not any(_TYPES[kind](value) for kind in kinds)]
        said = f"{wrong[0]!r}" if wrong else wanted if found else "no such field"
        yield finding(bool(found) and not wrong, f"{pointer} of type {' or '.join(kinds)}", said, where)


@check
def _values(seen: Observation, args: Mapping[str, Any]) -> Iterator[Finding]:
    answer = seen.answers[-1] if seen.answers else _NO_ANSWER
    document, where = answer.data(), f"the answer {answer.error or answer.status} to {answer.what}"
    for pointer, wanted in args.items():
        found = pointers.find(document, pointer)
        said = ", ".join(f"{value!r}" for value in found[:5]) or f"no {pointer}"
        yield finding(bool(found) and all(value == wanted for value in found), f"{pointer} {wanted!r}", said, where)


@check
def _collected(seen: Observation, args: Mapping[str, Any]) -> Iterator[Finding]:
    found = [value for answer in seen.answers for value in pointers.find(answer.data(), args["each"])]
    problems = []
    if len(found) != args["count"]:
        problems.append(counted(len(found), "value"))
    if len(set(map(str, found))) != len(found):
        problems.append("some of them twice")
    order = args.get("order")
    if order and found != sorted(found, reverse=order == "descending"):
        problems.append(f"not in {order} order")
    expected = f"{counted(args['count'], 'value')} at {args['each']}, each once" + (f", {order}" if order else "")
    where = f"{counted(len(seen.answers), 'answer')} together"
    yield finding(not problems, expected, ", ".join(problems) or "so it is", where)


@check
def _content_type(seen: Observation, args: str) -> Iterator[Finding]:
    wrong = [answer for answer in seen.answers if answer.content_type.partition(";")[0].strip().casefold() != args]
    found = (wrong[0].content_type or "none") if wrong else args if seen.answers else "no answer"
    where = f"the answer to {wrong[0].what}" if wrong else ""
    yield finding(bool(seen.answers) and not wrong, f"Content-Type {args}", found, where, f"Send Content-Type: {args}.")


@check
def _omits(seen: Observation, args: Sequence[str]) -> Iterator[Finding]:
    shown = [(answer, text) for answer in seen.answers for text in args if text.casefold() in answer.body.casefold()]
    found = shown[0][1] if shown else "nothing of it" if seen.answers else "no answer"
    where = f"the answer to {shown[0][0].what}" if shown else ""
    yield finding(bool(seen.answers) and not shown, f"nothing of {', '.join(args)}", found, where)
