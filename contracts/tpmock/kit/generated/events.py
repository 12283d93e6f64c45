"""Single events as steps of a case: valid, invalid, and as the schema alone allows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from tpmock.common import compiled, package_data
from tpmock.kit.cases import case_files, template

Arguments = dict[str, Any]


@cache
def table() -> Mapping[str, list[Any]]:
    """Return the parts of generated events and histories, by the names of the data file."""
    read: dict[str, list[Any]] = case_files.read_yaml(package_data.path("cases", "made-up.yaml"))
    return read


def one(name: str) -> st.SearchStrategy[Any]:
    """Return one of the values under a name of :func:`table`."""
    return st.sampled_from(table()[name])


def orders() -> st.SearchStrategy[Arguments]:
    """Return a strategy of valid completed orders."""
    return st.builds(
        lambda event, order, email: {"event": event, "set": {"properties.order_id": order, "properties.email": email}},
        one("orders"),
        one("order_ids"),
        one("addresses"),
    )


def others() -> st.SearchStrategy[Arguments]:
    """Return a strategy of events that are not orders."""
    return st.builds(
        lambda event: {"event": event, "set": {"properties.order_id": "{order}", "traits.email": "{email}"}},
        one("others"),
    )


def odd() -> st.SearchStrategy[Arguments]:
    """Return a strategy of orders with one or two wrong values: a type, a length, a character, or nothing."""
    changes = st.dictionaries(one("anywhere"), one("odd"), max_size=2)
    names = st.dictionaries(one("names"), one("odd_names"), max_size=1)
    emails = st.dictionaries(one("emails"), one("odd_addresses"), max_size=1)
    removed = st.lists(one("removable"), max_size=1)
    return st.builds(_changed, orders(), emails, names, changes, removed)


@cache
def schema_bodies() -> st.SearchStrategy[Arguments]:
    """Return a strategy of bodies that Schemathesis generates from the schema, within and beyond it; some with an
    order.
    """
    made = st.one_of(
        [_operation().as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    )
    return st.builds(_body, made.map(lambda case: case.body), st.booleans()).filter(_is_plain)


def _changed(args: Arguments, emails: Arguments, names: Arguments, changes: Arguments, removed: list[str]) -> Arguments:
    assigned = {**args["set"], **emails, **names, **changes}
    # A replacement of a whole value comes after changes of its members.
    ordered = dict(sorted(assigned.items(), key=lambda item: -item[0].count(".")))
    # A value that is not an object has no members to remove.
    left = [path for path in removed if "." not in path or path.partition(".")[0] not in assigned]
    return {**args, "set": ordered} | ({"unset": left} if left else {})


def _body(body: Any, with_order: bool) -> Arguments:  # noqa: FBT001 - what Hypothesis draws
    if isinstance(body, bytes):
        return {"body": body.decode("latin-1")}
    if with_order and isinstance(body, dict):
        order = {"order_id": "{order}", "email": "{email}"}
        body = {**body, "type": "track", "event": "Order Completed", "properties": order}
    # Schemathesis leaves out values that JSON does not have.
    return {"body": json.dumps(body, default=str)}


def _is_plain(args: Arguments) -> bool:
    """Return whether nothing in it looks like a placeholder."""
    return not set(template.unknown(args["body"]))


@cache
def _operation() -> Any:
    document = compiled.content(package_data.path("openapi", "segment-destination.yaml"))
    return schemathesis.openapi.from_dict(document)["/"]["POST"]
