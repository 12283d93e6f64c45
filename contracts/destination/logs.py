"""One JSON object a line. No line ever holds an address, a name, a key or a token."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

log = logging.getLogger("contracts.destination")

_FIELDS = "destination_fields"


def say(what: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Write a line.

    :param what: the kind of line, always the same words for the same thing.
    :param fields: what there is to know; those that are None are left out.
    """
    if log.isEnabledFor(level):
        log.log(level, what, extra={_FIELDS: {name: value for name, value in fields.items() if value is not None}})


def unforeseen(error: BaseException) -> None:
    """Write down where something went wrong, without the exception's own words: those may quote the event."""
    place = "".join(traceback.format_tb(error.__traceback__))
    say("unforeseen", level=logging.ERROR, error=type(error).__name__, at=place)


class JsonLines(logging.Formatter):
    """Makes a line of a record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        head = {"time": at.replace("+00:00", "Z"), "level": record.levelname.lower(), "what": record.getMessage()}
        return json.dumps(head | getattr(record, _FIELDS, {}), ensure_ascii=False)


def to_standard_error() -> None:
    """Let this process write its lines where a supervisor collects them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
