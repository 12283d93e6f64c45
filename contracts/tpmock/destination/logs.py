"""One JSON object a line. No line ever holds an address, a name, a key or a token."""

from __future__ import annotations

import json
import logging
import sys
import traceback

from tpmock.common.moments import iso_milliseconds

log = logging.getLogger("tpmock.destination")

_FIELDS = "destination_fields"


def say(what: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Write a line.

    :param fields: facts for the line; those that are None are left out
    """
    if log.isEnabledFor(level):
        log.log(level, what, extra={_FIELDS: {name: value for name, value in fields.items() if value is not None}})


def unforeseen(error: BaseException) -> None:
    """Log where an error occurred, without the exception's text, which may quote the event."""
    place = "".join(traceback.format_tb(error.__traceback__))
    say("unforeseen", level=logging.ERROR, error=type(error).__name__, at=place)


class JsonLines(logging.Formatter):
    """Makes a line of a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        at = iso_milliseconds(record.created)
        head = {"time": at, "level": record.levelname.lower(), "what": record.getMessage()}
        return json.dumps(head | getattr(record, _FIELDS, {}), ensure_ascii=False)


def to_standard_error() -> None:
    """Send the log lines of this process to the stream that a supervisor collects."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
