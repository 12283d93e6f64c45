"""The fast validator and the one that explains must mean the same by our schemas."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tpmock import spec

SCHEMAS = [
    (f"{operation.id} {media_type}", schema)
    for api in spec.APIS
    for operation in spec.load(api).operations.values()
    for media_type, schema in {**operation.body, "parameters": operation.parameter_schema}.items()
]

words = st.sampled_from(
    [
        "",
        "x",
        "en-US",
        "a@example.com",
        "507f191e810c19729de860ea",
        "2031-01-01T00:00:00",
        "true",
        "\u00e9\N{SLIGHTLY SMILING FACE}",
        "\N{ARABIC-INDIC DIGIT ONE}",
    ]
)
leaves = st.one_of(st.none(), st.booleans(), st.integers(-3, 2**40), st.floats(allow_nan=False), words)


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Values near a schema: its own members, and anything in their places."""
    names = sorted(schema.get("properties", {}))
    members = {name: st.one_of(values(schema["properties"][name]), leaves) for name in names}
    if schema.get("type") == "array" or "items" in schema:
        return st.one_of(st.lists(values(schema.get("items", {})), max_size=3), leaves)
    if names:
        return st.one_of(st.fixed_dictionaries({}, optional=members), leaves)
    known = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
    return st.one_of(st.sampled_from(known), leaves) if known else leaves


@pytest.mark.parametrize(("name", "schema"), SCHEMAS, ids=[name for name, _ in SCHEMAS])
def test_they_accept_the_same(name: str, schema: spec.schema.Schema) -> None:
    # Formats are left to the fast one, which knows more of them.
    fast = jsonschema_rs.Draft202012Validator(dict(schema.document), validate_formats=False)
    slow = Draft202012Validator(schema.document)

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(values(schema.document))
    def agree(value: Any) -> None:
        assert fast.is_valid(value) == slow.is_valid(value)

    agree()
