"""Hints about undocumented parameters and members: they are ignored, as in the real APIs, and reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from tpmock.common.suggestions import closest
from tpmock.core import hints
from tpmock.server.request import OperationCall

#: Maximum number of names in one hint.
MOST: Final = 5
#: An array in the query form of PHP and Rails.
_ARRAY: Final = re.compile(r"\[\d*\]$")
#: Parameters for the page of a list, or its order.
_PAGING: Final = re.compile(r"(per|order|page|limit|count|cursor|nextToken|locale$|pagination\.)", re.IGNORECASE)


def advice(call: OperationCall) -> list[str]:
    """Return a hint for each unknown parameter of the query and each unknown member of the body."""
    told: list[str] = []
    if call.query:
        told += _parameters(call)
    if call.raw:
        told += _members(call)
    return told[:MOST]


def _parameters(call: OperationCall) -> Iterator[str]:
    bound = call.bound
    if bound.free_form is not None:
        return
    fields = call.schema().document.get("properties", {}) if call.operation.body else {}
    for name in call.query:
        if name in bound.query_names or name in bound.rules.query_keys:
            continue
        if name in fields:
            yield hints.FIELD_IN_QUERY.format(name=name)
        else:
            yield hints.unknown_parameter(name, closest(_ARRAY.sub("", name), bound.query_names))


def _members(call: OperationCall) -> Iterator[str]:
    if call.bound.rules.keeps_unknown or not isinstance(call.body, dict) or not call.operation.body:
        return
    for path, name, known in call.schema().unknown(call.body):
        yield hints.unknown_member(f"{path}.{name}".lstrip("."), closest(name, known))


def nothing_matches(call: OperationCall, body: Any) -> str | None:
    """Return a hint when the filters of a list match nothing; None when they match, or without a filter."""
    if not isinstance(body, dict):
        return None
    lists = [value for name, value in body.items() if isinstance(value, list) and name != "links"]
    if not lists or any(lists):
        return None
    declared = {one.name for one in call.operation.parameters if one.location == "query" and not one.credential}
    filters = [f"{name}={','.join(values)}" for name, values in call.query.items() if name in declared]
    told = ", ".join(one for one in filters if not _PAGING.match(one.partition("=")[0]))
    return hints.NOTHING_MATCHES.format(filters=told) if told else None
