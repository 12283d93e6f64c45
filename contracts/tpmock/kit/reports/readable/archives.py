"""The exchanges of a run as an HTTP archive."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tpmock.common import har
from tpmock.common.har import HttpMessage
from tpmock.kit.reports.readable.derived import Data

_NO_TIME = "1970-01-01T00:00:00.000Z"


def archive(cases: Iterable[Data], version: str) -> str:
    """Return the archive of some cases; a comment names the case of each exchange.

    :param version: the tpmock that made the run
    """
    entries = (entry for case in cases for entry in _entries(case))
    return json.dumps(har.archive(entries, version), ensure_ascii=False, indent=1) + "\n"


def _entries(case: Data) -> Iterator[dict[str, Any]]:
    # The kit's own posts carry no time of the sandbox: they began before the first exchange the journal has.
    begun = next((record["at"] for record in case["records"] if record["at"]), _NO_TIME)
    for record in case["records"]:
        yield har.entry(
            at=record["at"] or begun,
            milliseconds=record["milliseconds"],
            method=record["method"],
            url=record["url"],
            request=HttpMessage(list(record["request_headers"].items()), record["request_body"].encode()),
            status=record["status"],
            response=HttpMessage(list(record["response_headers"].items()), record["response_body"].encode()),
            comment=f"{case['id']}, {record['way']}" + (f": {record['note']}" if record["note"] else ""),
            more={"case": case["id"], "number": record["number"], "operation": record["operation"]},
        )
