"""Links are read, and refused where they lead nowhere or cannot be resolved."""

from __future__ import annotations

from typing import Any

import pytest
from tpmock import spec

from tests.spec.test_spec import small

AT = "paths__/things__get__responses__200__links"


def a_link(**changes: Any) -> dict[str, Any]:
    link = {"operationId": "getThing", "parameters": {"thingId": "$response.body#/next", "perPage": 5}}
    return {"next": {**link, **changes}}


def test_a_link_is_read_whole() -> None:
    [link] = small(**{AT: a_link()}).operations["getThing"].responses["200"].links.values()
    assert link == spec.model.Link("next", "getThing", {"thingId": "$response.body#/next", "perPage": 5}, None)


def test_a_link_may_stand_among_the_components() -> None:
    reference = {"again": {"$ref": "#/components/links/next"}}
    read = small(components__links=a_link(), **{AT: reference}).operations["getThing"].responses["200"].links
    assert (read["again"].name, read["again"].operation_id) == ("again", "getThing")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"operationId": "getNothing"}, "no operation getNothing"),
        ({"parameters": {"color": "$response.body#/id"}}, "getThing has no parameter color"),
        ({"parameters": {"thingId": "$request.path.color"}}, "no path parameter color"),
        ({"parameters": {"thingId": "$request.query.thingId"}}, "no query parameter thingId"),
        ({"parameters": {"thingId": "$answer#/id"}}, r"does not understand \$answer#/id"),
        ({"parameters": {"thingId": "{$response.body#/id}"}}, "does not understand {"),
        ({"requestBody": {"ids": ["$response.body#/id"]}}, "takes no body"),
        ({"server": {}}, "does not understand server"),
    ],
)
def test_a_link_that_could_not_be_followed_stops_the_start_and_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(spec.SpecError, match=words) as refused:
        small(**{AT: a_link(**change)})
    assert "link next" in str(refused.value)
