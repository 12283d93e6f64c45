"""Recording of an API as a file: per call the status and the projection of the body; no value, no credential."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from tpmock.kit.live.projection import FieldShape

FORMAT = "tpmock-recording-1"
OURS = "x-mock"
"""Prefix of every header that this mock adds; an answer with one is not from the real API."""


class RecordingError(Exception):
    """The file is not a recording, or not of the real API; the text says why."""


class RecordedCall(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One call and its answer.

    :param case: the id of the case that made it
    :param number: which call of the case it was, from 1 on
    :param headers: the names of the answer's headers
    :param fields: see :class:`~tpmock.kit.live.projection.Projection`, as ``order``
    """

    case: str
    number: int
    operation: str
    query: tuple[str, ...]
    status: int
    content_type: str
    headers: tuple[str, ...]
    fields: dict[str, FieldShape]
    order: dict[str, str]


class Recording(msgspec.Struct, frozen=True, tag_field="format", tag=FORMAT):
    """All calls of a run.

    :param at: when, as ISO 8601
    """

    host: str
    at: str
    calls: list[RecordedCall]


def is_ours(headers: Sequence[str]) -> str:
    """Return the first of these headers that only our own mock sends; empty when there is none."""
    return next((name for name in headers if name.lower() == OURS or name.lower().startswith(f"{OURS}-")), "")


def written(recording: Recording) -> str:
    """Return the file's text."""
    return msgspec.json.format(msgspec.json.encode(recording, order="deterministic"), indent=1).decode() + "\n"


def read(file: Path) -> Recording:
    """Return a recording from its file.

    :raises RecordingError: when it is none, or one of our own mock
    """
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Recording)
    except (OSError, ValueError, RecursionError) as problem:
        raise RecordingError(
            f"{file} cannot be read as a recording of the format {FORMAT}, which tpmock test live writes: {problem}."
        ) from problem
    for call in found.calls:
        if header := is_ours(call.headers):
            raise RecordingError(
                f"{file} was not recorded from the real API: the answer to {call.operation} has the header "
                f"{header}, which only this mock sends."
            )
    return found
