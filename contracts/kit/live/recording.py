"""What was seen of an API, as a file: per call the status and the projection of the body; no value, no credential."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.kit.live.projection import Field, Projection

FORMAT = "tpmock-recording-1"
OURS = "x-mock"
"""How every header that our own mock adds begins; what bears one is no recording of the real API."""


class RecordingError(Exception):
    """What was read is no recording, or none of the real API; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call and its answer.

    :param case: the id of the case that made it.
    :param number: which call of the case it was, from 1 on.
    :param operation: the ``operationId`` of the document.
    :param query: the names of the query's parameters.
    :param headers: the names of the answer's headers.
    """

    case: str
    number: int
    operation: str
    query: tuple[str, ...]
    status: int
    content_type: str
    headers: tuple[str, ...]
    body: Projection


@dataclass(frozen=True, slots=True)
class Recording:
    """All calls of a run.

    :param host: where they went.
    :param at: when, as ISO 8601.
    """

    host: str
    at: str
    calls: Sequence[Call]


def is_ours(headers: Sequence[str]) -> str:
    """The first of these headers that only our own mock sends; empty when there is none."""
    return next((name for name in headers if name.lower() == OURS or name.lower().startswith(f"{OURS}-")), "")


def written(recording: Recording) -> str:
    """The file's text."""
    calls = [_data(call) for call in recording.calls]
    document = {"format": FORMAT, "host": recording.host, "at": recording.at, "calls": calls}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def read(file: Path) -> Recording:
    """A recording from its file.

    :raises RecordingError: when it is none, or one of our own mock.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise RecordingError(f"{file} cannot be read: {problem}.") from problem
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise RecordingError(f"{file} is no recording of the format {FORMAT}; tpmock test --live writes one.")
    try:
        found = Recording(document["host"], document["at"], [_call(data) for data in document["calls"]])
    except (KeyError, TypeError, AttributeError) as problem:
        raise RecordingError(f"{file} is damaged: {type(problem).__name__} at {problem}.") from problem
    for call in found.calls:
        if header := is_ours(call.headers):
            raise RecordingError(
                f"{file} was not recorded from the real API: the answer to {call.operation} bears {header}, which only "
                "this mock sends."
            )
    return found


def _data(call: Call) -> dict[str, Any]:
    return {
        "case": call.case,
        "number": call.number,
        "operation": call.operation,
        "query": list(call.query),
        "status": call.status,
        "contentType": call.content_type,
        "headers": list(call.headers),
        "fields": {pointer: field.data() for pointer, field in call.body.fields.items()},
        "order": dict(call.body.order),
    }


def _call(data: Mapping[str, Any]) -> Call:
    fields = {
        str(pointer): Field({*map(str, field["types"])}, {*map(str, field.get("words", ()))})
        for pointer, field in data["fields"].items()
    }
    return Call(
        case=str(data["case"]),
        number=int(data["number"]),
        operation=str(data["operation"]),
        query=tuple(map(str, data["query"])),
        status=int(data["status"]),
        content_type=str(data["contentType"]),
        headers=tuple(map(str, data["headers"])),
        body=Projection(fields, {str(pointer): str(order) for pointer, order in data["order"].items()}),
    )
